import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import type { Held } from "../../lib/platformx/gate.ts";
import type { LaterCause, Verdict } from "../../lib/platformx/verdict.ts";
import { DELIVERED, FAILED, gateWith, KEY_REFUSED, LOST, RATE_LIMITED, WRONG_URL } from "./fakes.ts";

Deno.test("an attempt brings PlatformX's verdict, and the time of the last delivery is known", async () => {
  const { gate, clock, send } = gateWith();
  assert.equal(gate.status().lastDelivered, undefined);
  for (const verdict of [FAILED, { kind: "refused", words: constant("no") }, LOST] as const) {
    assert.deepEqual(await send(verdict), verdict);
  }
  assert.equal(gate.status().lastDelivered, undefined);
  await clock.advance(5_000);
  assert.deepEqual(await send(DELIVERED), DELIVERED);
  const delivered = clock.now();
  assert.equal(gate.status().lastDelivered, delivered);
  await clock.advance(5_000);
  await send(FAILED);
  assert.equal(gate.status().lastDelivered, delivered);
});

Deno.test("a pause stops everybody at once, and tells the cause, since when, and when the next probe goes out", async (t) => {
  const rows: [what: string, verdicts: Verdict[], cause: LaterCause][] = [
    ["one rate limit", [RATE_LIMITED], "rate_limit"],
    ["one refused key", [KEY_REFUSED], "key"],
    ["three failures", [FAILED, FAILED, FAILED], "platformx"],
    ["three answers of somebody else", [WRONG_URL, WRONG_URL, WRONG_URL], "url"],
    ["three lost answers", [LOST, LOST, LOST], "platformx"],
  ];
  for (const [what, verdicts, cause] of rows) {
    await t.step(what, async () => {
      const { gate, clock, platformX, begin, send } = gateWith();
      for (const [index, verdict] of verdicts.entries()) {
        assert.equal(gate.held(), undefined, `held before verdict ${index + 1}`);
        assert.equal(gate.isPaused, false);
        assert.equal(gate.status().paused, undefined);
        await send(verdict);
      }
      const at = clock.now();
      await clock.advance(400);
      const held: Held = { kind: "held", reason: cause, waitMs: 1_000 };
      assert.deepEqual((await begin()).value, held);
      assert.deepEqual(gate.held(), held);
      assert.equal(gate.isPaused, true);
      assert.deepEqual(gate.status().paused, { cause, at, forMs: 400, nextProbeMs: 600 });
      assert.equal(platformX.sent.length, verdicts.length);
    });
  }
});

Deno.test("a fault that is not PlatformX's is told before it becomes a pause, and until an answer shows another", async () => {
  const { gate, send } = gateWith();
  const rows: [verdict: Verdict, trouble: LaterCause | undefined][] = [
    [WRONG_URL, "url"],
    [FAILED, undefined],
    [DELIVERED, undefined],
    [WRONG_URL, "url"],
    [DELIVERED, undefined],
    [KEY_REFUSED, "key"],
  ];
  for (const [verdict, trouble] of rows) {
    await send(verdict);
    assert.equal(gate.status().trouble, trouble);
  }
});

Deno.test("in a pause one probe at a time goes out, at growing distances, and the first success ends it", async () => {
  const { gate, clock, platformX, begin, send, most } = gateWith();
  await send(RATE_LIMITED);
  for (const distance of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
    await clock.advance(distance - 1);
    assert.equal((await begin()).value?.kind, "held", `a probe before ${distance} ms`);
    await clock.advance(1);
    const probe = await begin();
    assert.equal((await begin()).value?.kind, "held", "a second probe");
    await clock.advance(5_000);
    assert.equal((await begin()).value?.kind, "held", "a second probe after a while");
    assert.equal(platformX.underWay, 1);
    await platformX.end(FAILED);
    assert.deepEqual(probe.value, FAILED);
  }
  await clock.advance(60_000);
  await send(DELIVERED);
  assert.equal(gate.isPaused, false);
  assert.equal(await most(3), 3);
});

Deno.test("Retry-After puts the probe off", async () => {
  const { gate, clock, begin, send } = gateWith();
  await send({ kind: "later", cause: "rate_limit", seen: constant("status 429"), retryAfterMs: 90_000 });
  assert.deepEqual((await begin()).value, { kind: "held", reason: "rate_limit", waitMs: 90_000 });
  assert.deepEqual(gate.room(), { free: 0, inMs: 90_000 });
  await clock.advance(89_999);
  assert.equal((await begin()).value?.kind, "held");
  await clock.advance(1);
  assert.deepEqual(gate.room(), { free: 1, inMs: 0 });
  await send(DELIVERED);
});

Deno.test("an attempt that was under way when the pause began can end it, but not prolong it", async (t) => {
  for (const [verdict, paused] of [[DELIVERED, false], [FAILED, true]] as const) {
    await t.step(verdict.kind, async () => {
      const { gate, clock, platformX, begin, send } = gateWith();
      const sendings = [await begin(), await begin()];
      await platformX.end(RATE_LIMITED);
      await clock.advance(900);
      await platformX.end(verdict);
      assert.deepEqual(sendings.map(({ value }) => value), [RATE_LIMITED, verdict]);
      assert.equal(gate.isPaused, paused);
      await clock.advance(100);
      assert.deepEqual(await send(DELIVERED), DELIVERED);
    });
  }
});

Deno.test("who waits for a token or a place is released the moment a pause or a shutdown begins", async (t) => {
  const causes: [what: string, reason: Held["reason"]][] = [["pause", "key"], ["shutdown", "draining"]];
  for (const [what, reason] of causes) {
    for (
      const [place, options, running] of [["a token", { ratePerMinute: 10 }, 1], ["a place", {}, 64]] as const
    ) {
      await t.step(`${what}, while waiting for ${place}`, async () => {
        const { gate, clock, platformX, draining, begin } = gateWith(options);
        for (let i = 0; i < running; i++) await begin();
        const waiting = [await begin(60_000), await begin(60_000)];
        assert.equal(gate.held(), undefined);
        assert.equal(platformX.underWay, running);
        if (what === "shutdown") draining.abort();
        // The attempt that begins the pause leaves its place: who gets it is told of the pause instead.
        else await platformX.end(KEY_REFUSED);
        await clock.advance(0);
        for (const { value } of waiting) assert.deepEqual(value, { kind: "held", reason, waitMs: 1_000 });
        assert.equal(clock.sleepers, 0, "somebody sleeps on");
        while (platformX.underWay > 0) await platformX.end(DELIVERED);
        assert.equal(platformX.sent.length, running);
      });
    }
  }
});

Deno.test("a shutdown holds everybody, without a pause too", async () => {
  const { gate, draining, begin } = gateWith();
  const begins = gate.holdBegins;
  assert.equal(begins.aborted, false);
  draining.abort();
  assert.equal(begins.aborted, true);
  assert.deepEqual((await begin()).value, { kind: "held", reason: "draining", waitMs: 1_000 });
  assert.deepEqual(gate.room(), { free: 0, inMs: 1_000 });
});

Deno.test("each pause gives its own signal, and after it the next can be waited for", async () => {
  const { gate, clock, draining, send } = gateWith();
  for (let round = 1; round <= 3; round++) {
    const begins = gate.holdBegins;
    assert.equal(begins.aborted, false, `round ${round}`);
    await send(RATE_LIMITED);
    assert.equal(begins.aborted, true, `round ${round}`);
    await clock.advance(1_000);
    await send(DELIVERED);
  }
  const begins = gate.holdBegins;
  draining.abort();
  assert.equal(begins.aborted, true, "a shutdown after pauses");
});

Deno.test("an attempt that the shutdown cut says nothing about PlatformX", async (t) => {
  const cutOff: Verdict = { kind: "unknown", seen: constant("cut_off") };
  await t.step("three of them begin no pause", async () => {
    const { gate, platformX, cut, begin } = gateWith();
    const sendings = [await begin(), await begin(), await begin()];
    cut.abort();
    for (const _ of sendings) await platformX.end(cutOff);
    assert.deepEqual(sendings.map(({ value }) => value), [cutOff, cutOff, cutOff]);
    assert.equal(gate.isPaused, false);
  });
  await t.step("a cut probe neither ends nor prolongs the pause", async () => {
    const { gate, clock, cut, send } = gateWith();
    await send(RATE_LIMITED);
    await clock.advance(1_000);
    cut.abort();
    await send(cutOff);
    assert.equal(gate.status().paused?.cause, "rate_limit");
    assert.equal(gate.held(), undefined, "the next probe is put off");
  });
});
