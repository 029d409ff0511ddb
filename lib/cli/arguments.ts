/** Arguments → command. */
import { isPublicUrl } from "../check/public_address.ts";
import { closest } from "../base/closest.ts";
import { cut, escapeControls } from "../base/redact.ts";
import { isAddress } from "../check/test_event.ts";
import { OUTBOX_OPTIONS, type OutboxCommand, parseOutbox } from "./outbox_arguments.ts";

/** What the operator asks for. `envFile`: where settings are read from instead of `.env`. */
export type Command = CommandAlone & { readonly envFile?: string };

type CommandAlone =
  | { readonly kind: "serve" }
  | CheckCommand
  | { readonly kind: "events"; readonly json: boolean }
  | ExplainCommand
  | { readonly kind: "healthcheck" }
  | OutboxCommand
  | { readonly kind: "help"; readonly about: HelpTopic | undefined }
  | { readonly kind: "version" };

/** Looking at a webhook's body. */
export interface ExplainCommand {
  readonly kind: "explain";
  readonly file: string;
  readonly json: boolean;
  /** Whether Coder is asked for the person. */
  readonly ask: boolean;
}

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
  explain: { options: ["--ask", "--json"], operands: 1 },
  healthcheck: { options: [], operands: 0 },
  outbox: { options: OUTBOX_OPTIONS, operands: Infinity },
} as const satisfies Readonly<
  Record<string, { readonly options: readonly string[]; readonly operands: number }>
>;

/** Name of a command. */
export type CommandName = keyof typeof SYNTAX;

/** Every command, in the order in which help lists them. */
export const COMMAND_NAMES = Object.keys(SYNTAX) as readonly CommandName[];

/** What help is about. */
export type HelpTopic = CommandName | "config";

/** Parses the arguments. Without any, the service starts. */
export function parseArguments(args: readonly string[]): Command | UsageProblem {
  const at = args.findIndex((arg) => IS_ENV_FILE.test(arg));
  if (at < 0) return parseCommand(args);
  const inOne = args[at]!.includes("=");
  const envFile = inOne ? args[at]!.slice(args[at]!.indexOf("=") + 1) : args[at + 1] ?? "";
  if (envFile === "" || envFile.startsWith("--")) return { kind: "usage", problem: NEEDS_FILE };
  const rest = args.toSpliced(at, inOne ? 1 : 2);
  if (rest.some((arg) => IS_ENV_FILE.test(arg))) return { kind: "usage", problem: TWICE };
  const command = parseCommand(rest);
  return command.kind === "usage" ? command : { ...command, envFile };
}

const IS_ENV_FILE = /^--env-file(?:=|$)/;
const TWICE = "'--env-file' is given twice: name one file";
const NEEDS_FILE = "'--env-file' needs a file: write --env-file FILE, where FILE holds settings like .env";

/** Option of every command. */
const ENV_FILE = "--env-file";

function parseCommand(args: readonly string[]): CommandAlone | UsageProblem {
  const [first = "serve", ...rest] = args;
  if (first === "--version" || first === "-V") return { kind: "version" };
  if (first === "--help" || first === "-h" || first === "help") return helpAbout(rest[0]);
  if (!isCommand(first)) return unknownCommand(first);
  if (rest.includes("--help") || rest.includes("-h")) return { kind: "help", about: first };

  const { options, operands }: { options: readonly string[]; operands: number } = SYNTAX[first];
  const isOption = (arg: string) => arg.startsWith("-") && arg !== "-";
  const unknown = rest.find((arg) => isOption(arg) && !options.includes(arg));
  if (unknown !== undefined) return unknownOption(unknown, [...options, ENV_FILE, "--help"], first);
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
      return { kind: first, json, ask: rest.includes("--ask"), file: given[0] ?? "-" };
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

function helpAbout(name: string | undefined): CommandAlone | UsageProblem {
  if (name !== undefined && name !== "config" && !isCommand(name)) return unknownCommand(name);
  return { kind: "help", about: name };
}

function isCommand(text: string): text is CommandName {
  return Object.hasOwn(SYNTAX, text);
}

function unknownCommand(text: string): UsageProblem {
  const meant = closest(text, COMMAND_NAMES);
  const what = meant === undefined
    ? `use one of ${COMMAND_NAMES.join(", ")}`
    : `did you mean '${meant.word}'?`;
  return { kind: "usage", problem: `${quoted(text)} is not a command: ${what}` };
}

function unknownOption(option: string, options: readonly string[], command: CommandName): UsageProblem {
  const problem = `'${command}' has no option ${quoted(option)}`;
  const meant = closest(option, options);
  return meant === undefined
    ? usage(problem, command)
    : { kind: "usage", problem: `${problem}: did you mean '${meant.word}'?` };
}

/** Nothing that moves the cursor; whatever was pasted, one line. */
function quoted(text: string): string {
  return `'${escapeControls(cut(text, 60))}'`;
}

function usage(problem: string, command: CommandName): UsageProblem {
  return { kind: "usage", problem: `${problem}: see 'coder-platformx ${command} --help'` };
}
