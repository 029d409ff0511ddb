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
import { isDue, listedRow, listingText, nextTry } from "./outbox_listing.ts";
import { eventsIn, eventsNamed, type Named, NOT_THERE, onlyOne } from "./outbox_lookup.ts";
import type { Terminal } from "./terminal.ts";

/** Help of `outbox`. */
export const HELP = `coder-platformx outbox list [--dead|--pending] [--json]
coder-platformx outbox show ID
coder-platformx outbox replay ID...|--all|--reason CODE
coder-platformx outbox drop ID...
coder-platformx outbox schema

Looks into the outbox named by OUTBOX, and works on dead letters: events that are not tried any
more. It works whether or not the service is running. ID is an event's id, or Coder's message id, as
page and log have it; 8 characters or more from its beginning are enough where they fit one event.
For a message id the whole outbox is read.

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
    case "drop": {
      const named = await eventsNamed(command.ids, store);
      const count = await each(terminal, named, { work: (id) => store.drop(id), ...tools });
      terminal.out(`${count} dropped`);
      return count === named.size ? 0 : 1;
    }
    case "replay": {
      const named = await replayed(command.what, store);
      const count = await each(terminal, named, { work: (id) => store.replay(id), ...tools });
      terminal.out(`${count} replayed${count > 0 ? REPLAYED : ""}`);
      return count === named.size ? 0 : 1;
    }
  }
}

const DUE =
  "What is due now waits for its turn, and for the service if that is stopped or paused: see its page or health";

/** That it is tried does not mean that it arrives. */
const REPLAYED =
  ": now pending. 'coder-platformx outbox list' tells in a few seconds what is pending still, and what " +
  "is dead again";

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
  if (rows.some((row) => isDue(row, at))) terminal.out(DUE);
  return 0;
}

async function show(terminal: Terminal, name: string, { store, now }: OutboxTools): Promise<number> {
  const ids = (await eventsNamed([name], store)).get(name)!;
  const id = onlyOne(terminal, name, ids);
  if (id === undefined) return 1;
  const stored = await store.get(id);
  if (stored === undefined || isLeftAlone(stored)) return untouched(terminal, name, { stored, now });
  terminal.out(printableJson({ ...listedRow(stored, now()), event: stored.event }));
  return 0;
}

async function replayed(what: Replay, store: OutboxTools["store"]): Promise<Named> {
  if (what.kind === "ids") return await eventsNamed(what.ids, store);
  const named = new Map<string, ReadonlySet<string>>();
  for await (const stored of eventsIn(store, "dead")) {
    if (isLeftAlone(stored)) continue;
    const { dead, id } = stored;
    const isMeant = what.kind === "all" ? dead?.reason !== "outcome_unknown" : dead?.reason === what.reason;
    if (isMeant) named.set(id, new Set([id]));
  }
  return named;
}

/** Works on each event of those that the names fit; returns how many were done. */
async function each(
  terminal: Terminal,
  named: Named,
  { now, store, work }: OutboxTools & { readonly work: (id: string) => Promise<boolean> },
): Promise<number> {
  let count = 0;
  for (const [name, ids] of named) {
    const id = onlyOne(terminal, name, ids);
    if (id === undefined) continue;
    if (await work(id)) count++;
    else untouched(terminal, name, { stored: await store.get(id), now });
  }
  return count;
}

/** Says why nothing was done with an event; returns the exit code. */
function untouched(
  terminal: Terminal,
  name: string,
  { stored, now }: { readonly stored: Stored | undefined; readonly now: OutboxTools["now"] },
): number {
  terminal.err(`'${escapeControls(name)}' ${whyUntouched(stored, now())}`);
  return 1;
}

function whyUntouched(stored: Stored | undefined, now: number): string {
  if (stored === undefined) return NOT_THERE;
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
