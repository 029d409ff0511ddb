/** What `GET /` tells. */
import type { LaterCause } from "./verdict.ts";

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
}

/** Milliseconds of pause after which the service calls itself degraded. */
const PAUSE_DEGRADES = 60_000;

/** For everybody. */
export function publicHealth(state: HealthState): { readonly status: "ok" | "degraded" } {
  return { status: (state.paused?.forMs ?? 0) > PAUSE_DEGRADES ? "degraded" : "ok" };
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
  };
}

function isoTime(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}
