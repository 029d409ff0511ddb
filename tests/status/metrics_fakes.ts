/** States of the service as metrics see them. */
import { DELIVERY_BOUNDS, Histogram } from "../../lib/status/histogram.ts";
import type { MetricsState } from "../../lib/status/metrics.ts";

/** A service that has just started, with an outbox; `changes` replace parts of it. */
export function stateWith(changes: Partial<MetricsState> = {}): MetricsState {
  return {
    version: "1.2.3",
    denoVersion: "2.9.6",
    startedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 500),
    webhooks: [],
    attempts: {},
    webhookDurations: new Histogram(),
    deliveryDurations: new Histogram(DELIVERY_BOUNDS),
    attemptDurations: new Histogram(),
    inFlight: 0,
    paused: undefined,
    lastWebhook: undefined,
    lastDelivered: undefined,
    outbox: { pending: 0, dead: 0, oldestPendingMs: undefined },
    ...changes,
  };
}
