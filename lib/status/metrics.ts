/** What `GET /metrics` tells. */
import { type Buckets, expositionOf, type Family, type Sample } from "./exposition.ts";
import type { OutboxHealth } from "./health.ts";
import { REASONS, STATUSES } from "../delivery/outcome.ts";
import { LATER_CAUSES, type LaterCause, VERDICTS } from "../platformx/verdict.ts";

/** The state that metrics are made of. Times are Unix milliseconds, durations milliseconds. */
export interface MetricsState {
  readonly version: string;
  readonly denoVersion: string;
  readonly startedAt: number;
  /** Counted so far; what is missing is zero. */
  readonly webhooks: readonly { readonly status: string; readonly reason: string; readonly count: number }[];
  /** Counted so far by kind of verdict; what is missing is zero. */
  readonly attempts: Readonly<Record<string, number>>;
  readonly webhookDurations: Buckets;
  readonly deliveryDurations: Buckets;
  readonly attemptDurations: Buckets;
  readonly inFlight: number;
  readonly paused: LaterCause | undefined;
  readonly lastWebhook: number | undefined;
  readonly lastDelivered: number | undefined;
  /** In outbox mode; `unreadable` while the store fails. */
  readonly outbox: OutboxHealth | "unreadable" | undefined;
}

/** The text that Prometheus reads. */
export function metricsText(state: MetricsState): string {
  return expositionOf(familiesOf(state).map((family) => ({ ...family, name: `${PREFIX}${family.name}` })));
}

/** Before every name, so that nobody else's means something different. */
const PREFIX = "coder_platformx_";

/** Every label value is one of a list: neither Coder nor PlatformX can add a series. */
function familiesOf(state: MetricsState): readonly Family[] {
  const { paused } = state;
  return [
    gauge("build_info", "Always 1; the labels are the versions of the service and of Deno.", [
      { labels: { version: state.version, deno: state.denoVersion }, value: 1 },
    ]),
    gauge("start_time_seconds", "When the process started, in Unix seconds.", time(state.startedAt)),
    counter("webhooks_total", "Webhooks answered, by the answer's status and reason.", webhooks(state)),
    durations("webhook_duration_seconds", "From a webhook's arrival to its answer.", state.webhookDurations),
    gauge("webhooks_in_flight", "Webhooks that are being worked on.", [{ value: state.inFlight }]),
    gauge(
      "last_webhook_timestamp_seconds",
      "When a webhook was last answered with anything but an error, in Unix seconds; missing before the first.",
      time(state.lastWebhook),
    ),
    counter(
      "attempts_total",
      "Requests to PlatformX, by what the answer meant for the event.",
      VERDICTS.map((verdict) => ({ labels: { verdict }, value: state.attempts[verdict] ?? 0 })),
    ),
    durations("attempt_duration_seconds", "Of single requests to PlatformX.", state.attemptDurations),
    durations(
      "delivery_duration_seconds",
      "Of events that PlatformX took: from the webhook, or from acceptance by the outbox, to PlatformX's answer.",
      state.deliveryDurations,
    ),
    gauge(
      "last_delivered_timestamp_seconds",
      "When PlatformX last took an event, in Unix seconds; missing before the first.",
      time(state.lastDelivered),
    ),
    gauge(
      "paused",
      "1 for the reason why sending to PlatformX is paused, else 0.",
      LATER_CAUSES.map((reason) => ({ labels: { reason }, value: reason === paused ? 1 : 0 })),
    ),
    ...outboxFamilies(state.outbox),
  ];
}

function webhooks(state: MetricsState): readonly Sample[] {
  const counted = new Map(state.webhooks.map(({ status, reason, count }) => [`${status} ${reason}`, count]));
  return STATUSES.flatMap((outcome) =>
    REASONS[outcome].map((reason) => ({
      labels: { outcome, reason },
      value: counted.get(`${outcome} ${reason}`) ?? 0,
    }))
  );
}

function outboxFamilies(outbox: MetricsState["outbox"]): readonly Family[] {
  if (outbox === undefined) return [];
  const readable = outbox !== "unreadable";
  // While the store fails its numbers are unknown, and unknown is not zero.
  const known = (value: (outbox: OutboxHealth) => number) => readable ? [{ value: value(outbox) }] : [];
  return [
    gauge("outbox_readable", "1 while the outbox can be read, else 0.", [{ value: readable ? 1 : 0 }]),
    gauge("outbox_pending", "Events accepted, neither delivered nor dead.", known(({ pending }) => pending)),
    gauge("outbox_dead", "Dead letters: events that are not tried any more.", known(({ dead }) => dead)),
    gauge(
      "outbox_oldest_pending_seconds",
      "Age of the oldest pending event; 0 when nothing is pending.",
      known(({ oldestPendingMs = 0 }) => Math.max(0, oldestPendingMs / 1000)),
    ),
  ];
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { type: "counter", name, help, samples };
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { type: "gauge", name, help, samples };
}

function durations(name: string, help: string, { bounds, counts, sum }: Buckets): Family {
  const seconds = { bounds: bounds.map((ms) => ms / 1000), counts, sum: sum / 1000 };
  return { type: "histogram", name, help, buckets: seconds };
}

function time(at: number | undefined): readonly Sample[] {
  return at === undefined ? [] : [{ value: at / 1000 }];
}
