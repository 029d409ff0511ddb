import assert from "node:assert/strict";
import {
  delayAfterFailure,
  DELIVERED,
  DispatcherScene,
  LATER,
  LIMITED,
  nameOf,
  numbered,
  REFUSED,
  UNKNOWN,
} from "./dispatcher_scene.ts";
import { DAY, HOUR } from "./store_contract.ts";

Deno.test("an accepted event is delivered at once: no time passes, and nothing is left", async () => {
  await using test = await DispatcherScene.open();
  await test.pass(1);
  const begun = test.clock.monotonic();
  await test.accept("e");
  assert.deepEqual([test.delivered, test.clock.monotonic()], [1, begun]);
  assert.deepEqual(await test.records(), []);
  const [line] = test.log.of("delivered");
  assert.deepEqual([line?.level, { ...line?.fields, id: "" }], [
    "INFO",
    { id: "", msg_id: "m-e", notification: "Workspace Created", age_ms: 0, attempts: 1 },
  ]);
});

Deno.test("events accepted while the dispatcher looks at the store are delivered at once, too", async () => {
  await using test = await DispatcherScene.open();
  await test.pass(1);
  const begun = test.clock.monotonic();
  const names = numbered("e", 30);
  await Promise.all(names.map((name) => test.accept(name)));
  assert.deepEqual([test.names.toSorted(), test.clock.monotonic()], [names, begun]);
});

Deno.test("what another process accepted is found at the next look", async () => {
  await using test = await DispatcherScene.open();
  await test.pass(1);
  await test.put("e");
  await test.pass(1_000);
  assert.deepEqual(test.names, ["e"]);
});

Deno.test("what was stored before the start is delivered, the oldest first", async () => {
  await using test = await DispatcherScene.open({ later: true });
  const names = numbered("e", 150);
  for (const name of names) {
    await test.put(name);
    test.clock.stall(1);
  }
  test.start();
  await test.pass(1_000);
  assert.deepEqual(test.names, names);
});

Deno.test("an event that fails goes by its own schedule and delays nobody", async () => {
  await using test = await DispatcherScene.open({ answer: (name) => name === "poison" ? LATER : DELIVERED });
  await test.accept("poison");
  for (const name of numbered("e", 40)) {
    // Between attempts at the poison event others are delivered, so that no pause begins.
    await test.accept(name);
    assert.ok(test.names.includes(name));
    await test.pass(1_000);
  }
  const [first, ...others] = test.sent.filter(({ name }) => name === "poison").map(({ at }) => at);
  const delays = others.map((at, n) => at - [first!, ...others][n]!);
  const expected = [1, 2, 3, 4, 5].map(delayAfterFailure);
  assert.equal(delays.length, expected.length);
  // The longest is just below the bound.
  for (const [n, delay] of delays.entries()) assert.ok([0, 1].includes(expected[n]! - delay), `${delays}`);
  const [poison] = await test.records();
  assert.deepEqual([test.delivered, poison?.attempts, poison?.failures], [40, 6, 6]);
});

Deno.test("a refused event is a dead letter after one attempt, and the log says so once", async () => {
  await using test = await DispatcherScene.open({ answer: () => REFUSED });
  await test.accept("e");
  await test.pass(DAY, HOUR);
  const [record] = await test.records("dead");
  assert.deepEqual([test.sent.length, record?.dead?.reason, record?.detail, record?.attempts], [
    ...[1, "refused", "no such user", 1],
  ]);
  const lines = test.log.of("dead_letter").map(({ level, fields }) => [level, { ...fields, id: "" }]);
  const fields = { id: "", msg_id: "m-e", notification: "Workspace Created", age_ms: 0 };
  assert.deepEqual(lines, [["WARNING", { ...fields, reason: "refused", seen: "no such user", attempts: 1 }]]);
});

Deno.test("three unknown outcomes make a dead letter", async () => {
  await using test = await DispatcherScene.open({ answer: () => UNKNOWN });
  await test.accept("e");
  await test.pass(HOUR, 10_000);
  const [record] = await test.records("dead");
  assert.deepEqual([test.sent.length, record?.dead?.reason, record?.ambiguous], [3, "outcome_unknown", 3]);
});

Deno.test("during a pause probes take the events in turn: all POSTs are counted, and no failures", async () => {
  let up = false;
  await using test = await DispatcherScene.open({ later: true, answer: () => up ? DELIVERED : LATER });
  await test.put(...numbered("e", 6));
  test.start();
  await test.pass(1);
  assert.ok(test.gate.isPaused);
  const before = test.sent.length;
  await test.pass(1_000 + 2_000 + 4_000 + 8_000 + 16_000);
  const probes = test.names.slice(before);
  assert.ok(probes.length >= 4, `probes: ${probes}`);
  assert.equal(new Set(probes.slice(0, 4)).size, 4, `not in turn: ${probes}`);
  for (const record of await test.records()) {
    const posts = test.names.filter((name) => name === nameOf(record)).length;
    assert.deepEqual([record.attempts, record.failures <= 1], [posts, true], nameOf(record));
  }
  up = true;
  await test.pass(120_000);
  assert.deepEqual([test.delivered, await test.records()], [6, []]);
  assert.deepEqual(test.log.of("paused", "resumed").map(({ event }) => event), ["paused", "resumed"]);
});

Deno.test("a backlog goes out oldest first, at the configured rate, and new events do not wait for its end", async () => {
  await using test = await DispatcherScene.open({ later: true, ratePerMinute: 60 }); // a burst of 6
  const old = numbered("old", 40);
  for (const name of old) {
    await test.put(name);
    test.clock.stall(1);
  }
  test.start();
  await test.pass(5_000);
  await test.accept("new0");
  await test.accept("new1");
  await test.pass(5_000);
  assert.ok(["new0", "new1"].every((name) => test.names.includes(name)), `new ones wait: ${test.names}`);
  await test.pass(60_000);
  assert.deepEqual(test.names.filter((name) => name.startsWith("old")), old);
  assert.equal(test.sent.length, 42);
  const first = test.sent[0]!.at;
  for (const [n, { at }] of test.sent.entries()) {
    assert.ok(n + 1 <= 6 + (at - first) / 1_000, `${n + 1} sent after ${at - first} ms`);
  }
});

Deno.test("a stream of new events that never ends does not starve a backlog", async () => {
  await using test: DispatcherScene = await DispatcherScene.open({
    later: true,
    answer: async () => {
      test.clock.stall(20);
      if (test.sent.length < 900) await test.put(`new${test.sent.length}`);
      return DELIVERED;
    },
  });
  const old = numbered("old", 200);
  for (const name of old) {
    await test.put(name);
    test.clock.stall(1);
  }
  test.start();
  await test.put("new");
  await test.pass(10_000);
  assert.ok(test.sent.length >= 900, `${test.sent.length} attempts`);
  assert.deepEqual(test.names.slice(0, 600).filter((name) => name.startsWith("old")), old);
});

Deno.test("what is accepted during a pause goes out in line, the oldest first, and does not hold up what comes after it", async () => {
  let up = false;
  await using test = await DispatcherScene.open({
    ratePerMinute: 600,
    answer: () => up ? DELIVERED : LIMITED,
  });
  await test.accept("first");
  assert.ok(test.gate.isPaused);
  const names = numbered("e", 600);
  for (const name of names) {
    await test.put(name);
    test.clock.stall(1);
  }
  await test.pass(1_000);
  up = true;
  const before = test.sent.length;
  await test.pass(20_000);
  await test.accept("new");
  await test.pass(1_000);
  assert.ok(test.names.includes("new"), `after ${test.sent.length} others it still waits`);
  await test.pass(130_000);
  assert.equal(test.delivered, 602);
  // What a probe took went to the end of the line.
  const probed = new Set(test.names.slice(0, before + 1));
  const untried = test.names.slice(before).filter((name) => name !== "new" && !probed.has(name));
  assert.deepEqual(untried, names.filter((name) => !probed.has(name)));
  assert.ok(untried.length > 590);
});

const restful: readonly { readonly what: string; readonly sql?: string }[] = [
  { what: "nothing is there" },
  { what: "all there is was stored by a newer version", sql: "UPDATE event SET version = 2" },
  {
    what: "the next event is due in an hour",
    sql: `UPDATE event SET next_attempt_at = next_attempt_at + ${HOUR}`,
  },
];

for (const { what, sql } of restful) {
  Deno.test(`the dispatcher rests while ${what}`, async () => {
    await using test = await DispatcherScene.open({ later: true });
    if (sql !== undefined) {
      await test.put(...numbered("e", 70));
      await test.sql(sql);
    }
    test.start();
    await test.pass(5_000);
    const { claim, tidy } = test.calls;
    await test.pass(10_000);
    const asked = [test.calls.claim - claim, test.calls.tidy - tidy];
    assert.ok(asked.every((calls) => calls <= 11), `asked in 10 s: ${asked}`);
    assert.deepEqual(test.sent, []);
  });
}

Deno.test("an event that was never taken expires on time, without another attempt after it", async () => {
  await using test = await DispatcherScene.open({ maxAge: HOUR, answer: () => LATER });
  await test.accept("e");
  await test.pass(HOUR + 5_000, 5_000);
  const [record] = await test.records("dead");
  assert.equal(record?.dead?.reason, "expired");
  assert.ok(record.dead.at - record.enqueuedAt <= HOUR + 5_000);
  assert.deepEqual(test.log.of("dead_letter").map(({ fields }) => fields["reason"]), ["expired"]);
  const { length } = test.sent;
  await test.pass(HOUR, 60_000);
  assert.equal(test.sent.length, length);
});

Deno.test("of a backlog past its age nothing is sent, however large it is, and all of it is buried", async () => {
  await using test = await DispatcherScene.open({ maxAge: HOUR, later: true });
  await test.put(...numbered("e", 1_500));
  test.clock.stall(DAY);
  test.start();
  await test.pass(30_000);
  assert.deepEqual(test.sent, []);
  assert.deepEqual([test.whole.known.pending, test.whole.known.dead], [0, 1_500]);
  assert.equal(test.log.of("dead_letter").length, 1_500);
});

Deno.test("an outage of three days loses nothing, burns no failures, and ends oldest first at the rate", async () => {
  let up = true;
  await using test = await DispatcherScene.open({ ratePerMinute: 300, answer: () => up ? DELIVERED : LATER });
  await test.accept("before");
  assert.equal(test.delivered, 1);
  up = false;
  const names = numbered("e", 432);
  for (const name of names) { // one in ten minutes
    await test.accept(name);
    await test.pass(600_000, 600_000);
  }
  for (const { attempts, failures, ambiguous, id } of await test.records()) {
    assert.ok(failures <= 2 && ambiguous === 0, `${id}: ${failures} of ${attempts}`);
  }
  assert.deepEqual([test.whole.known.pending, test.whole.known.dead], [432, 0]);
  up = true;
  const before = test.sent.length;
  await test.pass(60_000 + 120_000);
  assert.equal(test.delivered, 433);
  const sentThen = test.sent.slice(before);
  assert.deepEqual(sentThen.map(({ name }) => name).toSorted(), names, "each was sent once more");
  // Probes were sent to the end of the line; the others are in order.
  const probed = new Set(test.names.slice(0, before));
  const untried = sentThen.map(({ name }) => name).filter((name) => !probed.has(name));
  assert.deepEqual(untried, untried.toSorted());
  const start = sentThen[1]!.at;
  for (const [n, { at }] of sentThen.entries()) {
    assert.ok(n <= 31 + (at - start) / 200, `${n} sent within ${at - start} ms`);
  }
  assert.deepEqual(await test.records(), []);
});
