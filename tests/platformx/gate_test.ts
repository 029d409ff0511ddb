import assert from "node:assert/strict";
import type { LaterCause, Verdict } from "../../lib/platformx/verdict.ts";
import type { Held } from "../../lib/platformx/gate.ts";
import { EVENT, settled, watched } from "../support/fakes.ts";
import { DELIVERED, FAILED, KEY_REFUSED, permitted, RATE_LIMITED, senderWith, WRONG_URL } from "./fakes.ts";

Deno.test("an attempt brings PlatformX's verdict, and the time of the last delivery is known", async () => {
  const { sender, clock, send } = senderWith();
  assert.equal(sender.lastDelivered, undefined);
  for (const verdict of [FAILED, { kind: "refused", words: "no" }, { kind: "unknown", seen: "x" }] as const) {
    assert.deepEqual(await send(verdict), verdict);
  }
  assert.equal(sender.lastDelivered, undefined);
  await clock.advance(5_000);
  assert.deepEqual(await send(DELIVERED), DELIVERED);
  assert.equal(sender.lastDelivered, clock.now());
  const delivered = clock.now();
  await clock.advance(5_000);
  await send(FAILED);
  assert.equal(sender.lastDelivered, delivered);
});

Deno.test("a pause stops everybody at once, and tells the cause and how long", async (t) => {
  const rows: [what: string, verdicts: Verdict[], cause: LaterCause][] = [
    ["one rate limit", [RATE_LIMITED], "rate_limit"],
    ["one refused key", [KEY_REFUSED], "key"],
    ["three failures", [FAILED, FAILED, FAILED], "platformx"],
    ["three answers of somebody else", [WRONG_URL, WRONG_URL, WRONG_URL], "url"],
  ];
  for (const [what, verdicts, cause] of rows) {
    await t.step(what, async () => {
      const { sender, clock, platformX, acquire, send } = senderWith();
      for (const [index, verdict] of verdicts.entries()) {
        assert.equal(sender.heldNow, undefined, `held before verdict ${index + 1}`);
        assert.equal(sender.paused, undefined);
        await send(verdict);
      }
      const at = clock.now();
      await clock.advance(400);
      const held = await acquire();
      assert.deepEqual(held, { kind: "held", reason: cause, waitMs: 1_000 });
      assert.deepEqual(sender.heldNow, held);
      assert.deepEqual(sender.paused, { cause, at, forMs: 400 });
      assert.equal(platformX.sent.length, verdicts.length);
    });
  }
});

Deno.test("in a pause one probe at a time goes out, at growing distances, and the first success ends it", async () => {
  const { sender, clock, platformX, acquire, send } = senderWith();
  await send(RATE_LIMITED);
  for (const distance of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
    await clock.advance(distance - 1);
    assert.equal((await acquire()).kind, "held", `a probe before ${distance} ms`);
    await clock.advance(1);
    const probe = permitted(await acquire());
    assert.equal((await acquire()).kind, "held", "a second probe");
    const probing = probe.send(EVENT);
    await clock.advance(5_000);
    assert.equal((await acquire()).kind, "held", "a second probe after a while");
    assert.equal(platformX.underWay, 1);
    await platformX.end(FAILED);
    await probing;
  }
  await clock.advance(60_000);
  await send(DELIVERED);
  assert.equal(sender.paused, undefined);
  for (let i = 0; i < 3; i++) permitted(await acquire()).release();
});

Deno.test("Retry-After puts the probe off", async () => {
  const { clock, acquire, send } = senderWith();
  await send({ kind: "later", cause: "rate_limit", seen: "status 429", retryAfterMs: 90_000 });
  assert.deepEqual(await acquire(), { kind: "held", reason: "rate_limit", waitMs: 90_000 });
  await clock.advance(89_999);
  assert.equal((await acquire()).kind, "held");
  await clock.advance(1);
  permitted(await acquire());
});

Deno.test("a probe that was not sent leaves its turn to another one", async () => {
  const { clock, acquire, send } = senderWith();
  await send(KEY_REFUSED);
  await clock.advance(1_000);
  permitted(await acquire()).release();
  const next = permitted(await acquire());
  assert.equal((await acquire()).kind, "held");
  next.release();
});

Deno.test("an attempt that was under way when the pause began can end it, but not prolong it", async (t) => {
  for (const [verdict, paused] of [[DELIVERED, false], [FAILED, true]] as const) {
    await t.step(verdict.kind, async () => {
      const { sender, clock, platformX, acquire } = senderWith();
      const permits = [permitted(await acquire()), permitted(await acquire())];
      const sendings = permits.map((permit) => permit.send(EVENT));
      await platformX.end(RATE_LIMITED);
      await clock.advance(900);
      await platformX.end(verdict);
      await Promise.all(sendings);
      assert.equal(sender.paused !== undefined, paused);
      await clock.advance(100);
      permitted(await acquire()).release();
    });
  }
});

Deno.test("who waits for a token or a place is released the moment a pause or a shutdown begins", async (t) => {
  const causes: [what: string, reason: Held["reason"]][] = [["pause", "key"], ["shutdown", "draining"]];
  for (const [what, reason] of causes) {
    await t.step(`${what}, while waiting for a token`, async () => {
      const { sender, clock, platformX, draining, acquire } = senderWith({ ratePerMinute: 10 });
      const only = permitted(await acquire()).send(EVENT);
      const waiting = [watched(acquire(60_000)), watched(acquire(60_000))];
      await settled();
      assert.equal(sender.heldNow, undefined);
      if (what === "pause") await platformX.end(KEY_REFUSED);
      else draining.abort();
      await settled();
      for (const { value } of waiting) assert.deepEqual(value, { kind: "held", reason, waitMs: 1_000 });
      assert.equal(clock.sleepers, 0, "somebody sleeps on");
      if (what === "shutdown") await platformX.end(DELIVERED);
      await only;
    });
    await t.step(`${what}, while waiting for a place`, async () => {
      const { clock, platformX, draining, acquire } = senderWith();
      const sendings = [];
      for (let i = 0; i < 64; i++) sendings.push(permitted(await acquire()).send(EVENT));
      const waiting = [watched(acquire()), watched(acquire())];
      await settled();
      if (what === "pause") await platformX.end(KEY_REFUSED);
      else draining.abort();
      await settled();
      const held = waiting.map(({ value }) => value?.kind === "held" ? value.reason : value?.kind);
      // The attempt that began the pause left its place: who got it is told of the pause instead.
      assert.deepEqual(held, [reason, reason]);
      assert.equal(clock.sleepers, 0, "somebody sleeps on");
      while (platformX.underWay > 0) await platformX.end(DELIVERED);
      await Promise.all(sendings);
    });
  }
});

Deno.test("a shutdown holds everybody, without a pause too", async () => {
  const { sender, draining, acquire } = senderWith();
  assert.equal(sender.holdBegins.aborted, false);
  draining.abort();
  assert.equal(sender.holdBegins.aborted, true);
  assert.deepEqual(await acquire(), { kind: "held", reason: "draining", waitMs: 1_000 });
});

Deno.test("each pause gives its own signal, and after it the next can be waited for", async () => {
  const { sender, clock, send } = senderWith();
  for (let round = 1; round <= 3; round++) {
    const begins = sender.holdBegins;
    assert.equal(begins.aborted, false, `round ${round}`);
    await send(RATE_LIMITED);
    assert.equal(begins.aborted, true, `round ${round}`);
    await clock.advance(1_000);
    await send(DELIVERED);
  }
});

Deno.test("an attempt that the shutdown cut says nothing about PlatformX", async (t) => {
  const cutOff: Verdict = { kind: "unknown", seen: "cut_off" };
  await t.step("three of them begin no pause", async () => {
    const { sender, platformX, cut, acquire } = senderWith();
    const permits = [await acquire(), await acquire(), await acquire()].map(permitted);
    const sendings = permits.map((permit) => permit.send(EVENT));
    cut.abort();
    for (const _ of permits) await platformX.end(cutOff);
    assert.deepEqual(await Promise.all(sendings), [cutOff, cutOff, cutOff]);
    assert.equal(sender.paused, undefined);
  });
  await t.step("a cut probe neither ends nor prolongs the pause", async () => {
    const { sender, clock, cut, send } = senderWith();
    await send(RATE_LIMITED);
    await clock.advance(1_000);
    cut.abort();
    await send(cutOff);
    assert.equal(sender.paused?.cause, "rate_limit");
    assert.equal(sender.heldNow, undefined, "the next probe is put off");
  });
});
