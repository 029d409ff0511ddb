import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import { EVENT, settled } from "../support/fakes.ts";
import { DELIVERED, FAILED, gateWith, KEY_REFUSED, RATE_LIMITED } from "./fakes.ts";

Deno.test("attempts keep to the rate: a burst of a tenth, then one after the other", async () => {
  const had: number[] = [];
  const { clock, begin } = gateWith({
    ratePerMinute: 60,
    attempt: () => {
      had.push(clock.monotonic() - begun);
      return Promise.resolve(DELIVERED);
    },
  });
  const begun = clock.monotonic();
  for (let i = 0; i < 9; i++) await begin();
  await clock.advance(10_000);
  assert.deepEqual(had, [0, 0, 0, 0, 0, 0, 1_000, 2_000, 3_000]);
});

Deno.test("who would have to wait for a token past the deadline is told so at once, and takes none", async () => {
  const { clock, platformX, begin, most } = gateWith({ ratePerMinute: 60 });
  assert.equal(await most(7), 6);
  const { value } = await begin(999);
  assert.deepEqual(value, { kind: "held", reason: "rate_limit", waitMs: 1_000 });
  await begin(1_000);
  await clock.advance(1_000);
  assert.equal(platformX.underWay, 1);
});

Deno.test("who is told to come back for a token finds one then", async () => {
  const { clock, begin, most } = gateWith({ ratePerMinute: 60 });
  await most(6);
  await clock.advance(600);
  const { value } = await begin(300);
  assert.deepEqual(value, { kind: "held", reason: "rate_limit", waitMs: 400 });
  await clock.advance(400);
  assert.equal(await most(2), 1);
});

Deno.test("after the deadline nothing is sent, at it an attempt may still start, whatever the limit", async (t) => {
  for (const ratePerMinute of [0, 60]) {
    await t.step(`limit ${ratePerMinute}`, async () => {
      const { platformX, begin } = gateWith({ ratePerMinute });
      // No limit stood in the way.
      assert.deepEqual((await begin(-1_500)).value, { kind: "held", reason: "platformx", waitMs: 1_000 });
      assert.equal(platformX.underWay, 0);
      await begin(0);
      assert.equal(platformX.underWay, 1);
    });
  }
});

Deno.test("who waited past the deadline, because the process was busy, sends nothing and takes nothing", async (t) => {
  await t.step("for a token", async () => {
    const { clock, platformX, begin, most } = gateWith({ ratePerMinute: 60 });
    await most(6);
    const waiting = await begin(1_000);
    clock.stall(1_001);
    await clock.advance(0);
    assert.deepEqual(waiting.value, { kind: "held", reason: "platformx", waitMs: 1_000 });
    assert.equal(platformX.underWay, 0);
    assert.equal(await most(2), 1);
  });
  await t.step("for a place", async () => {
    const { clock, platformX, begin, most } = gateWith();
    for (let i = 0; i < 64; i++) await begin();
    const waiting = await begin(1_000);
    clock.stall(1_001);
    await platformX.end(DELIVERED);
    assert.deepEqual(waiting.value, { kind: "held", reason: "platformx", waitMs: 1_000 });
    while (platformX.underWay > 0) await platformX.end(DELIVERED);
    assert.equal(await most(70), 64);
  });
});

Deno.test("tokens of those whom a pause released go to the next ones", async () => {
  const { clock, platformX, begin, most, send } = gateWith({ ratePerMinute: 10 });
  await begin();
  const waiting = [await begin(60_000), await begin(60_000)];
  await platformX.end(RATE_LIMITED);
  assert.deepEqual(waiting.map(({ value }) => value?.kind), ["held", "held"]);
  await clock.advance(6_000);
  assert.deepEqual(await send(DELIVERED), DELIVERED);
  await clock.advance(6_000);
  assert.equal(await most(2), 1);
});

Deno.test("64 attempts are made at once, and the next one when one of them ends", async () => {
  const { gate, clock, platformX, begin } = gateWith();
  for (let i = 0; i < 63; i++) await begin();
  assert.deepEqual(gate.room(), { free: 1, inMs: 0 });
  await begin();
  assert.deepEqual(gate.room(), { free: 0, inMs: 1_000 });
  const waiting = [await begin(), await begin()];
  await clock.advance(9_999);
  assert.equal(platformX.underWay, 64);
  assert.deepEqual(waiting.map(({ value }) => value), [undefined, undefined]);

  await platformX.end(DELIVERED);
  assert.equal(platformX.underWay, 64, "nobody came next");
  assert.equal(platformX.sent.length, 65);
  assert.equal(clock.sleepers, 1, "who has a place sleeps on");

  await clock.advance(1);
  assert.deepEqual(waiting[1]?.value, { kind: "held", reason: "platformx", waitMs: 1_000 });
  assert.equal(clock.sleepers, 0, "somebody sleeps on");
  while (platformX.underWay > 0) await platformX.end(DELIVERED);
  assert.deepEqual(waiting[0]?.value, DELIVERED);
});

Deno.test("of those that ask together when a probe is due one gets leave, and the others leave nothing taken", async () => {
  for (const ratePerMinute of [0, 640]) {
    const { gate, clock, platformX, most, send } = gateWith({ ratePerMinute });
    await send(RATE_LIMITED);
    await clock.advance(60_000);
    for (let i = 0; i < 64; i++) void gate.send(EVENT, clock.monotonic());
    await settled();
    assert.equal(platformX.underWay, 1);
    await platformX.end(DELIVERED);
    assert.equal(await most(70), ratePerMinute === 0 ? 64 : 63);
    assert.equal(clock.sleepers, 0);
  }
});

Deno.test("places are given back however attempts end", async () => {
  const { clock, send, most } = gateWith();
  for (let i = 0; i < 70; i++) await send(i % 2 === 0 ? { kind: "refused", words: constant("") } : FAILED);
  assert.equal(await most(70), 64);
  assert.equal(clock.sleepers, 0);
});

Deno.test("while the key is refused, each probe goes with the key that the file holds then", async () => {
  const keyFile = await Deno.makeTempFile();
  const holding = (key: string) => Deno.writeTextFile(keyFile, key);
  try {
    await holding("old-key");
    const sentWith: string[] = [];
    let verdict = DELIVERED;
    const { gate, clock, key, log } = gateWith({
      keyFile,
      attempt: () => {
        sentWith.push(key.current);
        return Promise.resolve(verdict);
      },
    });
    const sendNow = () => gate.send(EVENT, clock.monotonic());
    await holding("unread-key");
    await sendNow();
    verdict = KEY_REFUSED;
    await sendNow();
    await clock.advance(1_000);
    await holding("wrong-key");
    await sendNow();
    await clock.advance(2_000);
    await holding("right-key");
    verdict = DELIVERED;
    await sendNow();
    await holding("unread-key");
    verdict = RATE_LIMITED;
    await sendNow();
    await clock.advance(1_000);
    await sendNow();
    assert.deepEqual(sentWith, ["old-key", "old-key", "wrong-key", "right-key", "right-key", "right-key"]);
    assert.equal(log.of("key_reloaded").length, 2);
  } finally {
    await Deno.remove(keyFile);
  }
});

Deno.test("a probe that waits for the key's file is one probe, and waits for it no longer than a second", async (t) => {
  await t.step("a file that is read in the end", async () => {
    const reading = Promise.withResolvers<void>();
    const { clock, platformX, begin, send } = gateWith({ key: { reload: () => reading.promise } });
    await send(KEY_REFUSED);
    await clock.advance(1_000);
    const both = [await begin(), await begin()];
    assert.deepEqual(both.map(({ value }) => value?.kind), [undefined, "held"]);
    assert.equal(platformX.underWay, 0);
    reading.resolve();
    await settled();
    assert.equal(platformX.underWay, 1);
    assert.equal(clock.sleepers, 0, "somebody sleeps on");
  });
  await t.step("a file that cannot be read for long", async () => {
    const { clock, platformX, begin, send } = gateWith({ key: { reload: () => new Promise(() => {}) } });
    await send(KEY_REFUSED);
    await clock.advance(1_000);
    await begin();
    await clock.advance(999);
    assert.equal(platformX.underWay, 0);
    await clock.advance(1);
    assert.equal(platformX.underWay, 1);
  });
  await t.step(
    "and whose deadline is over by then is sent no more, and leaves its turn and its token",
    async () => {
      const options = { ratePerMinute: 20, key: { reload: () => new Promise<void>(() => {}) } };
      const { gate, clock, platformX, begin, send, most } = gateWith(options);
      await send(KEY_REFUSED);
      await clock.advance(6_000);
      const probe = await begin(500);
      await clock.advance(1_000);
      assert.deepEqual(probe.value, { kind: "held", reason: "platformx", waitMs: 1_000 });
      assert.equal(gate.held(), undefined, "the next probe is put off");
      await begin();
      await clock.advance(1_000);
      await platformX.end(DELIVERED);
      assert.equal(await most(3), 1);
    },
  );
  await t.step("a shutdown ends the wait, and nothing is sent", async () => {
    const { clock, platformX, draining, begin, send } = gateWith({
      key: { reload: () => new Promise(() => {}) },
    });
    await send(KEY_REFUSED);
    await clock.advance(1_000);
    const probe = await begin();
    draining.abort();
    await settled();
    assert.deepEqual(probe.value, { kind: "held", reason: "draining", waitMs: 1_000 });
    assert.deepEqual([platformX.underWay, clock.sleepers], [0, 0]);
  });
});

Deno.test("an attempt that ends by a fault leaves its place, and as a probe its turn", async () => {
  let isFaulty = true;
  const { gate, clock, platformX, send, most } = gateWith({
    attempt: (event) => isFaulty ? Promise.reject(new Error("a fault")) : platformX.attempt(event),
  });
  const fault = () => assert.rejects(gate.send(EVENT, clock.monotonic()), { message: "a fault" });
  for (let i = 0; i < 70; i++) await fault();
  isFaulty = false;
  await send(RATE_LIMITED);
  await clock.advance(1_000);
  isFaulty = true;
  await fault();
  isFaulty = false;
  assert.deepEqual(await send(DELIVERED), DELIVERED);
  assert.equal(await most(70), 64);
});
