/** What `GET /` tells. */
import type { LaterCause } from "../platformx/verdict.ts";

/** How the service works. */
export type Mode = "direct" | "outbox" | "dry_run";

/** The state that health is made of. Times are Unix milliseconds. */
export interface HealthState {
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly mode: Mode;
  readonly eventsTracked: readonly string[];
  readonly lastSeen: Readonly<Record<string, string | null>>;
  readonly counts: Readonly<Record<string, number>>;
  readonly paused: { readonly cause: LaterCause; readonly at: number; readonly forMs: number } | undefined;
  readonly lastDelivered: number | undefined;
  /** In outbox mode; `unreadable` while the store fails. */
  readonly outbox: OutboxHealth | "unreadable" | undefined;
}

/** What is in the outbox. */
export interface OutboxHealth {
  readonly pending: number;
  readonly dead: number;
  /** Milliseconds; undefined: nothing is pending. */
  readonly oldestPendingMs: number | undefined;
  /** Why no event can be stored at the moment, in words for the operator. */
  readonly failing?: string | undefined;
  /** Milliseconds since the oldest dead letter became one; undefined: there is none. */
  readonly oldestDeadMs?: number | undefined;
}

/** Milliseconds that an event may wait before the service calls itself degraded. */
export const WAIT_DEGRADES = 5 * 60_000;

/** Milliseconds of pause after which the service calls itself degraded. */
const PAUSE_DEGRADES = 60_000;

/** For everybody. */
export function publicHealth(state: HealthState): { readonly status: "ok" | "degraded" } {
  const { outbox, paused } = state;
  const waits = outbox === "unreadable" || outbox?.failing !== undefined ||
    (outbox?.oldestPendingMs ?? 0) > WAIT_DEGRADES;
  return { status: waits || (paused?.forMs ?? 0) > PAUSE_DEGRADES ? "degraded" : "ok" };
}

/** For who may see details. */
export function detailedHealth(state: HealthState): Readonly<Record<string, unknown>> {
  const { paused, lastDelivered } = state;
  return {
    ...publicHealth(state),
    version: state.version,
    uptime_seconds: state.uptimeSeconds,
    mode: state.mode,
    events_tracked: state.eventsTracked,
    last_seen: state.lastSeen,
    counts: state.counts,
    platformx: {
      state: paused === undefined ? "ok" : "paused",
      since: isoTime(paused?.at),
      reason: paused?.cause ?? null,
      last_delivered: isoTime(lastDelivered),
    },
    ...(state.outbox === undefined ? {} : { outbox: outboxDetails(state.outbox) }),
  };
}

/** Null: it cannot be read, or nothing is pending. */
export interface OutboxDetails {
  readonly pending: number | null;
  readonly dead: number | null;
  readonly oldest_pending_seconds: number | null;
}

/** What is in the outbox, as health and the log tell it. */
export function outboxDetails(outbox: OutboxHealth | "unreadable"): OutboxDetails {
  if (outbox === "unreadable") return { pending: null, dead: null, oldest_pending_seconds: null };
  const { pending, dead, oldestPendingMs } = outbox;
  const seconds = oldestPendingMs === undefined ? null : Math.max(0, Math.floor(oldestPendingMs / 1000));
  return { pending, dead, oldest_pending_seconds: seconds };
}

function isoTime(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}
