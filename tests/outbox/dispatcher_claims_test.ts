/** The worker claims events side by side: what can come between a claim and its attempt. */
import assert from "node:assert/strict";
import type { Verdict } from "../../lib/platformx/verdict.ts";
import type { Claim, OutboxLedger } from "../../lib/outbox/ledger.ts";
import { StoreError } from "../../lib/outbox/store_error.ts";
import { settled } from "../support/fakes.ts";
import { assertConsistent, HOUR, until } from "./fakes.ts";
import { DELIVERED, LATER, startWorker } from "./dispatcher_fakes.ts";

const idsOf = (sent: readonly { readonly id: string }[]) => sent.map(({ id }) => id);
const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${prefix}${String(n).padStart(4, "0")}`);

type Claimed = Awaited<ReturnType<OutboxLedger["claim"]>>;

/** Has a test decide what comes of claims. */
function onClaim(
  ledger: OutboxLedger,
  decide: (id: string, claim: () => Promise<Claimed>) => Promise<Claimed>,
) {
  const claim = ledger.claim.bind(ledger);
  ledger.claim = (event: string | Claim, now: number) =>
    decide(typeof event === "string" ? event : event.record.id, () => claim(event, now));
}

/** Holds claims up: all of them, or those of some events. */
function heldClaims(ledger: OutboxLedger, holds: (id: string) => boolean = () => true) {
  const gate = Promise.withResolvers<void>();
  const held = { begun: 0, open: gate.resolve };
  onClaim(ledger, async (id, claim) => {
    if (holds(id)) {
      held.begun++;
      await gate.promise;
    }
    return await claim();
  });
  return held;
}

Deno.test("events are sent in order, whichever claim is faster, and also when one of them is not to be had", async () => {
  await using test = await startWorker({ later: true });
  const ids = numbered("e", 20);
  for (const [n, id] of ids.entries()) await test.put(id, { since: test.clock.now() - HOUR + n });
  const gate = Promise.withResolvers<void>();
  let claimed = 0;
  onClaim(test.ledger, async (id, claim) => {
    if (id === "e0001") await gate.promise;
    return await (id === "e0003" ? undefined : claim().finally(() => claimed++));
  });
  test.start();
  await until("the other claims", () => claimed === ids.length - 2);
  await settled();
  assert.deepEqual(idsOf(test.sent), ["e0000"]);
  gate.resolve();
  await until("all deliveries", () => test.delivered() === ids.length - 1);
  assert.deepEqual(idsOf(test.sent), ids.filter((id) => id !== "e0003"));
});

Deno.test("when a pause begins, what was claimed meanwhile is not sent, and keeps its place in the line", async () => {
  let up = false;
  await using test = await startWorker({
    later: true,
    ratePerMinute: 6_000,
    answer: () => up ? DELIVERED : { ...LATER, cause: "rate_limit" },
  });
  const ids = numbered("e", 20);
  for (const [n, id] of ids.entries()) await test.put(id, { since: test.clock.now() - HOUR + n });
  const held = heldClaims(test.ledger, (id) => id !== "e0000");
  test.start();
  await until("the pause", () => test.sender.paused !== undefined);
  assert.ok(held.begun > 0);
  held.open();
  await test.quiet();
  assert.deepEqual(idsOf(test.sent), ["e0000"]);
  for (const { id, attempts } of await assertConsistent(test.store)) assert.equal(attempts, 0, id);
  up = true;
  await test.pass(60_000);
  assert.deepEqual(idsOf(test.sent).slice(1), [...ids.slice(1), "e0000"]);
  assert.deepEqual(await assertConsistent(test.store), []);
});

Deno.test("when draining begins, what was claimed meanwhile is given back: another process can have it at once", async () => {
  await using test = await startWorker({ later: true });
  const ids = numbered("e", 40);
  for (const id of ids) await test.put(id);
  const held = heldClaims(test.ledger);
  test.start();
  await until("claims", () => held.begun > 1);
  const { begun } = held;
  test.draining.abort();
  held.open();
  await test.ended();
  assert.deepEqual([idsOf(test.sent), held.begun], [[], begun]);
  const records = await assertConsistent(test.store);
  assert.deepEqual(records.map(({ id }) => id).toSorted(), ids);
  for (const { id, due } of records) assert.ok(due <= test.clock.now(), id);
});

Deno.test("an event whose claim took so long that its lease is nearly over is not sent, but claimed anew", async () => {
  await using test = await startWorker({ later: true });
  await test.put("e");
  let claims = 0;
  onClaim(test.ledger, async (_, claim) => {
    const claimed = await claim();
    if (++claims === 1) {
      test.clock.stall(20_000);
      assert.deepEqual(test.sent, []);
    }
    return claimed;
  });
  test.start();
  await until("its delivery", () => test.delivered() === 1);
  assert.deepEqual([claims, test.sent.length], [2, 1]);
  await test.quiet();
  assert.deepEqual(await assertConsistent(test.store), []);
});

Deno.test("an event that was sent and could not be settled is not sent again, though it is offered again", async () => {
  await using test = await startWorker();
  const settle = test.ledger.settle.bind(test.ledger);
  test.ledger.settle = () => Promise.reject(new StoreError("full"));
  await test.accept("e");
  await until("the attempt", () => test.sent.length === 1);
  await test.pass(40_000); // the lease is over
  test.worker.offer((await test.ledger.get("e"))!);
  await test.pass(2_000);
  assert.equal(test.sent.length, 1);
  test.ledger.settle = settle;
  await test.pass(2_000);
  assert.deepEqual(await assertConsistent(test.store), []);
});

/** Ends of a claim with which nothing is sent. */
const fruitless: { readonly what: string; readonly decide: (claim: Claimed) => Claimed | Error }[] = [
  { what: "somebody else was faster", decide: () => undefined },
  { what: "a newer version has stored it", decide: () => "newer" },
  { what: "the store fails", decide: () => new StoreError("full") },
  { what: "the event is too old by now", decide: (claim) => agedBy(claim, 8 * 24 * HOUR) },
  { what: "the lease is nearly over", decide: (claim) => dueSooner(claim, 20_000) },
];

const agedBy = (claim: Claimed, ms: number) =>
  typeof claim === "object"
    ? { ...claim, record: { ...claim.record, since: claim.record.since - ms } }
    : claim;
const dueSooner = (claim: Claimed, ms: number) =>
  typeof claim === "object" ? { ...claim, record: { ...claim.record, due: claim.record.due - ms } } : claim;

for (const { what, decide } of fruitless) {
  Deno.test(`a claim with which nothing is sent, as ${what}, costs no place and no part of the rate`, async () => {
    const answer = Promise.withResolvers<Verdict>();
    // As many at once as there are places.
    await using test = await startWorker({ ratePerMinute: 640, answer: () => answer.promise });
    let spoiled = 0;
    onClaim(test.ledger, async (_, claim) => {
      if (spoiled === 40) return await claim();
      spoiled++;
      const decided = decide(await claim());
      if (decided instanceof Error) throw decided;
      return decided;
    });
    for (const id of numbered("a", 40)) await test.accept(id);
    for (let n = 0; spoiled < 40 && n < 20; n++) await test.pass(1_000);
    assert.equal(spoiled, 40);
    const begun = test.sent.length;
    for (const id of numbered("b", 64 - begun)) await test.accept(id);
    await until("64 attempts", () => test.sent.length === 64);
    answer.resolve(DELIVERED);
  });
}

Deno.test("an accepted event is claimed as it was written, without being read again", async () => {
  await using test = await startWorker();
  await test.quiet();
  const get = test.ledger.get.bind(test.ledger);
  let reads = 0;
  test.ledger.get = (id) => (reads++, get(id));
  await test.accept("e");
  await until("its delivery", () => test.delivered() === 1);
  assert.equal(reads, 0);
});

Deno.test("an accepted event that somebody else has claimed is not sent", async () => {
  await using test = await startWorker({ later: true });
  await test.accept("e");
  assert.ok(typeof await test.ledger.claim("e", test.clock.now()) === "object");
  test.start();
  await test.pass(5_000);
  assert.deepEqual(test.sent, []);
});
