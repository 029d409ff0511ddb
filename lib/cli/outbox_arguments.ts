/** Arguments of `outbox` → action. */
import { DEAD_REASONS, type DeadReason } from "../outbox/record.ts";

/** Looking at the outbox and working on its dead letters. */
export type OutboxCommand =
  | {
    readonly kind: "outbox";
    readonly action: "list";
    readonly which: "all" | "pending" | "dead";
    readonly json: boolean;
  }
  | { readonly kind: "outbox"; readonly action: "show" | "drop"; readonly ids: readonly string[] }
  | { readonly kind: "outbox"; readonly action: "replay"; readonly what: Replay }
  | { readonly kind: "outbox"; readonly action: "schema" };

/** Which dead letters are tried anew. `all` leaves out those that PlatformX may have. */
export type Replay =
  | { readonly kind: "ids"; readonly ids: readonly string[] }
  | { readonly kind: "all" }
  | { readonly kind: "reason"; readonly reason: DeadReason };

/** Options of each action. */
const ACTIONS = {
  list: ["--dead", "--pending", "--json"],
  show: [],
  replay: ["--all", "--reason"],
  drop: [],
  schema: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Every option of any action. */
export const OUTBOX_OPTIONS: readonly string[] = Object.values(ACTIONS).flat();

/** Parses what follows `outbox`; a text says what is wrong. Options that no action has were refused before. */
export function parseOutbox(args: readonly string[]): OutboxCommand | string {
  const first = args.findIndex((arg) => !arg.startsWith("--"));
  const action = (Object.keys(ACTIONS) as (keyof typeof ACTIONS)[]).find((name) => name === args[first]);
  if (action === undefined) return `'outbox' needs one of ${Object.keys(ACTIONS).join(", ")}`;
  const rest = args.toSpliced(first, 1);
  const options = rest.filter((arg) => arg.startsWith("--"));
  const known: readonly string[] = ACTIONS[action];
  const foreign = options.find((option) => !known.includes(option));
  if (foreign !== undefined) return `'outbox ${action}' has no option '${foreign}'`;
  // The page shortens message ids with an ellipsis.
  const given = rest.filter((arg) => !arg.startsWith("--")).map((id) => id.replace(/…$/, ""));
  switch (action) {
    case "list":
      return parseList(given, options);
    case "show":
      if (given.length > 1) return "'outbox show' takes one id";
      return given.length > 0 ? { kind: "outbox", action, ids: given } : needsId(action);
    case "drop":
      return given.length > 0 ? { kind: "outbox", action, ids: given } : needsId(action);
    case "replay":
      return parseReplay(rest, given, options);
    case "schema":
      return given.length > 0 ? "'outbox schema' takes no argument" : { kind: "outbox", action };
  }
}

function needsId(action: string): string {
  return `'outbox ${action}' needs an id: 'outbox list' tells them`;
}

function parseList(given: readonly string[], options: readonly string[]): OutboxCommand | string {
  if (given.length > 0) return "'outbox list' takes no argument";
  if (options.includes("--dead") && options.includes("--pending")) {
    return "--dead and --pending exclude each other";
  }
  const which = options.includes("--dead") ? "dead" : options.includes("--pending") ? "pending" : "all";
  return { kind: "outbox", action: "list", which, json: options.includes("--json") };
}

function parseReplay(
  rest: readonly string[],
  given: readonly string[],
  options: readonly string[],
): OutboxCommand | string {
  const command = (what: Replay): OutboxCommand => ({ kind: "outbox", action: "replay", what });
  if (options.length === 0 && given.length > 0) return command({ kind: "ids", ids: given });
  if (rest.length === 1 && options[0] === "--all") return command({ kind: "all" });
  if (options[0] !== "--reason") return "'outbox replay' needs ids, or --all alone, or --reason CODE alone";
  const reason = DEAD_REASONS.find((code) => rest.length === 2 && code === rest[1]);
  return reason === undefined
    ? `'outbox replay --reason' needs one of ${DEAD_REASONS.join(", ")}, and nothing else`
    : command({ kind: "reason", reason });
}
