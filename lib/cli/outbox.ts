import { escapeControls, printableJson } from "../base/redact.ts";
import type { OutboxLocation } from "../config/outbox_location.ts";
import { openStore } from "../outbox/open_store.ts";
import { postgresSchema } from "../outbox/postgres/schema.ts";
import { isLeftAlone, type Stored } from "../outbox/record.ts";
import type { OutboxStore } from "../outbox/store.ts";
import { StoreError } from "../outbox/store_fault.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { systemClock as clock } from "../runtime/system_clock.ts";
import { span } from "../status/page/times.ts";
import { configured } from "./load_config.ts";
import type { OutboxCommand, Replay } from "./outbox_arguments.ts";
import { listedRow, listingText, nextTry } from "./outbox_listing.ts";
import type { Terminal } from "./terminal.ts";

/** Help of `outbox`. */
export const HELP = `coder-platformx outbox list [--dead|--pending] [--json]
coder-platformx outbox show ID
coder-platformx outbox replay ID...|--all|--reason CODE
coder-platformx outbox drop ID...
coder-platformx outbox schema

Looks into the outbox named by OUTBOX, and works on dead letters: events that are not tried any
more. It works whether or not the service is running.

Reasons: refused (PlatformX will not take it), expired (older than OUTBOX_MAX_AGE), outcome_unknown
(sent three times without an answer: PlatformX may have it). replay tries an event anew, with a new
age; --all leaves outcome_unknown out, as it can make second events. drop deletes dead letters, and
events that wait; copies that Coder still sends count as duplicates. Only show prints addresses.
schema prints the SQL that makes the tables in PostgreSQL, for an administrator where the service's
own user may not.

Exit codes: 0 done, 1 an id is not there or the outbox cannot be used, 2 usage or configuration.`;

/** Runs one of the actions. */
export async function outbox(
  runtime: Pick<Runtime, "env" | "files" | "startThread">,
  terminal: Terminal,
  command: OutboxCommand & { readonly envFile?: string },
): Promise<number> {
  const setUp = await configured(runtime, terminal, { needsKey: false, envFile: command.envFile });
  if (setUp === undefined) return 2;
  const { delivery: { dedupWindow: window }, outbox } = setUp.config;
  if (outbox === undefined) {
    terminal.err("OUTBOX must be set: name the outbox to look into, as the service has it");
    return 2;
  }
  if (command.action === "schema") return schema(terminal, outbox.location);
  try {
    const access = command.action === "list" || command.action === "show" ? "look" : "change";
    const { maxAge, maxPending } = outbox;
    const options = {
      maxAge,
      maxPending,
      window,
      clock,
      access,
      startThread: runtime.startThread,
      log: undefined,
    } as const;
    const store = await openStore(outbox.location, options);
    try {
      return await act(terminal, command, { store, now: clock.now });
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    terminal.err(`OUTBOX cannot be used: ${error.message}`);
    return 1;
  }
}

function schema(terminal: Terminal, location: OutboxLocation): number {
  if (location.kind === "postgres") {
    return terminal.out(postgresSchema(location.schema, location.user).trimEnd()), 0;
  }
  terminal.err("OUTBOX is a file: the service makes its tables by itself");
  return 2;
}

/** An action on what is stored. */
export type StoreCommand = Exclude<OutboxCommand, { action: "schema" }>;

/** What the actions work on. */
export interface OutboxTools {
  readonly store: Pick<OutboxStore, "known" | "get" | "list" | "replay" | "drop">;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/**
 * Runs an action on an open store; returns the exit code.
 *
 * @throws {StoreError}
 */
export async function act(terminal: Terminal, command: StoreCommand, tools: OutboxTools): Promise<number> {
  const { store } = tools;
  switch (command.action) {
    case "list":
      return await list(terminal, command, tools);
    case "show":
      return await show(terminal, command.ids[0]!, tools);
    case "drop":
      return await each(terminal, command.ids, { done: "dropped", work: (id) => store.drop(id), ...tools });
    case "replay": {
      const ids = await idsOf(command.what, store);
      return await each(terminal, ids, { done: "replayed", work: (id) => store.replay(id), ...tools });
    }
  }
}

async function list(
  terminal: Terminal,
  { which, json }: Extract<OutboxCommand, { action: "list" }>,
  { store, now }: OutboxTools,
): Promise<number> {
  const at = now();
  const rows = [];
  for (const state of ["pending", "dead"] as const) {
    if (which !== "all" && which !== state) continue;
    for await (const stored of eventsIn(store, state)) rows.push(listedRow(stored, at));
  }
  if (json) return terminal.out(printableJson(rows)), 0;
  if (rows.length > 0) terminal.out(listingText(rows, at));
  const { dead, oldestPending, pending } = store.known;
  const oldest = oldestPending === undefined ? "" : `, the oldest for ${span(at - oldestPending)}`;
  terminal.out(`${pending} pending${oldest}, ${dead} dead`);
  return 0;
}

/** Events that are asked for at once. */
const PAGE = 500;

async function* eventsIn(store: OutboxTools["store"], state: "pending" | "dead"): AsyncGenerator<Stored> {
  let after: string | undefined;
  for (let page; (page = await store.list(state, after, PAGE)).length > 0; after = page.at(-1)!.id) {
    yield* page;
  }
}

async function show(terminal: Terminal, id: string, { store, now }: OutboxTools): Promise<number> {
  const stored = await store.get(id);
  if (stored === undefined || isLeftAlone(stored)) return untouched(terminal, id, { stored, now });
  terminal.out(printableJson({ ...listedRow(stored, now()), event: stored.event }));
  return 0;
}

async function idsOf(what: Replay, store: OutboxTools["store"]): Promise<readonly string[]> {
  if (what.kind === "ids") return what.ids;
  const ids: string[] = [];
  for await (const stored of eventsIn(store, "dead")) {
    if (isLeftAlone(stored)) continue;
    const reason = stored.dead?.reason;
    if (what.kind === "all" ? reason !== "outcome_unknown" : reason === what.reason) ids.push(stored.id);
  }
  return ids;
}

async function each(
  terminal: Terminal,
  ids: readonly string[],
  { done, now, store, work }: OutboxTools & {
    readonly done: string;
    readonly work: (id: string) => Promise<boolean>;
  },
): Promise<number> {
  let count = 0;
  for (const id of ids) {
    if (await work(id)) count++;
    else untouched(terminal, id, { stored: await store.get(id), now });
  }
  terminal.out(`${count} ${done}`);
  return count === ids.length ? 0 : 1;
}

/** Says why nothing was done with an event; returns the exit code. */
function untouched(
  terminal: Terminal,
  id: string,
  { stored, now }: { readonly stored: Stored | undefined; readonly now: OutboxTools["now"] },
): number {
  terminal.err(`'${escapeControls(id)}' ${whyUntouched(stored, now())}`);
  return 1;
}

function whyUntouched(stored: Stored | undefined, now: number): string {
  if (stored === undefined) return "is not there: 'coder-platformx outbox list' tells what is";
  if (isLeftAlone(stored)) {
    return stored.leftAlone === "newer"
      ? "was stored by a newer version and is left alone: run that version"
      : "cannot be read and is left alone: look at its row in the database";
  }
  const row = listedRow(stored, now);
  if (row.being_sent) return "is being sent at this moment: look again in half a minute";
  if (row.due !== null) {
    return `waits for its turn and is no dead letter: it is sent by itself, next try ${nextTry(row, now)}`;
  }
  return "has changed meanwhile: try again";
}
