import assert from "node:assert/strict";
import fc from "fast-check";
import { Histogram } from "../../lib/status/histogram.ts";
import { type MetricsState, metricsText } from "../../lib/status/metrics.ts";
import { ERROR_STATUS, REASONS, STATUSES } from "../../lib/delivery/outcome.ts";
import { LATER_CAUSES, type Verdict, VERDICTS } from "../../lib/platformx/verdict.ts";
import { stateWith } from "./metrics_fakes.ts";
import { readExposition } from "./read_exposition.ts";

/** A sample of the text, without the prefix of its name; undefined: it is not there. */
function valueIn(state: MetricsState, sample: string): number | undefined {
  const family = sample.replace(/\{.*/, "").replace(/_(bucket|sum|count)$/, "");
  return readExposition(metricsText(state)).get(`coder_platformx_${family}`)?.samples.get(
    `coder_platformx_${sample}`,
  );
}

function histogramOf(...durations: number[]): Histogram {
  const histogram = new Histogram();
  for (const ms of durations) histogram.add(ms);
  return histogram;
}

/** What the state holds, and the sample that must tell it. */
const SAMPLES: readonly (readonly [Partial<MetricsState>, sample: string, value: number | undefined])[] = [
  [{}, 'build_info{version="1.2.3",deno="2.9.6"}', 1],
  [{}, "start_time_seconds", Date.UTC(2026, 0, 2, 3, 4, 5, 500) / 1000],
  [{}, 'webhooks_total{outcome="forwarded",reason=""}', 0],
  [
    { webhooks: [{ status: "forwarded", reason: "", count: 7 }] },
    'webhooks_total{outcome="forwarded",reason=""}',
    7,
  ],
  [
    { webhooks: [{ status: "unavailable", reason: "key", count: 2 }] },
    'webhooks_total{outcome="unavailable",reason="key"}',
    2,
  ],
  [{ inFlight: 12 }, "webhooks_in_flight", 12],
  [{}, 'attempts_total{verdict="unknown"}', 0],
  [{ attempts: { later: 4 } }, 'attempts_total{verdict="later"}', 4],
  [{ webhookDurations: histogramOf(5, 6, 30_000) }, 'webhook_duration_seconds_bucket{le="0.005"}', 1],
  [{ webhookDurations: histogramOf(5, 6, 30_000) }, 'webhook_duration_seconds_bucket{le="20"}', 2],
  [{ webhookDurations: histogramOf(5, 6, 30_000) }, 'webhook_duration_seconds_bucket{le="+Inf"}', 3],
  [{ webhookDurations: histogramOf(5, 6, 30_000) }, "webhook_duration_seconds_count", 3],
  [{ attemptDurations: histogramOf(1_500, 500) }, "attempt_duration_seconds_sum", 2],
  [{}, 'delivery_duration_seconds_bucket{le="604800"}', 0],
  [{}, "last_webhook_timestamp_seconds", undefined],
  [{ lastWebhook: 1_767_323_045_250 }, "last_webhook_timestamp_seconds", 1_767_323_045.25],
  [{}, "last_delivered_timestamp_seconds", undefined],
  [{ lastDelivered: 1_767_323_045_000 }, "last_delivered_timestamp_seconds", 1_767_323_045],
  [{}, 'paused{reason="key"}', 0],
  [{ paused: "key" }, 'paused{reason="key"}', 1],
  [{ paused: "key" }, 'paused{reason="platformx"}', 0],
  [{}, "outbox_readable", 1],
  [{ outbox: { pending: 3, dead: 2, oldestPendingMs: 61_500 } }, "outbox_pending", 3],
  [{ outbox: { pending: 3, dead: 2, oldestPendingMs: 61_500 } }, "outbox_dead", 2],
  [{ outbox: { pending: 3, dead: 2, oldestPendingMs: 61_500 } }, "outbox_oldest_pending_seconds", 61.5],
  // The clock was set back: an age below zero would be nonsense.
  [{ outbox: { pending: 3, dead: 2, oldestPendingMs: -500 } }, "outbox_oldest_pending_seconds", 0],
  [{}, "outbox_oldest_pending_seconds", 0],
  [{ outbox: "unreadable" }, "outbox_readable", 0],
  [{ outbox: "unreadable" }, "outbox_pending", undefined],
  [{ outbox: "unreadable" }, "outbox_dead", undefined],
  [{ outbox: "unreadable" }, "outbox_oldest_pending_seconds", undefined],
  [{ outbox: undefined }, "outbox_readable", undefined],
  [{ outbox: undefined }, "outbox_pending", undefined],
];

for (const [changes, sample, value] of SAMPLES) {
  const given = JSON.stringify(
    changes,
    (_, part) => part instanceof Histogram ? `${part.counts}` : part ?? null,
  );
  Deno.test(`metrics: ${sample} is ${value ?? "missing"} with ${given}`, () => {
    assert.equal(valueIn(stateWith(changes), sample), value);
  });
}

Deno.test("every outcome, reason, verdict and pause is there from the start, so that rates begin at zero", () => {
  const families = readExposition(metricsText(stateWith()));
  const samplesOf = (name: string) => [...families.get(`coder_platformx_${name}`)!.samples];
  const webhooks = STATUSES.flatMap((outcome) =>
    REASONS[outcome].map((reason) => [
      `coder_platformx_webhooks_total{outcome="${outcome}",reason="${reason}"}`,
      0,
    ])
  );
  assert.deepEqual(samplesOf("webhooks_total"), webhooks);
  assert.equal(webhooks.length, 5 + 4 + 7 + Object.keys(ERROR_STATUS).length);
  const attempts = VERDICTS.map((verdict) => [`coder_platformx_attempts_total{verdict="${verdict}"}`, 0]);
  assert.deepEqual(samplesOf("attempts_total"), attempts);
  const paused = LATER_CAUSES.map((reason) => [`coder_platformx_paused{reason="${reason}"}`, 0]);
  assert.deepEqual(samplesOf("paused"), paused);
});

Deno.test("the list of verdicts is complete", () => {
  // The compiler asks for every kind here.
  const kinds: Record<Verdict["kind"], true> = { delivered: true, refused: true, later: true, unknown: true };
  assert.deepEqual(Object.keys(kinds).toSorted(), [...VERDICTS].toSorted());
});

Deno.test("names and units are conventional", () => {
  for (const [name, { help, type }] of readExposition(metricsText(stateWith({ lastWebhook: 1 })))) {
    assert.match(name, /^coder_platformx_[a-z_]+$/);
    assert.equal(name.endsWith("_total"), type === "counter", name);
    assert.equal(name.endsWith("_duration_seconds"), type === "histogram", name);
    assert.ok(!/milli|_ms|minutes|hours|bucket|count$|sum$/.test(name), name);
    assert.match(help, /\.$/, `${name}'s help is no sentence`);
  }
});

Deno.test("what comes from outside makes no new series", () => {
  const state = stateWith({
    webhooks: [{ status: "forwarded", reason: "alice@example.com", count: 1 }, {
      status: "x",
      reason: "",
      count: 1,
    }],
    attempts: { "Workspace Created": 5 },
  });
  assert.equal(metricsText(state), metricsText(stateWith()));
});

const anyCount = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const anyTime = fc.option(fc.integer({ min: 0, max: 8.64e15 }), { nil: undefined });
const anyHistogram = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { maxLength: 20 }).map((all) =>
  histogramOf(...all)
);
const anyState: fc.Arbitrary<MetricsState> = fc.record({
  version: fc.string({ unit: "binary" }),
  denoVersion: fc.string(),
  startedAt: fc.integer({ min: 0, max: 8.64e15 }),
  webhooks: fc.uniqueArray(
    fc.constantFrom(...STATUSES).chain((status) =>
      fc.record({
        status: fc.constant<string>(status),
        reason: fc.constantFrom(...REASONS[status]),
        count: anyCount,
      })
    ),
    { selector: ({ status, reason }) => `${status} ${reason}` },
  ),
  attempts: fc.dictionary(fc.constantFrom<string>(...VERDICTS), anyCount),
  webhookDurations: anyHistogram,
  deliveryDurations: anyHistogram,
  attemptDurations: anyHistogram,
  inFlight: fc.nat(),
  paused: fc.option(fc.constantFrom(...LATER_CAUSES), { nil: undefined }),
  lastWebhook: anyTime,
  lastDelivered: anyTime,
  outbox: fc.oneof(
    fc.constantFrom("unreadable" as const, undefined),
    fc.record({
      pending: anyCount,
      dead: anyCount,
      oldestPendingMs: fc.option(fc.integer(), { nil: undefined }),
    }),
  ),
});

Deno.test("any state gives text that can be read, and nothing counted gets lost", () => {
  fc.assert(fc.property(anyState, (state) => {
    const families = readExposition(metricsText(state));
    const samplesOf = (name: string) => families.get(`coder_platformx_${name}`)!.samples;
    for (const { status, reason, count } of state.webhooks) {
      const sample = `coder_platformx_webhooks_total{outcome="${status}",reason="${reason}"}`;
      assert.equal(samplesOf("webhooks_total").get(sample), count, sample);
    }
    for (const [verdict, count] of Object.entries(state.attempts)) {
      const sample = `coder_platformx_attempts_total{verdict="${verdict}"}`;
      assert.equal(samplesOf("attempts_total").get(sample), count, sample);
    }
    for (const [name, { type, samples }] of families) {
      if (type !== "histogram") continue;
      const buckets = [...samples].filter(([sample]) => sample.includes("_bucket{"));
      assert.ok(buckets.every(([, count], at) => at === 0 || count >= buckets[at - 1]![1]), `${name} falls`);
      assert.equal(buckets.at(-1)![0], `${name}_bucket{le="+Inf"}`);
      assert.equal(buckets.at(-1)![1], samples.get(`${name}_count`));
    }
  }));
});
