import assert from "node:assert/strict";
import { RECORD_VERSION } from "../../lib/outbox/record.ts";
import { type LogEntry, settled } from "../support/fakes.ts";
import {
  delayOf,
  DELIVERED,
  LATER,
  namesOf,
  numbered,
  RATE_LIMITED,
  REFUSED,
  startDispatcher,
  UNKNOWN,
} from "./dispatcher_fakes.ts";
import { DAY, HOUR } from "./fakes.ts";

Deno.test("an accepted event is delivered at once: no time passes, and nothing is left", async () => {
  await using test = await startDispatcher();
  await settled();
  const begun = test.clock.monotonic();
  await test.accept("e");
  await settled();
  assert.equal(test.clock.monotonic(), begun);
  assert.equal(test.delivered(), 1);
  assert.deepEqual(await test.records(), []);
  const [{ level, fields }] = test.log.of("delivered") as [LogEntry];
  const { id, ...others } = fields;
  assert.match(String(id), /^[0-9a-f-]{36}$/);
  assert.equal(level, "INFO");
  assert.deepEqual(others, { msg_id: "m-e", notification: "Workspace Created", age_ms: 0, attempts: 1 });
});

Deno.test("events accepted while the dispatcher looks at the store are delivered at once, too", async () => {
  await using test = await startDispatcher();
  await settled();
  const begun = test.clock.monotonic();
  const ids = numbered("e", 30);
  // Each is offered at another moment of the dispatcher's round.
  for (const id of ids) await test.accept(id);
  await settled();
  assert.equal(test.clock.monotonic(), begun);
  assert.deepEqual(namesOf(test.sent).toSorted(), ids);
});

Deno.test("what another process accepted is found at the next look", async () => {
  await using test = await startDispatcher();
  await settled();
  test.put("e");
  await test.pass(1_000);
  assert.deepEqual(namesOf(test.sent), ["e"]);
});

Deno.test("what was stored before the start is delivered, the oldest first", async () => {
  await using test = await startDispatcher({ later: true });
  const ids = numbered("e", 150);
  for (const [age, id] of ids.toReversed().entries()) {
    test.put(id, { at: test.clock.now() - HOUR - age });
  }
  test.start();
  await settled();
  assert.deepEqual(namesOf(test.sent), ids);
});

Deno.test("an event that fails goes by its own schedule and delays nobody", async () => {
  await using test = await startDispatcher({ answer: (id) => id === "poison" ? LATER : DELIVERED });
  await test.accept("poison");
  await settled();
  for (const id of numbered("e", 40)) {
    // Between attempts at the poison event others are delivered, so that no pause begins.
    await test.accept(id);
    await settled();
    await test.pass(1_000);
  }
  const [first, ...others] = test.sent.filter(({ name }) => name === "poison").map(({ at }) => at);
  // The fake clock cuts fractions of a millisecond off.
  const delays = others.map((at, n) => Math.ceil((at - [first!, ...others][n]!) / 10) * 10);
  assert.equal(test.delivered(), 40);
  assert.deepEqual(delays, [1, 2, 3, 4, 5].map(delayOf));
  const [poison] = await test.records();
  assert.equal(poison!.attempts, 6);
});

Deno.test("a refused event is a dead letter after one attempt, and the log says so", async () => {
  await using test = await startDispatcher({ answer: () => REFUSED });
  await test.accept("e");
  await settled();
  await test.pass(DAY, HOUR);
  assert.equal(test.sent.length, 1);
  const [record] = await test.records();
  assert.deepEqual([record!.dead?.reason, record!.detail, record!.attempts], ["refused", "no such user", 1]);
  assert.deepEqual(test.log.of("dead_letter").map(({ level, fields }) => [level, fields]), [
    ["WARNING", {
      id: record!.id,
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
  await using test = await startDispatcher({ answer: () => UNKNOWN });
  await test.accept("e");
  await test.pass(HOUR, 10_000);
  assert.equal(test.sent.length, 3);
  const [record] = await test.records();
  assert.deepEqual([record!.dead?.reason, record!.ambiguous], ["outcome_unknown", 3]);
});

Deno.test("during a pause probes take the events in turn, and burn no attempts", async () => {
  let up = false;
  await using test = await startDispatcher({ later: true, answer: () => up ? DELIVERED : LATER });
  const ids = numbered("e", 6);
  for (const [n, id] of ids.entries()) test.put(id, { at: test.clock.now() - 10 + n });
  test.start();
  await settled();
  const before = test.sent.length;
  await test.pass(1_000 + 2_000 + 4_000 + 8_000 + 16_000);
  const probes = namesOf(test.sent.slice(before));
  assert.ok(probes.length >= 4, `probes: ${probes}`);
  assert.equal(new Set(probes.slice(0, 4)).size, 4, `not in turn: ${probes}`);
  for (const { failures } of await test.records()) assert.ok(failures <= 1);
  up = true;
  await test.pass(120_000);
  assert.equal(test.delivered(), 6);
  assert.deepEqual(test.log.of("paused", "resumed").map(({ event }) => event), ["paused", "resumed"]);
  assert.deepEqual(await test.records(), []);
});

Deno.test("a backlog goes out oldest first, at the configured rate, and new events do not wait for its end", async () => {
  await using test = await startDispatcher({ later: true, ratePerMinute: 60 }); // a burst of 6
  const old = numbered("old", 40);
  for (const [n, id] of old.entries()) test.put(id, { at: test.clock.now() - HOUR + n });
  test.start();
  await test.pass(5_000);
  await test.accept("new0");
  await test.accept("new1");
  await test.pass(5_000);
  const ids = namesOf(test.sent);
  assert.ok(ids.includes("new0") && ids.includes("new1"), `new ones wait: ${ids}`);
  await test.pass(60_000);
  assert.deepEqual(namesOf(test.sent).filter((name) => name.startsWith("old")), old);
  for (const [n, { at }] of test.sent.entries()) {
    assert.ok(n + 1 <= 6 + at / 1_000, `${n + 1} sent after ${at} ms`);
  }
  assert.equal(test.sent.length, 42);
});

Deno.test("a stream of new events that never ends does not starve a backlog", async () => {
  const test = await startDispatcher({
    later: true,
    answer: async () => {
      test.clock.stall(20);
      if (test.sent.length < 900) await test.accept(`new${test.sent.length}`);
      return DELIVERED;
    },
  });
  await using _ = test;
  const old = numbered("old", 200);
  for (const [n, id] of old.entries()) test.put(id, { at: test.clock.now() - HOUR + n });
  await test.accept("new");
  test.start();
  await settled();
  const firsts = namesOf(test.sent).slice(0, 600).filter((name) => name.startsWith("old"));
  assert.deepEqual(firsts, old);
});

Deno.test("what is accepted during a pause goes out in line, the oldest first, and does not hold up what comes after it", async () => {
  let up = false;
  await using test = await startDispatcher({
    ratePerMinute: 600,
    answer: () => up ? DELIVERED : RATE_LIMITED,
  });
  await test.accept("first");
  await settled();
  const ids = numbered("e", 1_200); // more than the dispatcher keeps in mind as new
  for (const id of ids) {
    await test.accept(id);
    test.clock.stall(1);
  }
  await settled();
  up = true;
  const before = test.sent.length;
  await test.pass(20_000);
  await test.accept("new");
  await test.pass(1_000);
  assert.ok(namesOf(test.sent).includes("new"), `after ${test.sent.length} others it still waits`);
  await test.pass(130_000);
  assert.equal(test.delivered(), 1_202);
  // What a probe took went to the end of the line.
  const probed = new Set(namesOf(test.sent.slice(0, before + 1)));
  const untried = namesOf(test.sent.slice(before)).filter((id) => id !== "new" && !probed.has(id));
  assert.deepEqual(untried, ids.filter((id) => !probed.has(id)));
  assert.ok(untried.length > 1_190);
});

/** Stores something, and how much may be asked of the store in a second. */
const quietCases: { readonly what: string; readonly version?: number; readonly dueIn?: number }[] = [
  { what: "nothing is there" },
  { what: "all there is was stored by a newer version", version: RECORD_VERSION + 1 },
  { what: "the next event is due in an hour", dueIn: HOUR },
];

for (const { what, version, dueIn = 0 } of quietCases) {
  Deno.test(`the dispatcher rests while ${what}`, async () => {
    await using test = await startDispatcher({ later: true });
    if (version !== undefined || dueIn > 0) {
      for (const id of numbered("e", 70)) {
        test.put(id, { at: test.clock.now() + dueIn, ...(version === undefined ? {} : { version }) });
      }
    }
    test.start();
    await test.pass(5_000);
    let asked = 0;
    const { claim, tidy } = test.asked;
    Object.assign(test.asked, {
      claim: (...question: Parameters<typeof claim>) => (asked++, claim(...question)),
      tidy: () => (asked++, tidy()),
    });
    await test.pass(10_000);
    assert.ok(asked <= 22, `${asked} questions in 10 s`);
    assert.equal(test.sent.length, 0);
    // Said once for each of the first ten.
    assert.equal(test.log.of("record_unusable").length, version === undefined ? 0 : 10);
  });
}

Deno.test("events of a newer version do not keep the dispatcher from others", async () => {
  await using test = await startDispatcher({ later: true });
  for (const id of numbered("newer", 100)) {
    test.put(id, { at: test.clock.now() - HOUR, version: RECORD_VERSION + 1 });
  }
  for (const id of numbered("e", 100)) test.put(id);
  test.start();
  await test.pass(10_000);
  assert.equal(test.delivered(), 100);
  assert.equal(test.store.known.pending, 100);
});

Deno.test("an event that was never taken expires on time, without another attempt after it", async () => {
  await using test = await startDispatcher({ maxAge: HOUR, answer: () => LATER });
  await test.accept("e");
  await test.pass(HOUR + 5_000, 5_000);
  const [record] = await test.records();
  assert.equal(record!.dead?.reason, "expired");
  assert.ok(record!.dead.at - record!.enqueuedAt <= HOUR + 5_000);
  assert.equal(test.log.of("dead_letter").length, 1);
  const { length } = test.sent;
  await test.pass(HOUR, 60_000);
  assert.equal(test.sent.length, length);
});

Deno.test("of a backlog past its age nothing is sent, however large it is, and all of it is buried", async () => {
  await using test = await startDispatcher({ maxAge: HOUR, later: true });
  const at = test.clock.now() - DAY;
  for (const id of numbered("e", 150)) test.put(id, { at });
  test.start();
  await test.pass(10_000);
  assert.deepEqual(test.sent, []);
  assert.deepEqual([test.store.known.pending, test.store.known.dead], [0, 150]);
  assert.equal(test.log.of("dead_letter").length, 150);
});

Deno.test("an outage of three days loses nothing, burns no attempts, and ends oldest first at the rate", async () => {
  let up = true;
  await using test = await startDispatcher({ ratePerMinute: 300, answer: () => up ? DELIVERED : LATER });
  await test.accept("before");
  await settled();
  up = false;
  const ids = numbered("e", 432);
  for (const id of ids) { // one in ten minutes
    await test.accept(id);
    await test.pass(600_000, 600_000);
  }
  for (const { id, failures, ambiguous } of await test.records()) {
    assert.ok(failures <= 2 && ambiguous === 0, `${id}: ${failures} failures`);
  }
  assert.deepEqual([test.store.known.pending, test.store.known.dead], [432, 0]);
  up = true;
  const before = test.sent.length;
  await test.pass(60_000 + 120_000);
  await settled();
  const sentThen = test.sent.slice(before);
  assert.deepEqual(namesOf(sentThen).toSorted(), ids, "each was sent once more");
  // Probes were sent to the end of the line; the others are in order.
  const probed = new Set(namesOf(test.sent.slice(0, before)));
  const untried = namesOf(sentThen).filter((id) => !probed.has(id));
  assert.deepEqual(untried, untried.toSorted());
  const start = sentThen[1]!.at;
  for (const [n, { at }] of sentThen.entries()) {
    assert.ok(n <= 31 + (at - start) / 200, `${n} sent within ${at - start} ms`);
  }
  assert.deepEqual(await test.records(), []);
});
