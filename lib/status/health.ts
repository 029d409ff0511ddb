/** What `GET /` tells. */
import type { OutboxStatus } from "../outbox/outbox.ts";
import type { Status } from "./status.ts";

/** Milliseconds that an event may wait before the service calls itself degraded. */
export const WAIT_DEGRADES = 5 * 60_000;

/** Milliseconds of pause after which the service calls itself degraded. */
const PAUSE_DEGRADES = 60_000;

/** For everybody. */
export function publicHealth({ outbox, platformx }: Status): { readonly status: "ok" | "degraded" } {
  const waits = outbox?.failing !== undefined || (outbox?.oldestPendingMs ?? 0) > WAIT_DEGRADES;
  return { status: waits || (platformx.paused?.forMs ?? 0) > PAUSE_DEGRADES ? "degraded" : "ok" };
}

/** For who may see details. */
export function detailedHealth(status: Status): Readonly<Record<string, unknown>> {
  const { paused, lastDelivered } = status.platformx;
  return {
    ...publicHealth(status),
    version: status.version,
    uptime_seconds: Math.floor(status.uptimeMs / 1000),
    mode: status.mode,
    events_tracked: status.tracked,
    last_seen: status.stats.lastSeen,
    counts: status.stats.counts,
    platformx: {
      state: paused === undefined ? "ok" : "paused",
      since: isoTime(paused?.at),
      reason: paused?.cause ?? null,
      last_delivered: isoTime(lastDelivered),
    },
    ...(status.outbox === undefined ? {} : { outbox: outboxDetails(status.outbox) }),
  };
}

/** What is in the outbox, as health and the log tell it. */
export function outboxDetails({ pending, dead, oldestPendingMs }: OutboxStatus) {
  const seconds = oldestPendingMs === undefined ? null : Math.max(0, Math.floor(oldestPendingMs / 1000));
  return { pending, dead, oldest_pending_seconds: seconds };
}

function isoTime(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}
