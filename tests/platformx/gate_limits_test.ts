import assert from "node:assert/strict";
import { EVENT, settled, watched } from "../support/fakes.ts";
import { DELIVERED, FAILED, KEY_REFUSED, permitted, RATE_LIMITED, senderWith, WRONG_URL } from "./fakes.ts";

Deno.test("attempts keep to the rate: a burst of a tenth, then one after the other", async () => {
  const { clock, acquire } = senderWith({ ratePerMinute: 60 });
  const begun = clock.monotonic();
  const had: number[] = [];
  for (let i = 0; i < 9; i++) void acquire().then(() => had.push(clock.monotonic() - begun));
  await clock.advance(10_000);
  assert.deepEqual(had, [0, 0, 0, 0, 0, 0, 1_000, 2_000, 3_000]);
});

Deno.test("who would have to wait for a token past the deadline is told so at once, and takes none", async () => {
  const { clock, acquire } = senderWith({ ratePerMinute: 60 });
  for (let i = 0; i < 6; i++) permitted(await acquire(0));
  const held = await acquire(999);
  assert.ok(held.kind === "held");
  assert.equal(held.reason, "rate_limit");
  const waiting = watched(acquire(1_000));
  await clock.advance(1_000);
  assert.equal(waiting.value?.kind, "permit");
});

Deno.test("who is told to come back for a token finds one then", async () => {
  const { clock, acquire } = senderWith({ ratePerMinute: 60 });
  for (let i = 0; i < 6; i++) permitted(await acquire(0));
  const held = await acquire(300);
  assert.ok(held.kind === "held");
  await clock.advance(held.waitMs);
  permitted(await acquire(0));
});

Deno.test("after the deadline nothing is sent, whatever the limit", async (t) => {
  for (const ratePerMinute of [0, 60]) {
    await t.step(`limit ${ratePerMinute}`, async () => {
      const { sender, clock } = senderWith({ ratePerMinute });
      const late = await sender.acquire(clock.monotonic() - 1_500);
      assert.ok(late.kind === "held", "leave was given after the deadline");
      assert.equal(late.reason, "platformx", "no limit stood in the way");
      assert.ok(late.waitMs > 0, `wait ${late.waitMs} ms`);
    });
  }
});

Deno.test("who waited past the deadline, because the process was busy, sends nothing and takes nothing", async () => {
  const { clock, platformX, acquire } = senderWith({ ratePerMinute: 60 });
  for (let i = 0; i < 6; i++) permitted(await acquire(0)).send(EVENT);
  const waiting = watched(acquire(1_000));
  await settled();
  clock.stall(1_001);
  await clock.advance(0);
  assert.deepEqual(waiting.value, { kind: "held", reason: "platformx", waitMs: 1_000 });
  permitted(await acquire(0));
  while (platformX.underWay > 0) await platformX.end(DELIVERED);
});

Deno.test("at the deadline itself an attempt may still start", async (t) => {
  for (const ratePerMinute of [0, 60]) {
    await t.step(`limit ${ratePerMinute}`, async () => {
      const { acquire } = senderWith({ ratePerMinute });
      permitted(await acquire(0));
    });
  }
});

Deno.test("a token that was not used goes to the next one", async () => {
  const { clock, platformX, acquire } = senderWith({ ratePerMinute: 10 });
  const first = permitted(await acquire());
  first.release();
  const second = permitted(await acquire(0));

  // Released by a pause, two who waited for tokens give them back too.
  const waiting = [watched(acquire(60_000)), watched(acquire(60_000))];
  const sending = second.send(EVENT);
  await platformX.end(RATE_LIMITED);
  await sending;
  assert.deepEqual(waiting.map(({ value }) => value?.kind), ["held", "held"]);
  await clock.advance(6_000);
  permitted(await acquire(0)).release();
});

Deno.test("64 attempts are made at once, and the next one when one of them ends", async () => {
  const { clock, platformX, acquire } = senderWith();
  const sendings = [];
  for (let i = 0; i < 64; i++) sendings.push(permitted(await acquire()).send(EVENT));
  const next = watched(acquire());
  const last = watched(acquire());
  await clock.advance(9_999);
  assert.equal(platformX.underWay, 64);
  assert.deepEqual([next.value, last.value], [undefined, undefined]);

  await platformX.end(DELIVERED);
  assert.equal(next.value?.kind, "permit");
  assert.equal(last.value, undefined);
  assert.equal(clock.sleepers, 1, "who has a place sleeps on");

  await clock.advance(1);
  assert.deepEqual(last.value, { kind: "held", reason: "platformx", waitMs: 1_000 });
  assert.equal(clock.sleepers, 0, "somebody sleeps on");
  while (platformX.underWay > 0) await platformX.end(DELIVERED);
  await Promise.all(sendings);
});

Deno.test("of those that ask together when a probe is due one gets leave, and the others leave nothing taken", async () => {
  for (const ratePerMinute of [0, 640]) {
    const { clock, platformX, acquire, send } = senderWith({ ratePerMinute });
    await send(RATE_LIMITED);
    await clock.advance(60_000);
    const leaves = await Promise.all(Array.from({ length: 64 }, () => acquire()));
    const [probe, ...others] = leaves.filter(({ kind }) => kind === "permit");
    assert.ok(probe !== undefined && others.length === 0, `${others.length} probes too many`);
    const probing = permitted(probe).send(EVENT);
    await platformX.end(DELIVERED);
    await probing;
    for (let i = 0; i < 63; i++) permitted(await acquire(0));
    assert.equal(clock.sleepers, 0);
  }
});

Deno.test("places are given back however attempts end, and by permits that were not used", async () => {
  const { clock, platformX, acquire, send } = senderWith();
  for (let i = 0; i < 70; i++) {
    permitted(await acquire()).release();
    await send(i % 2 === 0 ? { kind: "refused", words: "" } : FAILED);
  }
  const sendings = [];
  for (let i = 0; i < 64; i++) sendings.push(permitted(await acquire(0)).send(EVENT));
  assert.equal(platformX.underWay, 64);
  assert.equal(clock.sleepers, 0);
  while (platformX.underWay > 0) await platformX.end(DELIVERED);
  await Promise.all(sendings);
});

Deno.test("what changes is said once, and again when it happens again", async (t) => {
  await t.step("a pause and its end", async () => {
    const { clock, log, send } = senderWith();
    for (let round = 0; round < 2; round++) {
      await send(RATE_LIMITED);
      for (const distance of [1_000, 2_000]) {
        await clock.advance(distance);
        await send(FAILED);
      }
      await clock.advance(4_000);
      await send(DELIVERED);
      await send(DELIVERED);
    }
    const once = [["WARNING", "paused"], ["INFO", "resumed"]];
    assert.deepEqual(log.of("paused", "resumed").map(({ level, event }) => [level, event]), [
      ...once,
      ...once,
    ]);
    assert.deepEqual(log.of("paused")[0]?.fields, { reason: "rate_limit", seen: "status 429" });
    assert.deepEqual(log.of("resumed")[0]?.fields, { paused_seconds: 7 });
  });
  for (
    const [verdict, event] of [[KEY_REFUSED, "key_refused"], [WRONG_URL, "wrong_url"]] as const
  ) {
    await t.step(event, async () => {
      const { clock, log, send } = senderWith();
      for (let round = 1; round <= 2; round++) {
        for (const ms of [0, 1_000, 2_000, 4_000, 8_000]) {
          await clock.advance(ms);
          await send(verdict);
        }
        await clock.advance(60_000);
        await send(DELIVERED);
        assert.equal(log.of(event).length, round);
      }
      const [line] = log.of(event);
      assert.equal(line?.level, "ERROR");
      assert.deepEqual(line?.fields, { seen: verdict.kind === "later" ? verdict.seen : "" });
    });
  }
  await t.step("nothing, when all goes well", async () => {
    const { log, send } = senderWith();
    for (const verdict of [DELIVERED, { kind: "refused", words: "" }, DELIVERED] as const) {
      await send(verdict);
    }
    assert.deepEqual(log.entries.filter(({ level }) => level !== "DEBUG"), []);
  });
});

Deno.test("every attempt is told at DEBUG, without the event", async () => {
  const { log, send } = senderWith();
  await send(DELIVERED);
  await send(FAILED);
  assert.deepEqual(log.of("attempt").map(({ level, fields }) => ({ level, ...fields })), [
    { level: "DEBUG", msg_id: "", verdict: "delivered", seen: undefined, probe: false },
    { level: "DEBUG", msg_id: "", verdict: "later", seen: "status 500", probe: false },
  ]);
  assert.doesNotMatch(JSON.stringify(log.entries), /alice/);
});

Deno.test("while the key is refused, each probe goes with the key that the file holds then", async () => {
  const keyFile = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(keyFile, "old-key");
    const { clock, key, log, acquire, send } = senderWith({ keyFile });
    await Deno.writeTextFile(keyFile, "unread-key");
    await send(DELIVERED);
    assert.equal(key.current, "old-key", "read though the key is accepted");
    await send(KEY_REFUSED);
    await clock.advance(1_000);
    await Deno.writeTextFile(keyFile, "wrong-key");
    await send(KEY_REFUSED);
    assert.equal(key.current, "wrong-key");
    await clock.advance(2_000);
    await Deno.writeTextFile(keyFile, "right-key");
    await send(DELIVERED);
    assert.equal(key.current, "right-key");
    assert.equal(log.of("key_reloaded").length, 2);
    await Deno.writeTextFile(keyFile, "unread-key");
    await send(RATE_LIMITED);
    await clock.advance(1_000);
    permitted(await acquire()).release();
    assert.equal(key.current, "right-key", "read though the key was not refused");
  } finally {
    await Deno.remove(keyFile);
  }
});

Deno.test("a probe that waits for the key's file is one probe", async () => {
  const keyFile = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(keyFile, "old-key");
    const { clock, acquire, send } = senderWith({ keyFile });
    await send(KEY_REFUSED);
    await clock.advance(1_000);
    const both = await Promise.all([acquire(), acquire()]);
    assert.deepEqual(both.map(({ kind }) => kind).sort(), ["held", "permit"]);
    await settled();
  } finally {
    await Deno.remove(keyFile);
  }
});
