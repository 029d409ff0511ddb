/**
 * The pause: trouble that is about PlatformX and not about one event stops the sending for everybody.
 *
 * Three answers in a row that say "later" or nothing, or one refused key or rate limit, begin it. Then one probe at
 * a time goes out, with an event that waits anyway; the first answer that judges an event ends it.
 */
import { type Backoff, bound } from "./backoff.ts";
import type { LaterCause, Verdict } from "./verdict.ts";

/** Delays between probes, without jitter: there is one prober. */
const PROBES: Backoff = { first: 1_000, longest: 60_000 };

/** Bad answers in a row that begin a pause. */
const STREAK = 3;

/** Sending goes on, after so many bad answers in a row. */
export interface Sending {
  readonly state: "sending";
  readonly badInARow: number;
  /** A probe of the last pause is still on its way: the next pause waits for it. */
  readonly probing: boolean;
}

/** Sending is stopped. Times are milliseconds of the caller's clock. */
export interface Paused {
  readonly state: "paused";
  readonly cause: LaterCause;
  readonly since: number;
  readonly nextProbeAt: number;
  /** Probes that failed. */
  readonly failedProbes: number;
  /** A probe is on its way. */
  readonly probing: boolean;
}

/** State of the pause. */
export type Pause = Sending | Paused;

/** At start. */
export const SENDING: Sending = { state: "sending", badInARow: 0, probing: false };

/** Whether an attempt may be made now, and what state it leaves. */
export type Admission =
  | { readonly admitted: true; readonly probe: boolean; readonly pause: Pause }
  | { readonly admitted: false; readonly cause: LaterCause; readonly waitMs: number };

/** Asks for leave to make an attempt. A probe must be followed by {@link observe} or {@link abandonProbe}. */
export function admit(pause: Pause, now: number): Admission {
  if (pause.state === "sending") return { admitted: true, probe: false, pause };
  if (pause.probing || now < pause.nextProbeAt) {
    return { admitted: false, cause: pause.cause, waitMs: Math.max(pause.nextProbeAt - now, 1_000) };
  }
  return { admitted: true, probe: true, pause: { ...pause, probing: true } };
}

/** Takes a verdict into account. `probe`: the attempt was admitted as one. */
export function observe(
  pause: Pause,
  verdict: Verdict,
  at: { readonly now: number; readonly probe: boolean },
): Pause {
  const probing = pause.probing && !at.probe;
  if (verdict.kind === "delivered" || verdict.kind === "refused") {
    return probing ? { ...SENDING, probing } : SENDING;
  }
  const cause = verdict.kind === "later" ? verdict.cause : "platformx";
  const { now } = at;
  if (pause.state === "sending") {
    const badInARow = pause.badInARow + 1;
    const atOnce = cause === "key" || cause === "rate_limit";
    if (!atOnce && badInARow < STREAK) return { state: "sending", badInARow, probing };
    const nextProbeAt = now + probeDelay(0, verdict.retryAfterMs);
    return { state: "paused", cause, since: now, nextProbeAt, failedProbes: 0, probing };
  }
  // An attempt that was under way when the pause began says nothing new, unless it asks for more time.
  if (!at.probe) {
    return { ...pause, nextProbeAt: Math.max(pause.nextProbeAt, now + (verdict.retryAfterMs ?? 0)) };
  }
  const failedProbes = pause.failedProbes + 1;
  const nextProbeAt = Math.max(pause.nextProbeAt, now + probeDelay(failedProbes, verdict.retryAfterMs));
  return { ...pause, cause, failedProbes, nextProbeAt, probing: false };
}

/** A probe ended without an answer of PlatformX's, because the service ended it. */
export function abandonProbe(pause: Pause): Pause {
  return { ...pause, probing: false };
}

function probeDelay(failedProbes: number, retryAfterMs: number | undefined): number {
  return Math.max(bound(failedProbes + 1, PROBES), retryAfterMs ?? 0);
}
