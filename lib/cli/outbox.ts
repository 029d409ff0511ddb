import type { OutboxCommand, Replay } from "./outbox_arguments.ts";
import { isNewer, type OutboxRecord } from "../outbox/record.ts";
import { shownName } from "../delivery/outcome.ts";
import { scrub } from "../base/redact.ts";
import { systemClock as clock } from "../base/clock.ts";
import { OutboxLedger } from "../outbox/ledger.ts";
import { Store } from "../outbox/store.ts";
import { StoreError } from "../outbox/store_error.ts";
import { alignColumns } from "./columns.ts";
import type { Terminal } from "./terminal.ts";
import { configured } from "./load_config.ts";

/** Help of `outbox`. */
export const HELP = `coder-platformx outbox list [--dead|--pending] [--json]
coder-platformx outbox show ID
coder-platformx outbox replay ID...|--all|--reason CODE
coder-platformx outbox drop ID...

Looks into the outbox named by OUTBOX, and works on dead letters: events that are not tried any more. Works while the
service runs, and while it does not.

Reasons: refused (PlatformX will not take it), expired (older than OUTBOX_MAX_AGE), outcome_unknown (sent three times
without an answer: PlatformX may have it). replay tries an event anew, with a new age; --all leaves outcome_unknown out,
as it can make second events. drop deletes; copies that Coder still sends count as duplicates. Addresses are shown by
show only.

Exit codes: 0 done, 1 an id is not there or the outbox cannot be used, 2 usage or configuration.`;

/** Runs one of the actions. */
export async function outbox(
  terminal: Terminal,
  command: OutboxCommand & { readonly envFile?: string },
): Promise<number> {
  const setUp = await configured(terminal, { needsKey: false, envFile: command.envFile });
  if (setUp === undefined) return 2;
  const location = setUp.config.outbox?.location;
  if (location === undefined) {
    terminal.err("OUTBOX must be set: name the outbox to look into, as the service has it");
    return 2;
  }
  try {
    const store = await Store.openExisting(location, clock);
    try {
      return await run(terminal, command, new OutboxLedger(store));
    } finally {
      store.close();
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    terminal.err(`OUTBOX cannot be used: ${error.message}`);
    return 1;
  }
}

async function run(terminal: Terminal, command: OutboxCommand, ledger: OutboxLedger): Promise<number> {
  switch (command.action) {
    case "list":
      return await list(terminal, command, ledger);
    case "show":
      return await show(terminal, command.ids[0]!, ledger);
    case "drop":
      return await each(terminal, command.ids, "dropped", (id) => ledger.drop(id));
    case "replay":
      return await each(
        terminal,
        await idsOf(command.what, ledger),
        "replayed",
        (id) => ledger.replay(id, clock.now()),
      );
  }
}

async function list(
  terminal: Terminal,
  { which, json }: Extract<OutboxCommand, { action: "list" }>,
  ledger: OutboxLedger,
): Promise<number> {
  const records: OutboxRecord[] = [];
  for (const kind of ["pending", "dead"] as const) {
    if (which !== "all" && which !== kind) continue;
    for await (const record of ledger.list(kind)) records.push(record);
  }
  const rows = records.map(rowOf);
  if (json) {
    terminal.out(JSON.stringify(rows, null, 2));
    return 0;
  }
  const { pending, dead, oldestPending } = await ledger.summary();
  const cells = rows.map(({ id, state, notification, since, attempts, seen }) =>
    [id, state, notification, since, attempts, seen].map((cell) => String(cell ?? ""))
  );
  if (rows.length > 0) {
    terminal.out(alignColumns([["ID", "STATE", "NOTIFICATION", "SINCE", "ATTEMPTS", "SEEN"], ...cells]));
  }
  const oldest = oldestPending === undefined
    ? ""
    : `, the oldest since ${new Date(oldestPending).toISOString()}`;
  terminal.out(`${pending} pending${oldest}, ${dead} dead`);
  return 0;
}

/** A record without the person. Of a newer version's record the id alone is certain. */
function rowOf(record: OutboxRecord) {
  if (isNewer(record)) return { id: record.id, state: "newer", ...UNKNOWN };
  return {
    id: record.id,
    state: record.dead?.reason ?? "pending",
    notification: shownName(record.event.name),
    // A text of the sender's choice.
    coder_message_id: scrub(record.event.metadata["coder_message_id"] ?? "", [], 64) || null,
    since: new Date(record.since).toISOString(),
    due: record.dead === undefined ? new Date(record.due).toISOString() : null,
    dead_at: record.dead === undefined ? null : new Date(record.dead.at).toISOString(),
    attempts: record.attempts,
    unknown_outcomes: record.unknown,
    seen: record.seen ?? null,
  };
}

const UNKNOWN = {
  notification: null,
  coder_message_id: null,
  since: null,
  due: null,
  dead_at: null,
  attempts: null,
  unknown_outcomes: null,
  seen: null,
};

async function show(terminal: Terminal, id: string, ledger: OutboxLedger): Promise<number> {
  const record = (await ledger.get(id))?.record;
  if (record === undefined) return missing(terminal, id);
  terminal.out(JSON.stringify({ ...rowOf(record), event: record.event }, null, 2));
  return 0;
}

async function idsOf(what: Replay, ledger: OutboxLedger): Promise<readonly string[]> {
  if (what.kind === "ids") return what.ids;
  const ids: string[] = [];
  for await (const { id, dead } of ledger.list("dead")) {
    const wanted = what.kind === "all" ? dead?.reason !== "outcome_unknown" : dead?.reason === what.reason;
    if (wanted) ids.push(id);
  }
  return ids;
}

async function each(
  terminal: Terminal,
  ids: readonly string[],
  done: string,
  work: (id: string) => Promise<boolean | "newer">,
): Promise<number> {
  let code = 0;
  let count = 0;
  for (const id of ids) {
    const result = await work(id);
    if (result === true) count++;
    else code = result === "newer" ? newer(terminal, id) : missing(terminal, id);
  }
  terminal.out(`${count} ${done}`);
  return code;
}

function newer(terminal: Terminal, id: string): number {
  terminal.err(`'${shownName(id)}' was stored by a newer version and is left alone: run that version`);
  return 1;
}

function missing(terminal: Terminal, id: string): number {
  terminal.err(
    `'${shownName(id)}' is not there, or not a dead letter: 'coder-platformx outbox list' tells what is`,
  );
  return 1;
}
