/** An event in the outbox, as a store holds it: read with care, because a newer version or a hand may have written it. */
import { type Redacted, scrub } from "../base/redact.ts";
import type { PlatformXEvent } from "../platformx/event.ts";

/** Why an event is not tried any more. */
export const DEAD_REASONS = ["refused", "expired", "outcome_unknown"] as const;

/** One of {@link DEAD_REASONS}. */
export type DeadReason = typeof DEAD_REASONS[number];

/** Version of the records that this service writes and reads. A newer one is left alone. */
export const RECORD_VERSION = 1;

/** One stored event. Times are Unix milliseconds by the store's clock. */
export interface OutboxRecord {
  readonly id: string;
  readonly event: PlatformXEvent;
  /** When it was accepted, or replayed: its age counts from here. */
  readonly enqueuedAt: number;
  /** When it may be tried next. */
  readonly nextAttemptAt: number;
  /** POSTs that PlatformX answered, or that were lost. */
  readonly attempts: number;
  /** Those of them that its delays go by: during a pause the trouble is PlatformX's. */
  readonly failures: number;
  /** Attempts whose outcome is not known. */
  readonly ambiguous: number;
  /** What the last attempt saw: status and PlatformX's words, fit to be shown. */
  readonly detail: Redacted | undefined;
  readonly lastAttemptAt: number | undefined;
  /** When it was taken to be sent; undefined: nobody has it. It is held until {@link nextAttemptAt}. */
  readonly claimedAt: number | undefined;
  /** Present when it is a dead letter. */
  readonly dead: { readonly reason: DeadReason; readonly at: number } | undefined;
}

/** A record of which only the id is certain; the stores neither send nor change it. */
export interface LeftAlone {
  readonly id: string;
  readonly leftAlone: "newer" | "unreadable";
}

/** What a store finds under an id. */
export type Stored = OutboxRecord | LeftAlone;

/** A row as either engine gives it; `claim` is the fencing number. */
export type Row = Readonly<Record<string, unknown>>;

/** The columns of a {@link Row}. */
export const COLUMNS = [
  "id",
  "version",
  "event",
  "enqueued_at",
  "next_attempt_at",
  "claim",
  "claimed_at",
  "attempts",
  "failures",
  "ambiguous",
  "detail",
  "last_attempt_at",
  "dead_at",
  "dead_reason",
] as const;

/** Whether only the id of a record is certain. */
export function isLeftAlone(stored: Stored): stored is LeftAlone {
  return "leftAlone" in stored;
}

/** Reads a row: every field is checked. */
export function recordOf(row: Row): Stored {
  const id = String(row["id"]);
  const version = wholeNumber(row["version"]);
  if (version !== undefined && version > RECORD_VERSION) return { id, leftAlone: "newer" };
  const event = eventOf(row["event"]);
  const enqueuedAt = wholeNumber(row["enqueued_at"]);
  const nextAttemptAt = wholeNumber(row["next_attempt_at"]);
  const attempts = wholeNumber(row["attempts"]);
  const failures = wholeNumber(row["failures"]);
  const ambiguous = wholeNumber(row["ambiguous"]);
  const reason = DEAD_REASONS.find((reason) => reason === row["dead_reason"]);
  const at = wholeNumber(row["dead_at"]);
  const isSound = event !== undefined && enqueuedAt !== undefined && nextAttemptAt !== undefined &&
    attempts !== undefined && failures !== undefined && ambiguous !== undefined &&
    wholeNumber(row["claim"]) !== undefined &&
    (at === undefined) === (row["dead_at"] === null) && (reason === undefined) === (at === undefined);
  if (!isSound) return { id, leftAlone: "unreadable" };
  const detail = row["detail"];
  return {
    ...{ id, event, enqueuedAt, nextAttemptAt, attempts, failures, ambiguous },
    detail: typeof detail === "string" ? scrub(detail, [], 300) : undefined,
    lastAttemptAt: wholeNumber(row["last_attempt_at"]),
    claimedAt: wholeNumber(row["claimed_at"]),
    dead: reason === undefined || at === undefined ? undefined : { reason, at },
  };
}

/** A count or a time; SQLite's come as bigint, because larger ones would throw. */
export function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === "bigint" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** The event in its JSON text; undefined: it is none. */
function eventOf(text: unknown): PlatformXEvent | undefined {
  const event = typeof text === "string" ? parsed(text) : undefined;
  return isEvent(event) ? event : undefined;
}

function isEvent(value: unknown): value is PlatformXEvent {
  if (!isObject(value)) return false;
  const { name, email, timestamp, metadata, test_data: testData } = value;
  return [name, email, timestamp].every(isText) && isObject(metadata) &&
    Object.values(metadata).every(isText) && (testData === undefined || testData === true);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Undefined: it is no JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
