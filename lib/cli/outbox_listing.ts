/** How an event in the outbox is told to operators: without the person, and whose it is only in `outbox show`. */
import { scrub, shownName } from "../base/redact.ts";
import type { Stored } from "../outbox/record.ts";
import { ago, span } from "../status/page/times.ts";
import { alignColumns } from "./columns.ts";

/** A row of `outbox list --json`. Times are ISO texts. Of a record that is left alone only id and state are known. */
export type ListedRow = ReturnType<typeof listedRow>;

/** What is told of one event. `now`: Unix milliseconds. */
export function listedRow(stored: Stored, now: number) {
  if ("leftAlone" in stored) return { id: stored.id, state: stored.leftAlone, ...UNKNOWN };
  const {
    ambiguous,
    attempts,
    claimedAt,
    dead,
    detail,
    enqueuedAt,
    event,
    id,
    lastAttemptAt,
    nextAttemptAt,
  } = stored;
  return {
    id,
    state: dead?.reason ?? "pending",
    notification: shownName(event.name),
    // A text of the sender's choice.
    coder_message_id: scrub(event.metadata["coder_message_id"] ?? "", [], 64) || null,
    since: isoTime(enqueuedAt),
    due: dead === undefined ? isoTime(nextAttemptAt) : null,
    being_sent: dead === undefined && claimedAt !== undefined && nextAttemptAt > now,
    dead_at: dead === undefined ? null : isoTime(dead.at),
    attempts,
    unknown_outcomes: ambiguous,
    last_attempt: lastAttemptAt === undefined ? null : isoTime(lastAttemptAt),
    seen: detail === undefined ? null : scrub(detail, []),
  };
}

const UNKNOWN = {
  notification: null,
  coder_message_id: null,
  since: null,
  due: null,
  being_sent: null,
  dead_at: null,
  attempts: null,
  unknown_outcomes: null,
  last_attempt: null,
  seen: null,
};

/** The table of `outbox list`; empty when there is no row. */
export function listingText(rows: readonly ListedRow[], now: number): string {
  return rows.length === 0 ? "" : alignColumns([HEAD, ...rows.map((row) => cellsOf(row, now))]);
}

const HEAD = ["ID", "STATE", "NOTIFICATION", "AGE", "ATTEMPTS", "NEXT TRY", "LAST ANSWER"];

function cellsOf(row: ListedRow, now: number): readonly string[] {
  const { attempts, id, last_attempt: last, notification, seen, since, state } = row;
  const age = since === null ? "" : span(now - Date.parse(since));
  const answer = last === null ? seen ?? "" : `${seen ?? "none"} (${ago(Date.parse(last), now)})`;
  return [id, state, notification ?? "", age, String(attempts ?? ""), nextTry(row, now), answer];
}

/** When a pending event is tried next, in words; empty: by itself it is not. */
export function nextTry(row: ListedRow, now: number): string {
  if (row.due === null) return "";
  if (row.being_sent) return "being sent";
  return isDue(row, now) ? "now" : `in ${span(Date.parse(row.due) - now)}`;
}

/** Whether nothing of its own holds it up any more. */
export function isDue({ due }: ListedRow, now: number): boolean {
  return due !== null && Date.parse(due) - now < 1_000;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
