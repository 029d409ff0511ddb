/** What `GET /` tells. */
import type { OutboxStatus } from "../outbox/outbox.ts";
import { attentionOf, isDegraded } from "./attention.ts";
import type { Status } from "./status.ts";

/** For everybody. */
export function publicHealth(status: Status): { readonly status: "ok" | "degraded" } {
  return { status: isDegraded(attentionOf(status)) ? "degraded" : "ok" };
}

/** For who may see details. */
export function detailedHealth(status: Status): Readonly<Record<string, unknown>> {
  const { paused, lastDelivered } = status.platformx;
  return {
    ...publicHealth(status),
    version: status.version,
    uptime_seconds: Math.floor(status.uptimeMs / 1000),
    mode: status.mode,
    attention: attentionOf(status),
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

function outboxDetails({ pending, dead, oldestPendingMs }: OutboxStatus) {
  const seconds = oldestPendingMs === undefined ? null : Math.floor(oldestPendingMs / 1000);
  return { pending, dead, oldest_pending_seconds: seconds };
}

function isoTime(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}
