import assert from "node:assert/strict";
import fc from "fast-check";
import { TokenBucket } from "../../lib/platformx/token_bucket.ts";

const EVER = Infinity;

/** What so many reservations at the same time are told to wait. */
function waits(bucket: TokenBucket, now: number, count: number): (number | undefined)[] {
  return Array.from({ length: count }, () => bucket.reserve(now, EVER));
}

Deno.test("a burst of a tenth of the rate, at least one, goes out at once", async (t) => {
  const rows: [perMinute: number, burst: number, nextWait: number][] = [
    [300, 30, 200],
    [1000, 100, 60],
    [19, 1, 3_158],
    [10, 1, 6_000],
    [9, 1, 6_667],
    [1, 1, 60_000],
  ];
  for (const [perMinute, burst, nextWait] of rows) {
    await t.step(`${perMinute} per minute`, () => {
      const bucket = new TokenBucket(perMinute);
      assert.deepEqual(waits(bucket, 5, burst + 1), [...Array(burst).fill(0), nextWait]);
    });
  }
});

Deno.test("no limit never waits", () => {
  const bucket = new TokenBucket(0);
  assert.deepEqual(new Set(waits(bucket, 0, 1_000)), new Set([0]));
  assert.equal(bucket.reserve(0, 0), 0);
});

Deno.test("those that find no token wait in the order in which they came, one interval after the other", () => {
  const bucket = new TokenBucket(60);
  waits(bucket, 0, 6);
  assert.deepEqual(waits(bucket, 0, 3), [1_000, 2_000, 3_000]);
  assert.deepEqual(waits(bucket, 500, 1), [3_500]);
});

Deno.test("a wait that is too long takes no token", () => {
  const bucket = new TokenBucket(60);
  waits(bucket, 0, 6);
  assert.equal(bucket.reserve(0, 999), undefined);
  assert.equal(bucket.reserve(0, 1_000), 1_000);
  assert.equal(bucket.reserve(0, 1_999), undefined);
  assert.equal(bucket.reserve(0, 2_000), 2_000);
});

Deno.test("the bucket refills steadily, and never above the burst", () => {
  const bucket = new TokenBucket(60);
  waits(bucket, 0, 6);
  assert.deepEqual(waits(bucket, 2_500, 3), [0, 0, 500]);
  assert.deepEqual(waits(bucket, 10_000_000, 7), [0, 0, 0, 0, 0, 0, 1_000]);
});

Deno.test("a token given back goes to the next one, and does not raise the burst", () => {
  const bucket = new TokenBucket(60);
  bucket.giveBack();
  waits(bucket, 0, 6);
  assert.equal(bucket.reserve(0, EVER), 1_000);
  bucket.giveBack();
  bucket.giveBack();
  assert.deepEqual(waits(bucket, 0, 2), [0, 1_000]);
});

Deno.test("a time that goes back neither gives nor takes tokens", () => {
  const bucket = new TokenBucket(60);
  waits(bucket, 10_000, 6);
  assert.equal(bucket.reserve(5_000, 999), undefined);
  assert.equal(bucket.reserve(11_000, 0), 0);
  assert.equal(bucket.reserve(11_000, 0), undefined);
});

Deno.test("no minute has more than a minute's tokens and one burst", () => {
  const steps = fc.array(
    fc.record({
      pass: fc.integer({ min: 0, max: 30_000 }),
      longest: fc.constantFrom(0, 1_000, 60_000, EVER),
      giveBack: fc.boolean(),
    }),
    { maxLength: 200 },
  );
  fc.assert(fc.property(fc.integer({ min: 1, max: 100 }), steps, (perMinute, steps) => {
    const bucket = new TokenBucket(perMinute);
    const burst = Math.max(1, Math.floor(perMinute / 10));
    const used: number[] = [];
    let now = 0;
    for (const { pass, longest, giveBack } of steps) {
      now += pass;
      const wait = bucket.reserve(now, longest);
      if (wait === undefined) continue;
      assert.ok(wait <= longest);
      if (giveBack && wait === 0) bucket.giveBack();
      else used.push(now + wait);
    }
    used.sort((a, b) => a - b);
    for (const from of used) {
      const inMinute = used.filter((at) => at >= from && at < from + 60_000).length;
      assert.ok(inMinute <= perMinute + burst, `${inMinute} within a minute from ${from}`);
    }
  }));
});
