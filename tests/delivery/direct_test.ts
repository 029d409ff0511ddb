import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import type { Verdict } from "../../lib/platformx/verdict.ts";
import { deliverDirectly } from "../../lib/delivery/direct.ts";
import type { Outcome } from "../../lib/delivery/outcome.ts";
import type { UnavailableReason } from "../../lib/delivery/reasons.ts";
import { EVENT, settled, watched } from "../support/fakes.ts";
import {
  DELIVERED,
  FAILED,
  gateWith,
  KEY_REFUSED,
  LOST,
  RATE_LIMITED,
  WRONG_URL,
} from "../platformx/fakes.ts";

const DEADLINE = 10_000;

/** Direct delivery whose jitter is `random`; `start` begins a delivery and shows what it has come to. */
function directWith({ random = 0.5, ratePerMinute = 0 } = {}) {
  const parts = gateWith({ ratePerMinute });
  const { gate, clock } = parts;
  const deliver = deliverDirectly({ gate, clock, random: () => random });
  const start = async (deadline = DEADLINE): Promise<{ value: Outcome | undefined }> => {
    const delivery = watched(deliver(EVENT, clock.monotonic() + deadline));
    await settled();
    return delivery;
  };
  return { ...parts, start };
}

const unavailable = (reason: UnavailableReason, retryAfterMs: number, attempts: number): Outcome => ({
  status: "unavailable",
  reason,
  retryAfterMs,
  attempts,
});
const forwarded = (attempts: number): Outcome => ({ status: "forwarded", attempts });
const refused: Outcome = { status: "refused", words: constant("no"), attempts: 1 };

Deno.test("an event that is taken or refused needs one attempt", async (t) => {
  const rows: [verdict: Verdict, outcome: Outcome][] = [
    [DELIVERED, forwarded(1)],
    [{ kind: "refused", words: constant("no") }, refused],
  ];
  for (const [verdict, outcome] of rows) {
    await t.step(verdict.kind, async () => {
      const { platformX, start } = directWith();
      const delivery = await start();
      await platformX.end(verdict);
      assert.deepEqual(delivery.value, outcome);
      assert.deepEqual(platformX.sent, [EVENT]);
    });
  }
});

Deno.test("what failed for now is tried again, after delays that grow, until it is taken", async (t) => {
  const soon: Verdict = {
    kind: "later",
    cause: "platformx",
    seen: constant("status 503"),
    retryAfterMs: 3_000,
  };
  const rows: [what: string, random: number, failures: Verdict[], delays: number[]][] = [
    ["half of the bounds", 0.5, [FAILED, FAILED], [250, 500]],
    ["no jitter at all", 0, [FAILED, WRONG_URL], [0, 0]],
    ["Retry-After is longer than the backoff", 0.5, [soon, FAILED], [3_000, 500]],
    ["one lost answer among them", 0.5, [LOST, FAILED], [250, 500]],
  ];
  for (const [what, random, failures, delays] of rows) {
    await t.step(what, async () => {
      const { clock, platformX, start } = directWith({ random });
      const delivery = await start();
      for (const [index, failure] of failures.entries()) {
        await platformX.end(failure);
        const delay = delays[index]!;
        if (delay > 0) {
          await clock.advance(delay - 1);
          assert.equal(platformX.underWay, 0, `attempt ${index + 2} came too early`);
          await clock.advance(1);
        }
        assert.equal(platformX.underWay, 1, `attempt ${index + 2} did not come`);
      }
      await platformX.end(DELIVERED);
      assert.deepEqual(delivery.value, forwarded(failures.length + 1));
    });
  }
});

Deno.test("the delay's bound stops at five seconds", async () => {
  const { clock, platformX, start, send } = directWith({ random: 0.999 });
  const delivery = await start(1_000_000);
  for (const bound of [500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000]) {
    await platformX.end(FAILED);
    // Another event's success keeps a pause from beginning.
    await send(DELIVERED);
    await clock.advance(Math.floor(0.999 * bound) - 1);
    assert.equal(platformX.underWay, 0, `too early for ${bound}`);
    await clock.advance(1);
    assert.equal(platformX.underWay, 1, `too late for ${bound}`);
  }
  await platformX.end(DELIVERED);
  assert.deepEqual(delivery.value, forwarded(8));
});

Deno.test("a wait past the deadline ends the delivery at once, and is what Coder is told", async (t) => {
  const asks = (retryAfterMs: number): Verdict => ({
    kind: "later",
    cause: "url",
    seen: constant(""),
    retryAfterMs,
  });
  const rows: [what: string, verdict: Verdict, deadline: number, outcome: Outcome | undefined][] = [
    ["one millisecond past it", asks(10_001), DEADLINE, unavailable("url", 10_001, 1)],
    ["exactly at it", asks(10_000), DEADLINE, undefined],
    ["a backoff past it", FAILED, 200, unavailable("platformx", 1_000, 1)],
    ["an hour", asks(3_600_000), DEADLINE, unavailable("url", 3_600_000, 1)],
  ];
  for (const [what, verdict, deadline, outcome] of rows) {
    await t.step(what, async () => {
      const { clock, platformX, start } = directWith();
      const delivery = await start(deadline);
      await platformX.end(verdict);
      assert.deepEqual(delivery.value, outcome);
      if (outcome === undefined) {
        await clock.advance(deadline);
        assert.equal(platformX.sent.length, 2);
      } else assert.equal(clock.sleepers, 0);
    });
  }
});

Deno.test("no attempt starts after the deadline, though the process was busy until then", async () => {
  const { clock, platformX, start } = directWith();
  const delivery = await start(1_000);
  await platformX.end(FAILED);
  clock.stall(1_001);
  await clock.advance(0);
  assert.equal(platformX.sent.length, 1);
  assert.equal(delivery.value?.status, "unavailable");
});

Deno.test("setting the machine's clock neither ends a delivery nor prolongs it", async (t) => {
  for (const jump of [-86_400_000, 86_400_000]) {
    await t.step(`by ${jump} ms`, async () => {
      const { clock, platformX, start } = directWith();
      const delivery = await start();
      clock.setBy(jump);
      await platformX.end(FAILED);
      await clock.advance(250);
      await platformX.end(DELIVERED);
      assert.deepEqual(delivery.value, forwarded(2));
    });
  }
});

/** The last answer was lost: no other copy may take over. */
function maybeTaken(outcome: Outcome): Outcome {
  return { ...outcome, maybeTaken: true } as Outcome;
}

Deno.test("an answer that was lost is repeated once, not twice", async (t) => {
  await t.step("and the repetition can succeed", async () => {
    const { clock, platformX, start } = directWith();
    const delivery = await start();
    await platformX.end(LOST);
    await clock.advance(250);
    await platformX.end(DELIVERED);
    assert.deepEqual(delivery.value, forwarded(2));
  });
  await t.step("a second one ends the delivery", async () => {
    const { clock, platformX, start } = directWith();
    const delivery = await start();
    await platformX.end(LOST);
    await clock.advance(250);
    await platformX.end(LOST);
    assert.deepEqual(delivery.value, maybeTaken(unavailable("platformx", 1_000, 2)));
    await clock.advance(DEADLINE);
    assert.equal(platformX.sent.length, 2);
  });
  await t.step("a second one after others too", async () => {
    const { clock, platformX, start, send } = directWith();
    const delivery = await start();
    for (const verdict of [LOST, FAILED, LOST]) {
      await platformX.end(verdict);
      await send(DELIVERED);
      await clock.advance(1_000);
    }
    assert.deepEqual(delivery.value, maybeTaken(unavailable("platformx", 1_000, 3)));
  });
});

Deno.test("what is about PlatformX ends the delivery with its reason", async (t) => {
  const rows: [what: string, verdicts: Verdict[], outcome: Outcome][] = [
    ["a refused key", [KEY_REFUSED], unavailable("key", 1_000, 1)],
    ["a rate limit", [RATE_LIMITED], unavailable("rate_limit", 1_000, 1)],
    ["three failures in a row", [FAILED, FAILED, FAILED], unavailable("platformx", 1_000, 3)],
    ["three wrong answers", [WRONG_URL, WRONG_URL, WRONG_URL], unavailable("url", 1_000, 3)],
  ];
  for (const [what, verdicts, outcome] of rows) {
    await t.step(what, async () => {
      const { clock, platformX, start } = directWith();
      const delivery = await start();
      for (const verdict of verdicts) {
        await platformX.end(verdict);
        if (delivery.value === undefined) await clock.advance(500);
      }
      assert.deepEqual(delivery.value, outcome);
    });
  }
});

Deno.test("in a pause the answer is there at once, without an attempt", async () => {
  const { clock, platformX, start, send } = directWith();
  await send(KEY_REFUSED);
  assert.deepEqual((await start()).value, unavailable("key", 1_000, 0));
  assert.equal(platformX.sent.length, 1);

  await clock.advance(1_000);
  const probe = await start();
  assert.deepEqual((await start()).value, unavailable("key", 1_000, 0));
  await platformX.end(DELIVERED);
  assert.deepEqual(probe.value, forwarded(1));
});

Deno.test("who waits between attempts is released the moment a pause or a shutdown begins", async (t) => {
  await t.step("pause", async () => {
    const { clock, platformX, start, send } = directWith();
    const delivery = await start();
    await platformX.end(FAILED);
    await send(KEY_REFUSED);
    assert.deepEqual(delivery.value, unavailable("key", 1_000, 1));
    assert.equal(clock.sleepers, 0);
  });
  await t.step("shutdown", async () => {
    const { clock, platformX, draining, start } = directWith();
    const delivery = await start();
    await platformX.end(FAILED);
    draining.abort();
    await settled();
    assert.deepEqual(delivery.value, unavailable("draining", 1_000, 1));
    assert.equal(clock.sleepers, 0);
  });
});

Deno.test("in a shutdown an attempt under way may still succeed, but is not repeated", async (t) => {
  const rows: [verdict: Verdict, outcome: Outcome][] = [
    [DELIVERED, forwarded(1)],
    [{ kind: "refused", words: constant("no") }, refused],
    [FAILED, unavailable("draining", 1_000, 1)],
    [LOST, maybeTaken(unavailable("draining", 1_000, 1))],
  ];
  for (const [verdict, outcome] of rows) {
    await t.step(verdict.kind, async () => {
      const { platformX, draining, start } = directWith();
      const delivery = await start();
      draining.abort();
      await platformX.end(verdict);
      assert.deepEqual(delivery.value, outcome);
      assert.deepEqual((await start()).value, unavailable("draining", 1_000, 0));
      assert.equal(platformX.sent.length, 1);
    });
  }
});

Deno.test("who gets no token until the deadline is told that the rate limit is used up", async () => {
  const { platformX, start, most } = directWith({ ratePerMinute: 1 });
  await most(1);
  const delivery = await start();
  assert.deepEqual(delivery.value, unavailable("rate_limit", 60_000, 0));
  assert.equal(platformX.sent.length, 1);
});
