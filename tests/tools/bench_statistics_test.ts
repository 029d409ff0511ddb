/** The arithmetic of the benchmarks, and how results are shown. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { resultsOf, timesAsFast } from "../../tools/bench/load/results.ts";
import type { Run } from "../../tools/bench/load/run.ts";
import { BARE } from "../../tools/bench/load/subjects.ts";
import { markdownTable, shown, shownSpread, verdictOn } from "../../tools/bench/markdown.ts";
import { median, percentile, ratiosOf, spreadOf } from "../../tools/bench/statistics.ts";

Deno.test("the median is the middle value, or between the two middle ones", async (t) => {
  const rows: [values: number[], expected: number][] = [
    [[], NaN],
    [[7], 7],
    [[3, 1], 2],
    [[9, 1, 5], 5],
    [[10, 9, 100, 2], 9.5],
  ];
  for (const [values, expected] of rows) {
    await t.step(JSON.stringify(values), () => assert.equal(median(values), expected));
  }
});

Deno.test("a percentile is the nearest rank: a value that was measured", async (t) => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  const rows: [values: number[], percent: number, expected: number][] = [
    [[], 50, NaN],
    [[4], 99, 4],
    [[2, 1], 50, 1],
    [[1, 2, 3], 50, 2],
    [hundred, 50, 50],
    [hundred, 99, 99],
    [hundred, 100, 100],
    [hundred, 0, 1],
    [[10, 9, 100], 99, 100],
  ];
  for (const [values, percent, expected] of rows) {
    await t.step(
      `${percent} of ${values.length} values`,
      () => assert.equal(percentile(values, percent), expected),
    );
  }
});

Deno.test("at least so many percent of all values are not above the percentile, and fewer are below it", () => {
  const values = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1 });
  fc.assert(fc.property(values, fc.integer({ min: 1, max: 100 }), (all, percent) => {
    const found = percentile(all, percent);
    assert.ok(all.filter((value) => value <= found).length >= all.length * percent / 100);
    assert.ok(all.filter((value) => value < found).length < all.length * percent / 100);
  }));
});

Deno.test("a spread is median, least and most", () => {
  assert.deepEqual(spreadOf([0.7, 0.9, 0.2]), { median: 0.7, least: 0.2, most: 0.9 });
});

Deno.test("a ratio is made with the base of the same round, and a round without one is an error", () => {
  assert.deepEqual(ratiosOf([50, 30], [100, 40]), [0.5, 0.75]);
  assert.throws(() => ratiosOf([1, 2], [1]), { name: "RangeError", message: /2 and 1/ });
});

Deno.test("a table is as 'deno fmt' would leave it", () => {
  assert.equal(
    markdownTable(["Subject", "N"], [["bare", "8,357"], ["direct WARNING", "1"]]),
    [
      "| Subject        |     N |",
      "| -------------- | ----: |",
      "| bare           | 8,357 |",
      "| direct WARNING |     1 |",
    ].join("\n"),
  );
});

Deno.test("a number has its thousands apart, and what was not measured is a dash", () => {
  assert.equal(shown(12345.678), "12,346");
  assert.equal(shown(0.5, 2), "0.50");
  assert.equal(shown(NaN, 2), "–");
  assert.equal(shownSpread({ median: 0.756, least: 0.7, most: 0.8 }), "0.76 (0.70–0.80)");
});

Deno.test("a goal is met at its bound, and what was not measured meets none", async (t) => {
  const rows: [value: number, goal: Parameters<typeof verdictOn>[1], expected: string][] = [
    [0.75, { atLeast: 0.75 }, "at least 0.75: met"],
    [0.7499, { atLeast: 0.75 }, "at least 0.75: missed"],
    [1.25, { atMost: 1.25 }, "at most 1.25: met"],
    [1.26, { atMost: 1.25 }, "at most 1.25: missed"],
    [NaN, { atMost: 1.25 }, "at most 1.25: missed"],
    [NaN, { atLeast: 0.75 }, "at least 0.75: missed"],
  ];
  for (const [value, goal, expected] of rows) {
    await t.step(`${value}, ${JSON.stringify(goal)}`, () => assert.equal(verdictOn(value, goal), expected));
  }
});

/** Runs of a subject in two rounds. */
function runsOf(perSecond: readonly number[], processor: readonly number[], memory = 100): Run[] {
  return perSecond.map((rate, round) => ({
    ...{ perSecond: rate, processor: processor[round]!, memory, p50: 1, p99: 2, drain: 0, pending: 0 },
    ...{ accepted: 1, failed: 0, events: 1, repeated: 0 },
  }));
}

Deno.test("a subject is compared round by round: more webhooks a second, less processor time for each", () => {
  const runs = new Map([["a", runsOf([30, 80], [10, 10])], ["b", runsOf([10, 40], [30, 20])]]);
  const { rate, processor } = timesAsFast(runs, "a", "b");
  assert.deepEqual([rate.least, rate.most], [2, 3]);
  assert.deepEqual([processor.least, processor.most], [2, 3]);
});

Deno.test("a goal of the load is met by rate or by processor time, and one without its subjects is not told", () => {
  const bare = runsOf([100], [10]);
  const rows: [direct: Run[], missed: number][] = [
    [runsOf([52], [99]), 0],
    [runsOf([1], [19]), 0],
    [runsOf([51], [20]), 1],
    [runsOf([51], [20], 121), 2],
  ];
  for (const [direct, expected] of rows) {
    const { lines, missed } = resultsOf(new Map([[BARE, bare], ["direct", direct]]), " @old");
    assert.equal(missed, expected, lines.join("\n"));
    assert.ok(!lines.some((line) => line.includes("@old") || line.includes("outbox")), lines.join("\n"));
  }
});

Deno.test("with another commit beside it the service has to be so many times as fast as that", () => {
  const runs = new Map([["direct", runsOf([135], [10])], ["direct @old", runsOf([100], [10])]]);
  assert.equal(resultsOf(runs, " @old").missed, 0);
  assert.equal(resultsOf(runs, undefined).missed, 0);
  assert.equal(resultsOf(new Map([...runs, ["direct", runsOf([134], [10])]]), " @old").missed, 1);
});
