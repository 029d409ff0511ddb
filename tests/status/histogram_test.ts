import assert from "node:assert/strict";
import fc from "fast-check";
import { DELIVERY_BOUNDS, Histogram, REQUEST_BOUNDS } from "../../lib/status/histogram.ts";

/** Durations in milliseconds, and the bucket of `10 | 100 | above` that counts them. */
const PLACES: readonly (readonly [ms: number, bucket: number])[] = [
  [0, 0],
  [9.999, 0],
  [10, 0],
  [10.001, 1],
  [100, 1],
  [100.5, 2],
  [1e12, 2],
];

for (const [ms, bucket] of PLACES) {
  Deno.test(`a histogram counts ${ms} ms in bucket ${bucket}`, () => {
    const histogram = new Histogram([10, 100]);
    histogram.add(ms);
    assert.deepEqual(histogram.counts, [0, 1, 2].map((at) => at === bucket ? 1 : 0));
    assert.equal(histogram.sum, ms);
  });
}

for (const [name, bounds] of Object.entries({ REQUEST_BOUNDS, DELIVERY_BOUNDS })) {
  Deno.test(`${name} ascends`, () => {
    assert.deepEqual(bounds, bounds.toSorted((a, b) => a - b));
    assert.equal(new Set(bounds).size, bounds.length);
  });
}

Deno.test("histograms share nothing", () => {
  const [first, second] = [new Histogram(), new Histogram()];
  first.add(1);
  assert.deepEqual(second.counts, new Array(REQUEST_BOUNDS.length + 1).fill(0));
});

Deno.test("a histogram loses no duration, and knows their sum", () => {
  fc.assert(fc.property(fc.array(fc.nat({ max: 100_000 })), (durations) => {
    const histogram = new Histogram();
    for (const ms of durations) histogram.add(ms);
    assert.equal(histogram.counts.reduce((sum, count) => sum + count, 0), durations.length);
    assert.equal(histogram.sum, durations.reduce((sum, ms) => sum + ms, 0));
    for (const [at, bound] of REQUEST_BOUNDS.entries()) {
      const upTo = histogram.counts.slice(0, at + 1).reduce((sum, count) => sum + count, 0);
      assert.equal(upTo, durations.filter((ms) => ms <= bound).length, `up to ${bound} ms`);
    }
  }));
});
