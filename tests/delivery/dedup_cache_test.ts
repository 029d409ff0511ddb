import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import v8 from "node:v8";
import vm from "node:vm";
import fc from "fast-check";
import type { Occurrence } from "../../lib/coder/occurrence.ts";
import { DedupCache } from "../../lib/delivery/dedup_cache.ts";
import { FakeClock } from "../support/fakes.ts";

const WINDOW = 1_000;

function cacheWith(window = WINDOW) {
  const clock = new FakeClock();
  const cache = new DedupCache(window, clock.monotonic);
  const remember = (messageId: string, key = "happening", recipient = "tina"): Occurrence =>
    cache.remember(key, { recipient, messageId, arrivedAt: clock.now() });
  return { clock, cache, remember };
}

/** The message that began the occurrence: names it whatever is forgotten. */
function firstOf(occurrence: Occurrence): string | undefined {
  return occurrence.copies[1];
}

Deno.test("copies meet their occurrence, each happening by itself", () => {
  const { remember } = cacheWith();
  const firsts = [
    remember("1"),
    remember("2", "happening", "omar"),
    remember("3"),
    remember("4", "another"),
    remember("1"),
    remember("5", "happening", "omar"),
  ].map(firstOf);
  assert.deepEqual(firsts, ["1", "1", "3", "4", "1", "3"]);
});

Deno.test("an occurrence is remembered for the window from its first copy, which later ones do not prolong", async (t) => {
  const rows: [passes: number[], remembered: boolean][] = [
    [[WINDOW - 1], true],
    [[WINDOW], false],
    [[WINDOW / 2, WINDOW / 2 - 1], true],
    [[WINDOW / 2, WINDOW / 2], false],
    [[300, 300, 300, 99], true],
    [[300, 300, 300, 100], false],
    [[10 * WINDOW], false],
  ];
  for (const [passes, remembered] of rows) {
    await t.step(passes.join(" + "), async () => {
      const { clock, remember } = cacheWith();
      remember("1");
      let last = remember("1");
      for (const [index, ms] of passes.entries()) {
        await clock.advance(ms);
        last = remember(`copy ${index}`, "happening", `recipient ${index}`);
      }
      assert.equal(firstOf(last) === "1", remembered);
    });
  }
});

Deno.test("what is settled stays settled as long as it is remembered", async () => {
  const { clock, cache, remember } = cacheWith();
  const { number } = remember("1");
  remember("2");
  cache.settle("happening", number);
  assert.deepEqual([remember("1").settled, remember("2").settled], [true, false]);
  await clock.advance(WINDOW - 1);
  assert.equal(remember("1").settled, true);
  await clock.advance(1);
  assert.equal(remember("1").settled, false);
});

Deno.test("an occurrence that is held is never forgotten, however long that lasts", async (t) => {
  for (const windows of [[1], [1, 1, 1], [3], [1000], [0.25, 0.25, 0.25, 0.25, 0.25, 0.25]]) {
    await t.step(`${windows.join(" + ")} windows`, async () => {
      const { clock, cache, remember } = cacheWith();
      const { number } = remember("1");
      cache.hold("happening", number);
      for (const part of windows) {
        await clock.advance(part * WINDOW);
        // Another happening's copy lets the cache forget.
        remember("other", "another");
      }
      const copy = remember("2", "happening", "omar");
      assert.deepEqual([firstOf(copy), copy.number], ["1", number]);
      cache.settle("happening", number);
      assert.equal(remember("1").settled, true);
      cache.release("happening", number);
      assert.deepEqual([firstOf(remember("1")), remember("1").settled], ["1", false], "not forgotten");
    });
  }
});

Deno.test("a held occurrence keeps what came after it, not what came before", async () => {
  const { clock, cache, remember } = cacheWith();
  remember("1");
  cache.hold("happening", remember("2").number);
  remember("3");
  await clock.advance(WINDOW);
  assert.deepEqual([firstOf(remember("3")), firstOf(remember("2"))], ["3", "2"]);
  assert.equal(firstOf(remember("1")), "1", "a message that was forgotten is a new occurrence");
});

Deno.test("a held occurrence stays, also when its happening began in a generation that is gone", async () => {
  const { clock, cache, remember } = cacheWith();
  remember("1");
  await clock.advance(0.5 * WINDOW);
  const { number } = remember("2");
  cache.hold("happening", number);
  await clock.advance(0.8 * WINDOW);
  remember("other", "another");
  assert.equal(remember("2").number, number);
  assert.equal(remember("3", "happening", "omar").number, number);
});

Deno.test("setting the machine's clock changes nothing that is remembered", async (t) => {
  const hour = 3_600_000;
  for (const jump of [-48 * hour, -1, 1, 48 * hour]) {
    await t.step(`by ${jump} ms`, async () => {
      const { clock, remember } = cacheWith();
      remember("1");
      clock.setBy(jump);
      await clock.advance(WINDOW - 1);
      assert.equal(firstOf(remember("2", "happening", "omar")), "1");
      await clock.advance(1);
      assert.equal(firstOf(remember("3", "happening", "uma")), "3");
    });
  }
});

Deno.test("what the window is over for can be freed, except what is held", async () => {
  v8.setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = vm.runInNewContext("gc");
  const { clock, cache, remember } = cacheWith();
  const held = new WeakRef(remember("held", "held"));
  cache.hold("held", 1);
  // In a function of its own, so that its variables hold nothing.
  const rememberMany = () =>
    Array.from({ length: 50 }, (_, i) => new WeakRef(remember("1", `happening ${i}`)));
  const old = rememberMany();
  const alive = () => old.filter((occurrence) => occurrence.deref() !== undefined).length;

  await clock.advance(WINDOW - 1);
  remember("1", "another");
  await setTimeout(1);
  collectGarbage();
  assert.equal(alive(), old.length, "freed within the window");

  await clock.advance(WINDOW);
  remember("2", "another");
  for (let i = 0; i < 20 && alive() > 0; i++) {
    await setTimeout(1);
    collectGarbage();
  }
  assert.equal(alive(), 0, "still remembered after two windows");
  assert.notEqual(held.deref(), undefined, "a held one was freed");
});

Deno.test("whatever the window and the steps, exactly the window decides what is remembered", async () => {
  const copies = fc.array(
    fc.record({ pass: fc.nat(400), key: fc.constantFrom("x", "y"), message: fc.constantFrom("1", "2", "3") }),
    { maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 2_000 }), copies, async (window, copies) => {
      const { clock, cache, remember } = cacheWith(window);
      // One recipient: then every message is an occurrence of its own, begun when it came first.
      const began = new Map<string, number>();
      for (const { pass, key, message } of copies) {
        await clock.advance(pass);
        const now = clock.monotonic();
        const since = began.get(`${key} ${message}`);
        const known = since !== undefined && now - since < window;
        const { number, settled } = remember(message, key);
        assert.equal(settled, known, `${key} ${message} at ${now}`);
        if (!known) began.set(`${key} ${message}`, now);
        cache.settle(key, number);
      }
    }),
    { numRuns: 300 },
  );
});
