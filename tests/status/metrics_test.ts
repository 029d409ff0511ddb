import assert from "node:assert/strict";
import fc from "fast-check";
import { CATALOGUE } from "../../lib/coder/catalogue.ts";
import { type Outcome, REASONS_OF, STATUS_NAMES } from "../../lib/delivery/outcome.ts";
import { LATER_CAUSES, type Verdict, VERDICTS } from "../../lib/platformx/verdict.ts";
import { ATTENTION_CODES } from "../../lib/status/attention.ts";
import { metricsText } from "../../lib/status/metrics.ts";
import { Stats } from "../../lib/status/stats.ts";
import type { Status } from "../../lib/status/status.ts";
import { readExposition } from "./read_exposition.ts";
import {
  deadLetters,
  EMPTY,
  NOW,
  outboxInUse,
  outcomeOf,
  pausedFor,
  recordOf,
  SENDING,
  settle,
  STATES,
  statsOf,
  statusWith,
  USAGE,
} from "./states.ts";

const textOf = (status: Status, usage = USAGE) => metricsText(status, usage, "prometheus");

/** A sample's value; undefined: it is not exported. */
function valueIn(text: string, sample: string): number | undefined {
  const named = sample.startsWith("process_") ? sample : `coder_platformx_${sample}`;
  const families = readExposition(text);
  return [...families.values()].map(({ samples }) => samples.get(named)).find((value) => value !== undefined);
}

const outboxWith = (outbox: Status["outbox"]) =>
  statusWith({ mode: "outbox", outbox, stats: new Stats([], true) });
const withWebhooks = (...outcomes: readonly Outcome[]) =>
  statusWith({ stats: statsOf(outcomes.map((outcome) => ({ ago: 2_500, outcome }))) });
const withDead = () => {
  const status = outboxWith(deadLetters(1, 1));
  settle(status.stats, recordOf("m", 1), "expired", 1);
  return status;
};
const withAttempts = (...attempts: readonly (readonly [Verdict["kind"], number])[]) => {
  const stats = new Stats([], false);
  for (const [verdict, ms] of attempts) stats.countAttempt(verdict, ms);
  return statusWith({ stats });
};

/** What the state holds, and the sample that must tell it. */
const SAMPLES: readonly (readonly [Status, sample: string, value: number | undefined])[] = [
  [statusWith(), 'build_info{version="1.2.3",deno="2.9.6",mode="direct"}', 1],
  [statusWith({ mode: "dry_run" }), 'attention{code="dry_run"}', 1],
  [statusWith({ mode: "dry_run" }), 'attention{code="paused"}', 0],
  [statusWith(), 'webhooks_total{outcome="forwarded",reason=""}', 0],
  [withWebhooks(outcomeOf({ status: "forwarded" })), 'webhooks_total{outcome="forwarded",reason=""}', 1],
  [
    withWebhooks(outcomeOf({ status: "unavailable", reason: "key", retryAfterMs: 1 })),
    'webhooks_total{outcome="unavailable",reason="key"}',
    1,
  ],
  [statusWith(), 'notifications_total{notification="Workspace Created",outcome="forwarded"}', 0],
  [
    withWebhooks(outcomeOf({ status: "duplicate" })),
    'notifications_total{notification="Workspace Created",outcome="duplicate"}',
    1,
  ],
  [
    withWebhooks(outcomeOf({ status: "ignored", reason: "not_tracked" }, { name: "New In Coder" })),
    'notifications_total{notification="other",outcome="ignored"}',
    1,
  ],
  [statusWith(), 'notification_last_seen_timestamp_seconds{notification="Workspace Created"}', undefined],
  [
    withWebhooks(outcomeOf({ status: "duplicate" })),
    'notification_last_seen_timestamp_seconds{notification="Workspace Created"}',
    (NOW - 2_500) / 1000,
  ],
  [statusWith({ inFlight: 12 }), "webhooks_in_flight", 12],
  [statusWith(), 'attempts_total{verdict="unknown"}', 0],
  [withAttempts(["later", 5], ["later", 6]), 'attempts_total{verdict="later"}', 2],
  [withAttempts(["later", 5], ["unknown", 30_000]), 'attempt_duration_seconds_bucket{le="0.005"}', 1],
  [withAttempts(["later", 5], ["unknown", 30_000]), 'attempt_duration_seconds_bucket{le="20"}', 1],
  [withAttempts(["later", 5], ["unknown", 30_000]), 'attempt_duration_seconds_bucket{le="+Inf"}', 2],
  [withAttempts(["later", 1_500], ["later", 500]), "attempt_duration_seconds_sum", 2],
  [statusWith(), 'delivery_duration_seconds_bucket{le="604800"}', 0],
  [withWebhooks(outcomeOf({ status: "forwarded" })), "delivery_duration_seconds_sum", 0.012],
  [statusWith(), "last_webhook_timestamp_seconds", undefined],
  [withWebhooks(outcomeOf({ status: "duplicate" })), "last_webhook_timestamp_seconds", (NOW - 2_500) / 1000],
  [statusWith(), "last_delivered_timestamp_seconds", undefined],
  [
    statusWith({ platformx: { ...SENDING, lastDelivered: NOW } }),
    "last_delivered_timestamp_seconds",
    NOW / 1000,
  ],
  [statusWith(), 'paused{reason="key"}', 0],
  [statusWith({ platformx: pausedFor(1, "key") }), 'paused{reason="key"}', 1],
  [statusWith({ platformx: pausedFor(1, "key") }), 'paused{reason="platformx"}', 0],
  [statusWith({ log: { lost: 1_204, lastLostMs: 5 } }), "log_lines_lost_total", 1_204],
  [statusWith(), "outbox_usable", undefined],
  [statusWith(), "outbox_pending", undefined],
  [outboxWith(EMPTY), "outbox_usable", 1],
  [outboxWith({ ...EMPTY, failing: "full" }), "outbox_usable", 0],
  [outboxWith(EMPTY), "outbox_oldest_pending_seconds", 0],
  [outboxWith({ ...EMPTY, pending: 3, oldestPendingMs: 61_500 }), "outbox_pending", 3],
  [outboxWith({ ...EMPTY, pending: 3, oldestPendingMs: 61_500 }), "outbox_oldest_pending_seconds", 61.5],
  [outboxWith(deadLetters(7, 1)), "outbox_dead", 7],
  [outboxWith(EMPTY), 'dead_letters_total{reason="expired"}', 0],
  [withDead(), 'dead_letters_total{reason="expired"}', 1],
  [withDead(), 'notifications_total{notification="Workspace Created",outcome="dead"}', 1],
  [statusWith({ uptimeMs: 500 }), "process_start_time_seconds", NOW / 1000 - 0.5],
  [statusWith(), "process_cpu_seconds_total", 12.5],
  [statusWith(), "process_resident_memory_bytes", 64 * 1024 * 1024],
  [statusWith(), "process_open_fds", 24],
  [statusWith(), "process_max_fds", 65_536],
];

for (const [index, [status, sample, value]] of SAMPLES.entries()) {
  Deno.test(`metrics, ${index + 1}: ${sample} is ${value ?? "missing"}`, () => {
    assert.equal(valueIn(textOf(status), sample), value);
  });
}

Deno.test("what the system does not tell of the process is left out", () => {
  const nothing = {
    cpuSeconds: undefined,
    residentBytes: undefined,
    openDescriptors: undefined,
    maxDescriptors: undefined,
  };
  const names = [...readExposition(textOf(statusWith(), nothing)).keys()].filter((name) =>
    name.startsWith("process_")
  );
  assert.deepEqual(names, ["process_start_time_seconds"]);
});

Deno.test("every outcome, reason, verdict, pause and code is there from the start, so that rates begin at zero", () => {
  const families = readExposition(textOf(statusWith()));
  const samplesOf = (name: string) => [...families.get(`coder_platformx_${name}`)!.samples];
  const webhooks = STATUS_NAMES.flatMap((outcome) =>
    REASONS_OF[outcome].map((reason) => [
      `coder_platformx_webhooks_total{outcome="${outcome}",reason="${reason}"}`,
      0,
    ])
  );
  assert.deepEqual(samplesOf("webhooks_total"), webhooks);
  const rows = [["attempts_total", "verdict", VERDICTS], ["paused", "reason", LATER_CAUSES], [
    "attention",
    "code",
    ATTENTION_CODES,
  ]] as const;
  for (const [name, label, values] of rows) {
    assert.deepEqual(
      samplesOf(name),
      values.map((value) => [`coder_platformx_${name}{${label}="${value}"}`, 0]),
    );
  }
});

Deno.test("the list of verdicts is complete", () => {
  // The compiler asks for every kind here.
  const kinds: Record<Verdict["kind"], true> = { delivered: true, refused: true, later: true, unknown: true };
  assert.deepEqual(Object.keys(kinds).toSorted(), [...VERDICTS].toSorted());
});

Deno.test("names and units are conventional", () => {
  for (const [name, { help, type }] of readExposition(textOf(outboxInUse()))) {
    assert.match(name, /^(?:coder_platformx|process)_[a-z_]+$/);
    assert.equal(name.endsWith("_total"), type === "counter", name);
    assert.equal(name.endsWith("_duration_seconds"), type === "histogram", name);
    assert.ok(!/milli|_ms|minutes|hours|bucket|count$|sum$/.test(name), name);
    assert.match(help, /\.$/, `${name}'s help is no sentence`);
  }
});

const anyName = fc.oneof(
  fc.constantFrom(...CATALOGUE.map(({ name }) => name)),
  fc.string({ unit: "binary" }),
);
const anyPast = fc.array(
  fc.record({
    ago: fc.integer({ min: -1_000, max: 100_000 }),
    outcome: fc.tuple(fc.constantFrom("forwarded", "queued", "duplicate", "dry_run"), anyName)
      .map(([status, name]) => outcomeOf({ status }, { name })),
  }),
  { maxLength: 60 },
);

Deno.test("property: whatever comes gives text that can be read, bounded labels, and nothing counted gets lost", () => {
  const labels = new Set([...CATALOGUE.map(({ name }) => name), "other"]);
  fc.assert(fc.property(anyPast, fc.string({ unit: "binary" }), (past, version) => {
    const families = readExposition(textOf(statusWith({ stats: statsOf(past), version })));
    const samplesOf = (name: string) => [...families.get(`coder_platformx_${name}`)!.samples];
    const sum = (name: string) => samplesOf(name).reduce((sum, [, count]) => sum + count, 0);
    assert.equal(sum("webhooks_total"), past.length);
    assert.equal(sum("notifications_total"), past.length);
    for (const [sample] of samplesOf("notifications_total")) {
      assert.ok(labels.has(/notification="([^"]*)"/.exec(sample)![1]!), sample);
    }
    for (const [name, { type, samples }] of families) {
      if (type !== "histogram") continue;
      const buckets = [...samples].filter(([sample]) => sample.includes("_bucket{"));
      assert.ok(buckets.every(([, count], at) => at === 0 || count >= buckets[at - 1]![1]), `${name} falls`);
      assert.deepEqual(buckets.at(-1), [`${name}_bucket{le="+Inf"}`, samples.get(`${name}_count`)]);
    }
  }));
});

Deno.test("both formats tell the same numbers", () => {
  for (const status of Object.values(STATES)) {
    const numbers = (text: string) =>
      text.split("\n").filter((line) => !line.startsWith("#") && line !== "").map((line) =>
        line.replace(/le="([^"]*)"/, (_, le) => `le="${Number(le.replace("Inf", "Infinity"))}"`)
      );
    assert.deepEqual(numbers(metricsText(status, USAGE, "openmetrics")), numbers(textOf(status)));
  }
});
