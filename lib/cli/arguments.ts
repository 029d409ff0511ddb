/** Arguments → command. */
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
  check: { options: ["--send-test-event", "--show-secrets", "--json"], operands: 1 },
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
  if (given.length > operands) {
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
  const at = rest.indexOf("--send-test-event");
  if (at < 0 && given.length > 0) return usage("'check' takes no argument", "check");
  const email = at < 0 ? undefined : rest[at + 1] ?? "";
  if (email !== undefined && !isAddress(email)) {
    return usage("'--send-test-event' needs an e-mail address", "check");
  }
  return {
    kind: "check",
    sendTestEvent: email,
    showSecrets: rest.includes("--show-secrets"),
    json: rest.includes("--json"),
  };
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
