import assert from "node:assert/strict";
import { RECORD_VERSION } from "../../lib/outbox/settlement.ts";
import { assertConsistent, DAY, HOUR, until } from "./fakes.ts";
import { delayOf, DELIVERED, LATER, REFUSED, startWorker, UNKNOWN } from "./dispatcher_fakes.ts";

const idsOf = (sent: readonly { readonly id: string }[]) => sent.map(({ id }) => id);
const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${prefix}${String(n).padStart(4, "0")}`);

Deno.test("an accepted event is delivered at once: no time passes, and nothing is left", async () => {
  await using test = await startWorker();
  await test.quiet();
  const begun = test.clock.monotonic();
  await test.accept("e");
  await until("a delivery", () => test.delivered() === 1);
  await test.quiet();
  assert.equal(test.clock.monotonic(), begun);
  assert.deepEqual(await assertConsistent(test.store), []);
  assert.deepEqual(test.log.of("delivered").map(({ level, fields }) => [level, fields]), [
    ["INFO", { id: "e", msg_id: "m-e", notification: "Workspace Created", age_ms: 0, attempts: 1 }],
  ]);
});

Deno.test("events accepted while the worker looks at the store are delivered at once, too", async () => {
  await using test = await startWorker();
  await test.quiet();
  const begun = test.clock.monotonic();
  const ids = numbered("e", 30);
  // Each is offered at another moment of the worker's round.
  for (const id of ids) await test.accept(id);
  await until("all deliveries", () => test.delivered() === ids.length);
  assert.equal(test.clock.monotonic(), begun);
  assert.deepEqual(idsOf(test.sent).toSorted(), ids);
});

Deno.test("what another process accepted is found at the next look", async () => {
  await using test = await startWorker();
  await test.quiet();
  await test.put("e");
  await test.pass(1_000);
  assert.deepEqual(idsOf(test.sent), ["e"]);
});

Deno.test("what was stored before the start is delivered, the oldest first", async () => {
  await using test = await startWorker({ later: true });
  const ids = numbered("e", 150);
  for (const [age, id] of ids.toReversed().entries()) {
    await test.put(id, { since: test.clock.now() - HOUR - age });
  }
  test.start();
  await until("all deliveries", () => test.delivered() === 150);
  assert.deepEqual(idsOf(test.sent), ids);
});

Deno.test("an event that fails goes by its own schedule and delays nobody", async () => {
  await using test = await startWorker({ answer: (id) => id === "poison" ? LATER : DELIVERED });
  await test.accept("poison");
  await test.quiet();
  for (const id of numbered("e", 40)) {
    // Between attempts at the poison event others are delivered, so that no pause begins.
    await test.accept(id);
    await until("its delivery", () => test.sent.at(-1)!.id === id || test.sent.at(-2)?.id === id);
    await test.pass(1_000);
  }
  const [first, ...others] = test.sent.filter(({ id }) => id === "poison").map(({ at }) => at);
  const delays = others.map((at, n) => at - [first!, ...others][n]!);
  assert.equal(test.delivered(), 40);
  assert.deepEqual(delays, [1, 2, 3, 4, 5].map(delayOf));
  const [poison] = await assertConsistent(test.store);
  assert.equal(poison!.attempts, 6);
});

Deno.test("a refused event is a dead letter after one attempt, and the log says so", async () => {
  await using test = await startWorker({ answer: () => REFUSED });
  await test.accept("e");
  await until("a dead letter", async () => (await test.ledger.summary()).dead === 1);
  await test.pass(DAY, HOUR);
  assert.equal(test.sent.length, 1);
  const [record] = await assertConsistent(test.store);
  assert.deepEqual([record!.dead?.reason, record!.seen, record!.attempts], ["refused", "no such user", 1]);
  assert.deepEqual(test.log.of("dead_letter").map(({ level, fields }) => [level, fields]), [
    ["WARNING", {
      id: "e",
      msg_id: "m-e",
      notification: "Workspace Created",
      age_ms: 0,
      reason: "refused",
      seen: "no such user",
      attempts: 1,
    }],
  ]);
});

Deno.test("three unknown outcomes make a dead letter", async () => {
  await using test = await startWorker({ answer: () => UNKNOWN });
  await test.accept("e");
  await test.pass(HOUR, 10_000);
  assert.equal(test.sent.length, 3);
  const [record] = await assertConsistent(test.store);
  assert.deepEqual([record!.dead?.reason, record!.unknown], ["outcome_unknown", 3]);
});

Deno.test("during a pause probes take the events in turn, and burn no attempts", async () => {
  let up = false;
  await using test = await startWorker({ later: true, answer: () => up ? DELIVERED : LATER });
  const ids = numbered("e", 6);
  for (const [n, id] of ids.entries()) await test.put(id, { since: test.clock.now() - 10 + n });
  test.start();
  await test.quiet();
  await until("the pause", () => test.sender.paused !== undefined);
  const before = test.sent.length;
  await test.pass(1_000 + 2_000 + 4_000 + 8_000 + 16_000);
  const probes = idsOf(test.sent.slice(before));
  assert.ok(probes.length >= 4, `probes: ${probes}`);
  assert.equal(new Set(probes.slice(0, 4)).size, 4, `not in turn: ${probes}`);
  for (const { attempts } of await assertConsistent(test.store)) assert.ok(attempts <= 1);
  up = true;
  await test.pass(120_000);
  assert.equal(test.delivered(), 6);
  assert.deepEqual(test.log.of("paused", "resumed").map(({ event }) => event), ["paused", "resumed"]);
  assert.deepEqual(await assertConsistent(test.store), []);
});

Deno.test("a backlog goes out oldest first, at the configured rate, and new events do not wait for its end", async () => {
  await using test = await startWorker({ later: true, ratePerMinute: 60 }); // a burst of 6
  const old = numbered("old", 40);
  for (const [n, id] of old.entries()) await test.put(id, { since: test.clock.now() - HOUR + n });
  test.start();
  await test.pass(5_000);
  await test.accept("new0");
  await test.accept("new1");
  await test.pass(5_000);
  const ids = idsOf(test.sent);
  assert.ok(ids.includes("new0") && ids.includes("new1"), `new ones wait: ${ids}`);
  await test.pass(60_000);
  assert.deepEqual(idsOf(test.sent).filter((id) => id.startsWith("old")), old);
  for (const [n, { at }] of test.sent.entries()) {
    assert.ok(n + 1 <= 6 + at / 1_000, `${n + 1} sent after ${at} ms`);
  }
  assert.equal(test.sent.length, 42);
});

Deno.test("a stream of new events that never ends does not starve a backlog", async () => {
  const test = await startWorker({
    later: true,
    answer: async () => {
      test.clock.stall(20);
      if (test.sent.length < 900) await test.accept(`new${test.sent.length}`);
      return DELIVERED;
    },
  });
  await using _ = test;
  const old = numbered("old", 200);
  for (const [n, id] of old.entries()) await test.put(id, { since: test.clock.now() - HOUR + n });
  await test.accept("new");
  test.start();
  await until("900 attempts", () => test.sent.length >= 900);
  const firsts = idsOf(test.sent).slice(0, 600).filter((id) => id.startsWith("old"));
  assert.deepEqual(firsts, old);
});

Deno.test("what is accepted during a pause goes out in line, the oldest first, and does not hold up what comes after it", async () => {
  let up = false;
  const paused = { ...LATER, cause: "rate_limit" } as const;
  await using test = await startWorker({ ratePerMinute: 600, answer: () => up ? DELIVERED : paused });
  await test.accept("first");
  await until("the pause", () => test.sender.paused !== undefined);
  const ids = numbered("e", 1_200); // more than the worker keeps in mind as new
  for (const id of ids) {
    await test.accept(id);
    test.clock.stall(1);
  }
  await test.quiet();
  up = true;
  const before = test.sent.length;
  await test.pass(20_000);
  await test.accept("new");
  await test.pass(1_000);
  assert.ok(idsOf(test.sent).includes("new"), `after ${test.sent.length} others it still waits`);
  await test.pass(130_000);
  assert.equal(test.delivered(), 1_202);
  // What a probe took went to the end of the line.
  const probed = new Set(idsOf(test.sent.slice(0, before + 1)));
  const untried = idsOf(test.sent.slice(before)).filter((id) => id !== "new" && !probed.has(id));
  assert.deepEqual(untried, ids.filter((id) => !probed.has(id)));
  assert.ok(untried.length > 1_190);
});

/** Stores something, and how much may be asked of the store in a second. */
const quietCases: { readonly what: string; readonly version?: number; readonly due?: number }[] = [
  { what: "nothing is there" },
  { what: "all there is was stored by a newer version", version: RECORD_VERSION + 1 },
  { what: "the next event is due in an hour", due: HOUR },
];

for (const { what, version, due = 0 } of quietCases) {
  Deno.test(`the worker rests while ${what}`, async () => {
    await using test = await startWorker({ later: true });
    if (version !== undefined || due > 0) {
      for (const id of numbered("e", 70)) {
        await test.put(id, { since: test.clock.now() + due, ...(version === undefined ? {} : { version }) });
      }
    }
    test.start();
    await test.pass(5_000);
    const { reads } = test.traffic;
    await test.pass(10_000);
    const asked = test.traffic.reads - reads;
    assert.ok(asked <= 40 + (version === undefined ? 0 : 10 * 70), `${asked} reads in 10 s`);
    assert.equal(test.sent.length, 0);
    // Said once for each event.
    assert.equal(test.log.of("newer_record").length, version === undefined ? 0 : 70);
  });
}

Deno.test("events of a newer version do not keep the worker from others", async () => {
  await using test = await startWorker({ later: true });
  for (const id of numbered("newer", 100)) {
    await test.put(id, { since: test.clock.now() - HOUR, version: RECORD_VERSION + 1 });
  }
  for (const id of numbered("e", 100)) await test.put(id);
  test.start();
  await test.pass(10_000);
  assert.equal(test.delivered(), 100);
  assert.equal((await test.ledger.summary()).pending, 100);
});

Deno.test("an event that was never taken expires on time, without another attempt after it", async () => {
  await using test = await startWorker({ maxAge: HOUR, answer: () => LATER });
  await test.accept("e");
  await test.pass(HOUR + 5_000, 5_000);
  const [record] = await assertConsistent(test.store);
  assert.equal(record!.dead?.reason, "expired");
  assert.ok(record!.dead.at - record!.since <= HOUR + 5_000);
  assert.equal(test.log.of("dead_letter").length, 1);
  const { length } = test.sent;
  await test.pass(HOUR, 60_000);
  assert.equal(test.sent.length, length);
});

Deno.test("of a backlog past its age nothing is sent, however large it is, and all of it is buried", async () => {
  await using test = await startWorker({ maxAge: HOUR, later: true });
  const since = test.clock.now() - DAY;
  for (const id of numbered("e", 150)) await test.put(id, { since });
  test.start();
  await test.pass(10_000);
  assert.deepEqual(test.sent, []);
  assert.deepEqual(await test.ledger.summary().then(({ pending, dead }) => [pending, dead]), [0, 150]);
  assert.equal(test.log.of("dead_letter").length, 150);
});

Deno.test("an outage of three days loses nothing, burns no attempts, and ends oldest first at the rate", async () => {
  let up = true;
  await using test = await startWorker({ ratePerMinute: 300, answer: () => up ? DELIVERED : LATER });
  await test.accept("before");
  await until("a delivery", () => test.delivered() === 1);
  up = false;
  const ids = numbered("e", 432);
  for (const id of ids) { // one in ten minutes
    await test.accept(id);
    await test.pass(600_000, 600_000);
  }
  for (const { id, attempts, unknown } of await assertConsistent(test.store)) {
    assert.ok(attempts <= 2 && unknown === 0, `${id}: ${attempts} attempts`);
  }
  assert.deepEqual(await test.ledger.summary().then(({ pending, dead }) => [pending, dead]), [432, 0]);
  up = true;
  const before = test.sent.length;
  await test.pass(60_000 + 120_000);
  await until("all deliveries", () => test.delivered() === 433);
  const sentThen = test.sent.slice(before);
  assert.deepEqual(idsOf(sentThen).toSorted(), ids, "each was sent once more");
  // Probes were sent to the end of the line; the others are in order.
  const probed = new Set(idsOf(test.sent.slice(0, before)));
  const untried = idsOf(sentThen).filter((id) => !probed.has(id));
  assert.deepEqual(untried, untried.toSorted());
  const start = sentThen[1]!.at;
  for (const [n, { at }] of sentThen.entries()) {
    assert.ok(n <= 31 + (at - start) / 200, `${n} sent within ${at - start} ms`);
  }
  assert.deepEqual(await assertConsistent(test.store), []);
});
