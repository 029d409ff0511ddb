/**
 * An event in the outbox: what is stored of it, and what a verdict makes of it.
 */
import type { PlatformXEvent } from "../platformx/event.ts";
import { type Backoff, delayAfter } from "../platformx/backoff.ts";
import type { Verdict } from "../platformx/verdict.ts";

/** Version of every stored record. A reader leaves newer ones alone. */
export const RECORD_VERSION = 1;

/** Why an event is not tried any more. */
export const DEAD_REASONS = ["refused", "expired", "outcome_unknown"] as const;

/** One of {@link DEAD_REASONS}. */
export type DeadReason = typeof DEAD_REASONS[number];

/** One stored event. Times are Unix milliseconds: they outlive processes. */
export interface OutboxRecord {
  readonly version: number;
  readonly id: string;
  readonly event: PlatformXEvent;
  /** When it was accepted, or replayed: its age counts from here. */
  readonly since: number;
  /** When it may be tried next. A claim is a due time moved into the future: a crash then needs no repair. */
  readonly due: number;
  /** Attempts that PlatformX answered, or that were lost. */
  readonly attempts: number;
  /** Attempts whose outcome is not known. */
  readonly unknown: number;
  /** What the last attempt saw: status and PlatformX's words, fit to be shown. */
  readonly seen?: string;
  readonly lastAttempt?: number;
  /** Present when it is a dead letter. */
  readonly dead?: { readonly reason: DeadReason; readonly at: number };
}

/** What an attempt makes of a record: gone, to be tried again, or a dead letter. */
export type Settlement =
  | { readonly kind: "delivered" }
  /** It was claimed and not sent: it goes back to where it was in the line. */
  | { readonly kind: "released" }
  | { readonly kind: "pending" | "dead"; readonly record: OutboxRecord };

/** Delays between attempts. */
export const OUTBOX_BACKOFF: Backoff = { first: 1_000, longest: 15 * 60_000 };

/** Attempts with unknown outcome after which trying again would more likely double the event than deliver it. */
const MOST_UNKNOWN = 3;

/** What {@link settlementOf} goes by. Times are milliseconds. */
export interface SettlementRules {
  readonly now: number;
  readonly maxAge: number;
  /** From 0 to below 1. */
  readonly random: number;
  /** Sending is paused: the trouble is PlatformX's, and is not counted against the event. */
  readonly paused: boolean;
}

/** Takes a verdict into account. */
export function settlementOf(record: OutboxRecord, verdict: Verdict, rules: SettlementRules): Settlement {
  const { now, maxAge, random, paused } = rules;
  if (verdict.kind === "delivered") return { kind: "delivered" };
  const seen = verdict.kind === "refused" ? verdict.words : verdict.seen;
  const tried = { ...record, seen, lastAttempt: now };
  if (verdict.kind === "refused") return buried({ ...tried, attempts: record.attempts + 1 }, "refused", now);

  const unknown = record.unknown + (verdict.kind === "unknown" ? 1 : 0);
  const attempts = record.attempts + (paused ? 0 : 1);
  const counted = { ...tried, attempts, unknown };
  if (unknown >= MOST_UNKNOWN) return buried(counted, "outcome_unknown", now);
  if (isExpired(record, { now, maxAge })) return buried(counted, "expired", now);
  // During a pause the next probe takes the next event: this one goes to the end of the line.
  const delay = paused
    ? 0
    : delayAfter(attempts, OUTBOX_BACKOFF, { random, retryAfterMs: verdict.retryAfterMs });
  // Not past its end, when it is due to be buried.
  return { kind: "pending", record: { ...counted, due: Math.min(now + delay, record.since + maxAge) } };
}

/** Whether a record is too old to be tried. */
export function isExpired(
  record: OutboxRecord,
  { now, maxAge }: { readonly now: number; readonly maxAge: number },
): boolean {
  return now - record.since >= maxAge;
}

/** Makes a dead letter. */
export function buried(
  record: OutboxRecord,
  reason: DeadReason,
  now: number,
): { kind: "dead"; record: OutboxRecord } {
  return { kind: "dead", record: { ...record, dead: { reason, at: now } } };
}

/** Whether a newer version of the service wrote it: then nothing of it is certain but version and id. */
export function isNewer(record: OutboxRecord): boolean {
  return record.version > RECORD_VERSION;
}

/** A dead letter that is tried anew, with a new age. */
export function replayed({ dead: _, ...record }: OutboxRecord, now: number): OutboxRecord {
  return { ...record, since: now, due: now, attempts: 0, unknown: 0 };
}
