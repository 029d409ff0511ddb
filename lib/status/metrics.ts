/** What `GET /metrics` tells. */
import { REASONS_OF, STATUS_NAMES } from "../delivery/outcome.ts";
import type { OutboxStatus } from "../outbox/outbox.ts";
import { DEAD_REASONS } from "../outbox/record.ts";
import { LATER_CAUSES, VERDICTS } from "../platformx/verdict.ts";
import type { ProcessUsage } from "../runtime/runtime.ts";
import { ATTENTION_CODES, attentionOf } from "./attention.ts";
import { type Buckets, expositionOf, type Family, type Format, type Sample } from "./exposition.ts";
import type { Status } from "./status.ts";

/** The text that Prometheus reads. */
export function metricsText(status: Status, usage: ProcessUsage, format: Format): string {
  const own = familiesOf(status).map((family) => ({ ...family, name: `${PREFIX}${family.name}` }));
  return expositionOf([...own, ...processFamilies(status, usage)], format);
}

/** Before every name, so that nobody else's means something different. */
const PREFIX = "coder_platformx_";

/** Every label value is one of a list: neither Coder nor PlatformX can add a series. */
function familiesOf(state: Status): readonly Family[] {
  const { stats, platformx: { lastDelivered, paused } } = state;
  const attention = attentionOf(state);
  return [
    gauge("build_info", "Always 1; the labels are the versions of service and runtime, and the mode.", [
      {
        labels: { version: state.version, [state.runtime.name]: state.runtime.version, mode: state.mode },
        value: 1,
      },
    ]),
    gauge(
      "attention",
      "1 for each reason why an operator is needed, else 0.",
      ATTENTION_CODES.map((code) => ({ labels: { code }, value: attention.includes(code) ? 1 : 0 })),
    ),
    counter("webhooks_total", "Webhooks answered, by the answer's status and reason.", webhooks(stats)),
    counter(
      "notifications_total",
      "What became of notifications, by the catalogue's names; with an outbox also of their events.",
      stats.notifications.flatMap(({ notification, outcomes }) =>
        [...outcomes].map(([outcome, value]) => ({ labels: { notification, outcome }, value }))
      ),
    ),
    gauge(
      "notification_last_seen_timestamp_seconds",
      "When a notification last arrived, in Unix seconds; missing before the first since the start.",
      stats.notifications.flatMap(({ notification, lastSeen }) =>
        time(lastSeen).map((sample) => ({ ...sample, labels: { notification } }))
      ),
    ),
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
    counter("log_lines_lost_total", "Lines of the log that could not be written.", [{
      value: state.log.lost,
    }]),
    ...outboxFamilies(stats, state.outbox),
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

function outboxFamilies(stats: Status["stats"], outbox: OutboxStatus | undefined): readonly Family[] {
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
    counter(
      "dead_letters_total",
      "Events that this process gave up, by reason.",
      DEAD_REASONS.map((reason) => ({ labels: { reason }, value: stats.deadLetters(reason) })),
    ),
  ];
}

/** Under the names that every Prometheus client uses. What the system does not tell is left out. */
function processFamilies({ startedAt }: Status, usage: ProcessUsage): readonly Family[] {
  const { cpuSeconds, maxDescriptors, openDescriptors, residentBytes } = usage;
  const one = (value: number | undefined) => value === undefined ? [] : [{ value }];
  return [
    gauge("process_start_time_seconds", "When the process started, in Unix seconds.", time(startedAt)),
    counter("process_cpu_seconds_total", "Processor time used, in seconds.", one(cpuSeconds)),
    gauge("process_resident_memory_bytes", "Memory in use, in bytes.", one(residentBytes)),
    gauge("process_open_fds", "Open file descriptors.", one(openDescriptors)),
    gauge("process_max_fds", "File descriptors that may be open at once.", one(maxDescriptors)),
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
