/** Arguments → command. */
import { isPublicUrl } from "../check/public_address.ts";
import { isAddress } from "../check/test_event.ts";
import { OUTBOX_OPTIONS, type OutboxCommand, parseOutbox } from "./outbox_arguments.ts";

/** What the operator asks for. */
export type Command =
  | { readonly kind: "serve" }
  | CheckCommand
  | { readonly kind: "events"; readonly json: boolean }
  | { readonly kind: "explain"; readonly file: string; readonly json: boolean }
  | { readonly kind: "healthcheck" }
  | OutboxCommand
  | { readonly kind: "help"; readonly about: CommandName | undefined }
  | { readonly kind: "version" };

/** Looking at the set-up. */
export interface CheckCommand {
  readonly kind: "check";
  /** Whom a test event is about; undefined: none is sent. */
  readonly sendTestEvent: string | undefined;
  /** The address that Coder sends to; undefined: it is not asked. */
  readonly publicUrl: string | undefined;
  readonly showSecrets: boolean;
  readonly json: boolean;
}

/** Arguments that make no command: a sentence that says what to do. */
export interface UsageProblem {
  readonly kind: "usage";
  readonly problem: string;
}

/** Options and operands of each command. */
const SYNTAX = {
  serve: { options: [], operands: 0 },
  check: { options: ["--send-test-event", "--public-url", "--show-secrets", "--json"], operands: 2 },
  events: { options: ["--json"], operands: 0 },
  explain: { options: ["--json"], operands: 1 },
  healthcheck: { options: [], operands: 0 },
  outbox: { options: OUTBOX_OPTIONS, operands: Infinity },
} as const satisfies Readonly<
  Record<string, { readonly options: readonly string[]; readonly operands: number }>
>;

/** Name of a command. */
export type CommandName = keyof typeof SYNTAX;

/** Every command, in the order in which help lists them. */
export const COMMAND_NAMES = Object.keys(SYNTAX) as readonly CommandName[];

/** Parses the arguments. Without any, the service starts. */
export function parseArguments(args: readonly string[]): Command | UsageProblem {
  const [first = "serve", ...rest] = args;
  if (first === "--version" || first === "-V") return { kind: "version" };
  if (first === "--help" || first === "-h" || first === "help") return helpAbout(rest[0]);
  if (!isCommand(first)) return unknownCommand(first);
  if (rest.includes("--help") || rest.includes("-h")) return { kind: "help", about: first };

  const { options, operands }: { options: readonly string[]; operands: number } = SYNTAX[first];
  const isOption = (arg: string) => arg.startsWith("-") && arg !== "-";
  const unknown = rest.find((arg) => isOption(arg) && !options.includes(arg));
  if (unknown !== undefined) return usage(`'${first}' has no option '${unknown}'`, first);
  const given = rest.filter((arg) => !isOption(arg));
  if (first !== "check" && given.length > operands) {
    return usage(`'${first}' takes ${operands === 0 ? "no" : "one"} argument`, first);
  }

  if (first === "check") return parseCheck(given, rest);
  if (first === "outbox") {
    const parsed = parseOutbox(rest);
    return typeof parsed === "string" ? usage(parsed, first) : parsed;
  }

  const json = rest.includes("--json");
  switch (first) {
    case "serve":
    case "healthcheck":
      return { kind: first };
    case "events":
      return { kind: first, json };
    case "explain":
      return { kind: first, json, file: given[0] ?? "-" };
  }
}

/** @param given what is no option @param rest everything */
function parseCheck(given: readonly string[], rest: readonly string[]): CheckCommand | UsageProblem {
  const valueOf = (option: string) =>
    rest.includes(option) ? rest[rest.indexOf(option) + 1] ?? "" : undefined;
  const [sendTestEvent, publicUrl] = [valueOf("--send-test-event"), valueOf("--public-url")];
  if (sendTestEvent !== undefined && !isAddress(sendTestEvent)) {
    return usage("'--send-test-event' needs an e-mail address", "check");
  }
  if (publicUrl !== undefined && !isPublicUrl(publicUrl)) {
    return usage("'--public-url' needs an http or https address, as in Coder's endpoint setting", "check");
  }
  const values = [sendTestEvent, publicUrl].filter((value) => value !== undefined);
  if (given.length > values.length) {
    return usage("'check' takes no argument but those of its options", "check");
  }
  const [showSecrets, json] = [rest.includes("--show-secrets"), rest.includes("--json")];
  return { kind: "check", sendTestEvent, publicUrl, showSecrets, json };
}

function helpAbout(name: string | undefined): Command | UsageProblem {
  if (name !== undefined && !isCommand(name)) return unknownCommand(name);
  return { kind: "help", about: name };
}

function isCommand(text: string): text is CommandName {
  return Object.hasOwn(SYNTAX, text);
}

function unknownCommand(text: string): UsageProblem {
  return { kind: "usage", problem: `'${text}' is not a command: use one of ${COMMAND_NAMES.join(", ")}` };
}

function usage(problem: string, command: CommandName): UsageProblem {
  return { kind: "usage", problem: `${problem}: see 'coder-platformx ${command} --help'` };
}
