import assert from "node:assert/strict";
import fc from "fast-check";
import { Random } from "../crash/random.ts";
import { afterWarmUp, FEWEST, type Sample, trendOf } from "./flatness.ts";

/** A sample every 40 s. */
function course(values: readonly number[]): Sample[] {
  return values.map((value, index) => ({ at: index * 40, value }));
}

/** Noise that is the same in every run, from -1 to below 1. */
function noise(seed: number, length: number): number[] {
  const random = new Random(seed);
  return Array.from({ length }, () => random.between(-1, 1));
}

Deno.test("a straight course has its slope and its growth", () => {
  assert.deepEqual(trendOf(course([10, 12, 14, 16, 18])), { slope: 3, growth: 8 });
});

for (let seed = 1; seed <= 20; seed++) {
  Deno.test(`a leak shows through noise, and noise alone is no leak (${seed})`, () => {
    const flat = noise(seed, 12).map((wobble) => 80 + 4 * wobble);
    const leaking = flat.map((value, index) => value + 4 * index);
    assert.ok(trendOf(course(flat))!.growth < 10, `flat: ${flat}`);
    assert.ok(trendOf(course(leaking))!.growth > 30, `leaking: ${leaking}`);
  });
}

Deno.test("two samples far off do not make a flat course grow", () => {
  const flat = Array.from({ length: 12 }, () => 80);
  assert.equal(trendOf(course(flat.with(10, 200).with(11, 200)))!.growth, 0);
});

Deno.test("a step in the middle is growth", () => {
  assert.ok(trendOf(course([80, 80, 80, 80, 120, 120, 120, 120]))!.growth > 20);
});

Deno.test("a course that shrinks has a negative growth", () => {
  assert.ok(trendOf(course([90, 88, 85, 84, 80]))!.growth < 0);
});

Deno.test("too few samples have no trend", () => {
  assert.equal(trendOf(course(Array.from({ length: FEWEST - 1 }, (_, index) => index))), undefined);
});

Deno.test("the trend of any straight course is that of the line, at whatever times it was looked at", () => {
  fc.assert(fc.property(
    fc.integer({ min: -1_000, max: 1_000 }),
    fc.uniqueArray(fc.integer({ min: 0, max: 10_000 }), { minLength: FEWEST, maxLength: 20 }),
    (perMinute, times) => {
      const samples = times.sort((a, b) => a - b).map((at) => ({ at, value: perMinute * at / 60 }));
      assert.ok(Math.abs(trendOf(samples)!.slope - perMinute) < 1e-6);
    },
  ));
});

for (
  const { samples, left } of [
    { samples: 2, left: 0 },
    { samples: 5, left: 3 },
    { samples: 8, left: 6 },
    { samples: 16, left: 12 },
    { samples: 17, left: 12 },
  ]
) {
  Deno.test(`of ${samples} samples, ${left} are left after the warm-up, and they are the last ones`, () => {
    const all = Array.from({ length: samples }, (_, index) => index);
    assert.deepEqual(afterWarmUp(all), all.slice(samples - left));
  });
}
