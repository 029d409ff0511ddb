/** What an attempt makes of an event in the outbox. */
import { type Backoff, delayAfter } from "../platformx/backoff.ts";
import type { Verdict } from "../platformx/verdict.ts";
import type { OutboxRecord } from "./record.ts";
import type { Settlement } from "./store.ts";

/** Delays between attempts. */
export const OUTBOX_BACKOFF: Backoff = { first: 1_000, longest: 15 * 60_000 };

/** Attempts with unknown outcome after which trying again would more likely double the event than deliver it. */
const MOST_UNKNOWN = 3;

/** What {@link settlementOf} goes by. */
export interface SettlementRules {
  /** From 0 to below 1. */
  readonly random: number;
  /** Sending is paused: the trouble is PlatformX's, and does not count against the event. */
  readonly paused: boolean;
}

/** Takes a verdict into account. A store sees to it that no delay goes past the end of an event's age. */
export function settlementOf(record: OutboxRecord, verdict: Verdict, rules: SettlementRules): Settlement {
  const { random, paused } = rules;
  if (verdict.kind === "delivered") return { kind: "delivered" };
  const { ambiguous, attempts, failures } = record;
  const tried = {
    attempts: attempts + 1,
    failures: failures + (paused ? 0 : 1),
    ambiguous: ambiguous + (verdict.kind === "unknown" ? 1 : 0),
    detail: verdict.kind === "refused" ? verdict.words : verdict.seen,
  };
  if (verdict.kind === "refused") return { kind: "dead", reason: "refused", ...tried };
  if (tried.ambiguous >= MOST_UNKNOWN) return { kind: "dead", reason: "outcome_unknown", ...tried };
  // During a pause the next probe takes the next event: this one goes to the end of the line.
  const delayMs = paused
    ? 0
    : delayAfter(tried.failures, OUTBOX_BACKOFF, { random, retryAfterMs: verdict.retryAfterMs });
  return { kind: "pending", delayMs, ...tried };
}
