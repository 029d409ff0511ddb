/** What can come between a claim and its attempt. */
import assert from "node:assert/strict";
import { StoreError } from "../../lib/outbox/store_fault.ts";
import type { Claim } from "../../lib/outbox/store.ts";
import type { Verdict } from "../../lib/platformx/verdict.ts";
import { settled } from "../support/fakes.ts";
import {
  DELIVERED,
  namesOf,
  numbered,
  RATE_LIMITED,
  startDispatcher,
  type TestDispatcher,
} from "./dispatcher_fakes.ts";
import { HOUR } from "./fakes.ts";

/** Holds back what the store answers to claims, from the moment at which the test says so. */
function heldClaims({ asked }: TestDispatcher) {
  const gate = Promise.withResolvers<void>();
  const { claim } = asked;
  const held = { claimed: 0, open: gate.resolve };
  asked.claim = async (...question) => {
    const claims = await claim(...question);
    held.claimed += claims.length;
    await gate.promise;
    return claims;
  };
  return held;
}

Deno.test("when a pause begins, what was claimed meanwhile is not sent, and keeps its place in the line", async () => {
  let up = false;
  const first = Promise.withResolvers<Verdict>();
  await using test = await startDispatcher({
    answer: (name) => name === "first" && !up ? first.promise : up ? DELIVERED : RATE_LIMITED,
  });
  await test.accept("first");
  await settled();
  const ids = numbered("e", 20);
  for (const [n, id] of ids.entries()) test.put(id, { at: test.clock.now() - HOUR + n });
  const held = heldClaims(test);
  await test.pass(1_000);
  assert.equal(held.claimed, 20);
  first.resolve(RATE_LIMITED);
  await settled();
  assert.ok(test.gate.isPaused);
  held.open();
  await settled();
  assert.deepEqual(namesOf(test.sent), ["first"]);
  for (const { id, attempts, claimedAt } of await test.records()) {
    if (id.startsWith("e")) assert.deepEqual([attempts, claimedAt], [0, undefined], id);
  }
  up = true;
  await test.pass(120_000);
  assert.deepEqual(namesOf(test.sent).filter((name) => name !== "first"), ids);
  assert.deepEqual(await test.records(), []);
});

Deno.test("when draining begins, what was claimed meanwhile is given back: another process can have it at once", async () => {
  await using test = await startDispatcher({ later: true });
  const ids = numbered("e", 40);
  for (const id of ids) test.put(id);
  const held = heldClaims(test);
  test.start();
  await settled();
  assert.equal(held.claimed, 40);
  test.draining.abort();
  held.open();
  await test.ended();
  assert.deepEqual(test.sent, []);
  const records = await test.records();
  assert.deepEqual(records.map(({ id }) => id), ids);
  for (const { id, nextAttemptAt, claimedAt } of records) {
    assert.ok(claimedAt === undefined && nextAttemptAt <= test.clock.now(), id);
  }
});

Deno.test("events whose claim was answered when their lease was nearly over are not sent, but claimed anew", async () => {
  const answers: (readonly Claim[])[] = [];
  let before = 0;
  await using test = await startDispatcher({
    later: true,
    answer: () => {
      before = answers.length;
      return DELIVERED;
    },
  });
  test.put("e");
  const { claim } = test.asked;
  test.asked.claim = async (...question) => {
    const claims = await claim(...question);
    // A process that is stopped for a while sees it like this.
    if (answers.push(claims) === 1) test.clock.stall(20_000);
    return claims;
  };
  test.start();
  await settled();
  await test.pass(2_000);
  assert.deepEqual([answers[0]?.length, before], [1, 2]);
  assert.deepEqual([test.sent.length, test.delivered()], [1, 1]);
  assert.deepEqual(await test.records(), []);
});

Deno.test("claims with which nothing is sent cost no place and no part of the rate", async () => {
  const answer = Promise.withResolvers<Verdict>();
  // As many at once as there are places.
  await using test = await startDispatcher({ ratePerMinute: 640, answer: () => answer.promise });
  const { claim } = test.asked;
  let failures = 0;
  test.asked.claim = (...question) => {
    if (++failures <= 5) return Promise.reject(new StoreError("full"));
    test.asked.claim = claim;
    return claim(...question);
  };
  for (const id of numbered("e", 70)) await test.accept(id);
  await test.pass(10_000);
  assert.equal(test.sent.length, 64);
  answer.resolve(DELIVERED);
});

Deno.test("an event that somebody else has claimed is not sent before the lease is over", async () => {
  await using test = await startDispatcher({ later: true });
  await test.accept("e");
  assert.equal((await test.store.claim(1, { within: HOUR, first: true })).length, 1);
  test.start();
  await test.pass(20_000);
  assert.deepEqual(test.sent, []);
  await test.pass(60_000);
  assert.deepEqual(namesOf(test.sent), ["e"]);
});
