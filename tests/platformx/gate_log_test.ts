import assert from "node:assert/strict";
import { constant, inFull } from "../../lib/base/redact.ts";
import { DELIVERED, FAILED, gateWith, KEY_REFUSED, RATE_LIMITED, WRONG_URL } from "./fakes.ts";

Deno.test("a pause and its end are told once, and again when it happens again", async () => {
  const { clock, log, send } = gateWith();
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
  const told = log.of("paused", "resumed");
  assert.deepEqual(told.map(({ level, event }) => [level, event]), [...once, ...once]);
  assert.deepEqual(told[0]?.fields, { reason: "rate_limit", seen: "status 429" });
  assert.deepEqual(told[1]?.fields, { paused_seconds: 7 });
  assert.match(told[0]?.message ?? "", /Until then events wait\. /);
});

Deno.test("a pause tells what to do about what was seen, or else about its cause", async (t) => {
  const rows: [seen: string, words: RegExp][] = [
    ["status 500", /DX's status page/],
    ["tls_failed", /DENO_CERT/],
    ["proxy_failed", /the proxy's own log/],
  ];
  for (const [seen, words] of rows) {
    await t.step(seen, async () => {
      const { log, send } = gateWith();
      for (let i = 0; i < 3; i++) await send({ kind: "later", cause: "platformx", seen: inFull(seen) });
      assert.match(log.of("paused")[0]?.message ?? "", words);
    });
  }
});

Deno.test("what an operator has to mend is told at once, and again only after PlatformX judged an event", async (t) => {
  for (const [verdict, event] of [[KEY_REFUSED, "key_refused"], [WRONG_URL, "wrong_url"]] as const) {
    await t.step(event, async () => {
      const { clock, log, send } = gateWith();
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
  await t.step("also where no pause came of it", async () => {
    const { log, send } = gateWith();
    for (let round = 1; round <= 2; round++) {
      await send(WRONG_URL);
      await send(WRONG_URL);
      assert.equal(log.of("wrong_url").length, round);
      await send(DELIVERED);
    }
  });
});

Deno.test("nothing is told when all goes well", async () => {
  const { log, send } = gateWith();
  for (const verdict of [DELIVERED, { kind: "refused", words: constant("") }, DELIVERED] as const) {
    await send(verdict);
  }
  assert.deepEqual(log.entries.filter(({ level }) => level !== "DEBUG"), []);
});

Deno.test("every attempt is told at DEBUG, without the event", async () => {
  const { log, send } = gateWith();
  await send(DELIVERED);
  await send(FAILED);
  assert.deepEqual(log.of("attempt").map(({ level, fields }) => ({ level, ...fields })), [
    { level: "DEBUG", msg_id: "", verdict: "delivered", seen: undefined, probe: false },
    { level: "DEBUG", msg_id: "", verdict: "later", seen: "status 500", probe: false },
  ]);
  assert.doesNotMatch(JSON.stringify(log.entries), /alice/);
});
