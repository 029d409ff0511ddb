/** What `GET /metrics` tells. */
import { REASONS_OF, STATUS_NAMES } from "../delivery/outcome.ts";
import type { OutboxStatus } from "../outbox/outbox.ts";
import { LATER_CAUSES, VERDICTS } from "../platformx/verdict.ts";
import { type Buckets, expositionOf, type Family, type Sample } from "./exposition.ts";
import type { Status } from "./status.ts";

/** The text that Prometheus reads. */
export function metricsText(status: Status): string {
  return expositionOf(familiesOf(status).map((family) => ({ ...family, name: `${PREFIX}${family.name}` })));
}

/** Before every name, so that nobody else's means something different. */
const PREFIX = "coder_platformx_";

/** Every label value is one of a list: neither Coder nor PlatformX can add a series. */
function familiesOf(state: Status): readonly Family[] {
  const { stats, platformx: { lastDelivered, paused } } = state;
  return [
    gauge("build_info", "Always 1; the labels are the versions of the service and of Deno.", [
      { labels: { version: state.version, [state.runtime.name]: state.runtime.version }, value: 1 },
    ]),
    gauge("start_time_seconds", "When the process started, in Unix seconds.", time(state.startedAt)),
    counter("webhooks_total", "Webhooks answered, by the answer's status and reason.", webhooks(stats)),
    durations("webhook_duration_seconds", "From a webhook's arrival to its answer.", stats.webhookDurations),
    gauge("webhooks_in_flight", "Webhooks that are being worked on.", [{ value: state.inFlight }]),
    gauge(
      "last_webhook_timestamp_seconds",
      "When a webhook was last answered with anything but an error, in Unix seconds; missing before the first.",
      time(stats.lastWebhook),
    ),
    counter(
      "attempts_total",
      "Requests to PlatformX, by what the answer meant for the event.",
      VERDICTS.map((verdict) => ({ labels: { verdict }, value: stats.attempts[verdict] ?? 0 })),
    ),
    durations("attempt_duration_seconds", "Of single requests to PlatformX.", stats.attemptDurations),
    durations(
      "delivery_duration_seconds",
      "Of events that PlatformX took: from the webhook, or from acceptance by the outbox, to PlatformX's answer.",
      stats.deliveryDurations,
    ),
    gauge(
      "last_delivered_timestamp_seconds",
      "When PlatformX last took an event, in Unix seconds; missing before the first.",
      time(lastDelivered),
    ),
    gauge(
      "paused",
      "1 for the reason why sending to PlatformX is paused, else 0.",
      LATER_CAUSES.map((reason) => ({ labels: { reason }, value: reason === paused?.cause ? 1 : 0 })),
    ),
    ...outboxFamilies(state.outbox),
  ];
}

function webhooks(stats: Status["stats"]): readonly Sample[] {
  const counted = new Map(stats.webhooks.map(({ status, reason, count }) => [`${status} ${reason}`, count]));
  return STATUS_NAMES.flatMap((outcome) =>
    REASONS_OF[outcome].map((reason) => ({
      labels: { outcome, reason },
      value: counted.get(`${outcome} ${reason}`) ?? 0,
    }))
  );
}

function outboxFamilies(outbox: OutboxStatus | undefined): readonly Family[] {
  if (outbox === undefined) return [];
  return [
    gauge("outbox_usable", "1 while the outbox takes events, else 0.", [{
      value: outbox.failing === undefined ? 1 : 0,
    }]),
    gauge("outbox_pending", "Events accepted, neither delivered nor dead.", [{ value: outbox.pending }]),
    gauge("outbox_dead", "Dead letters: events that are not tried any more.", [{ value: outbox.dead }]),
    gauge(
      "outbox_oldest_pending_seconds",
      "Age of the oldest pending event; 0 when nothing is pending.",
      [{ value: (outbox.oldestPendingMs ?? 0) / 1000 }],
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
