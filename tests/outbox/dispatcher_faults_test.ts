import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import { StoreError } from "../../lib/outbox/store_fault.ts";
import type { Verdict } from "../../lib/platformx/verdict.ts";
import { settled } from "../support/fakes.ts";
import { DELIVERED, DispatcherScene, LIMITED, nameOf, numbered, REFUSED } from "./dispatcher_scene.ts";

const fails = (fault: "full" | "read_only") => () => Promise.reject(new StoreError(fault));

Deno.test("when a pause begins, what was claimed meanwhile is not sent, and keeps its place in the line", async () => {
  let up = false;
  await using test = await DispatcherScene.open({
    later: true,
    ratePerMinute: 60, // a burst of 6, then one in a second
    answer: () => up ? DELIVERED : LIMITED,
  });
  const names = numbered("e", 20);
  for (const name of names) {
    await test.put(name);
    test.clock.stall(1);
  }
  test.start();
  await test.pass(1);
  assert.ok(test.gate.isPaused);
  const before = test.sent.length;
  const records = await test.records();
  for (const record of records) {
    const posts = test.names.filter((name) => name === nameOf(record)).length;
    assert.deepEqual([record.attempts, record.failures], [posts, 0]);
    assert.equal(record.claimedAt, undefined, "it is given back");
  }
  up = true;
  await test.pass(60_000);
  const untried = test.names.slice(before).filter((name) => !test.names.slice(0, before).includes(name));
  assert.deepEqual(untried, names.filter((name) => untried.includes(name)));
  assert.equal(test.delivered, 20);
});

Deno.test("when draining begins, what was claimed meanwhile is given back: another process can have it at once", async () => {
  await using test = await DispatcherScene.open({ later: true });
  const names = numbered("e", 40);
  await test.put(...names);
  const { claim } = test.store;
  test.store.claim = async (...args) => {
    const claims = await claim(...args);
    test.draining.abort();
    return claims;
  };
  test.start();
  await test.ended();
  assert.deepEqual([test.names, test.calls.claim], [[], 1]);
  const again = await test.whole.claim(64, { within: 0, first: false });
  assert.deepEqual(again.map(({ record }) => nameOf(record)).toSorted(), names);
  assert.deepEqual(new Set(again.map(({ record: { attempts } }) => attempts)), new Set([0]));
});

Deno.test("an event is not sent when much of its lease has passed before the claim is answered, but claimed anew", async () => {
  await using test = await DispatcherScene.open({ later: true });
  await test.put("e");
  const { claim } = test.store;
  let claims = 0;
  test.store.claim = async (...args) => {
    const claimed = await claim(...args);
    // As a process that is stopped for a while sees it, or a thread that had to wait for its turn.
    if (++claims === 1) test.clock.stall(20_000);
    return claimed;
  };
  test.start();
  await settled();
  await test.pass(2_000);
  assert.deepEqual([test.delivered, test.sent.length], [1, 1]);
  assert.equal(test.calls.settle, 2, "given back, then delivered");
});

Deno.test("an attempt that is cut at the shutdown is written down: another process can have its event soon", async () => {
  const cutOff = (_: string, __: number, cut: AbortSignal) =>
    new Promise<Verdict>((resolve) => {
      cut.addEventListener("abort", () => resolve({ kind: "unknown", seen: constant("cut_off") }));
    });
  await using test = await DispatcherScene.open({ answer: cutOff });
  await test.accept("e");
  assert.deepEqual(test.names, ["e"]);
  test.draining.abort();
  await test.accept("f");
  test.cut.abort();
  await test.ended();
  assert.deepEqual(test.names, ["e"]);
  const records = await test.records();
  assert.deepEqual(records.map(({ ambiguous, detail }) => [ambiguous, detail]), [[1, "cut_off"], [
    0,
    undefined,
  ]]);
  const wait = records[0]!.nextAttemptAt - test.clock.now();
  assert.ok(wait > 0 && wait <= 1_000, `due in ${wait} ms`);
  assert.equal(test.gate.isPaused, false);
});

Deno.test("after draining began nothing is sent any more, but what is under way is waited for and written down", async () => {
  const answer = Promise.withResolvers<Verdict>();
  await using test = await DispatcherScene.open({ answer: () => answer.promise });
  await test.accept("e");
  test.draining.abort();
  await test.accept("f");
  answer.resolve(DELIVERED);
  await test.ended();
  assert.deepEqual([test.names, test.delivered], [["e"], 1]);
  assert.deepEqual((await test.records()).map(nameOf), ["f"]);
});

Deno.test("an attempt whose end cannot be written down is not made again when its lease is over, and is written down later", async () => {
  await using test = await DispatcherScene.open();
  const { settle } = test.store;
  // Claims work: nothing but memory keeps the dispatcher from the event when its lease is over.
  test.store.settle = fails("full");
  await test.accept("e");
  await test.pass(120_000, 2_000); // four leases
  assert.deepEqual([test.sent.length, (await test.records()).length], [1, 1]);
  assert.equal(test.log.of("outbox_unusable").length, 1);
  test.store.settle = settle;
  // The claim of the last lease is the one that counts: until it is over, nobody has the event.
  await test.pass(32_000);
  assert.deepEqual(await test.records(), []);
  assert.deepEqual([test.sent.length, test.delivered], [1, 1]);
  assert.equal(test.log.of("outbox_usable").length, 1);
});

Deno.test("what could not be written down is written down together, not one by one", async () => {
  await using test = await DispatcherScene.open();
  const { settle } = test.store;
  test.store.settle = fails("full");
  for (const name of ["a", "b", "c"]) await test.accept(name);
  const written = Promise.withResolvers<void>();
  let underWay = 0;
  test.store.settle = async (...args) => {
    underWay++;
    await written.promise;
    return await settle(...args);
  };
  await test.pass(2_000);
  assert.equal(underWay, 3);
  written.resolve();
  await test.pass(2_000);
  assert.deepEqual(await test.records(), []);
});

Deno.test("settling that takes long is no fault, and a dead letter is told once", async () => {
  await using test = await DispatcherScene.open({ answer: () => REFUSED });
  const { settle } = test.store;
  const gate = Promise.withResolvers<void>();
  let settlements = 0;
  test.store.settle = async (...args) => {
    settlements++;
    await gate.promise;
    return await settle(...args);
  };
  await Promise.all(["a", "b", "c"].map((name) => test.accept(name)));
  await test.pass(3_000); // the dispatcher looks at what is not settled
  gate.resolve();
  await test.pass(3_000);
  assert.equal(settlements, 3, "one that is under way is not begun again");
  assert.deepEqual(test.log.of("outbox_unusable", "internal_error"), []);
  assert.deepEqual([test.told.length, test.log.of("dead_letter").length], [3, 3]);
  assert.equal((await test.records("dead")).length, 3);
});

Deno.test("what could not be written down while the service ran is tried once more when it ends", async () => {
  await using test = await DispatcherScene.open();
  const { settle } = test.store;
  test.store.settle = fails("full");
  await test.accept("e");
  assert.deepEqual([test.delivered, (await test.records()).length], [1, 1]);
  test.store.settle = settle;
  test.draining.abort();
  await test.ended();
  assert.deepEqual(await test.records(), []);
});

Deno.test("while the store fails the dispatcher goes on trying, says so once, and delivers when it works again", async () => {
  await using test = await DispatcherScene.open({ later: true });
  await test.put("e");
  const { claim, tidy } = test.store;
  test.store.claim = test.store.tidy = fails("read_only");
  test.start();
  await test.pass(30_000);
  assert.deepEqual([test.sent, test.log.of("outbox_unusable").length], [[], 1]);
  Object.assign(test.store, { claim, tidy });
  await test.pass(2_000);
  assert.equal(test.delivered, 1);
  assert.equal(test.log.of("outbox_usable").length, 1);
});

Deno.test("where the store has room to claim a few events at once, but not many, they go out all the same", async () => {
  await using test = await DispatcherScene.open({ later: true });
  const names = numbered("e", 20);
  await test.put(...names);
  const { claim } = test.store;
  test.store.claim = (limit, fresh) => limit > 3 ? fails("full")() : claim(limit, fresh);
  test.start();
  await test.pass(30_000);
  assert.deepEqual(test.names.toSorted(), names);
  test.store.claim = claim;
  await test.put(...numbered("f", 64));
  await test.pass(1_000);
  const looks = test.calls.claim;
  await test.put(...numbered("g", 64));
  await test.pass(1_000);
  assert.ok(test.calls.claim - looks <= 3, "with room they are claimed together again");
  assert.equal(test.delivered, 148);
});

Deno.test("while the store cannot be looked after it is asked once a second, whatever was due then", async () => {
  await using test = await DispatcherScene.open();
  await test.pass(500);
  test.store.tidy = () => {
    test.store.tidy = fails("read_only");
    return Promise.resolve({ buried: [], nextDueIn: 2 });
  };
  await test.pass(2_000);
  const looks = test.calls.claim;
  await test.pass(3_000, 1);
  assert.ok(test.calls.claim - looks <= 4, `${test.calls.claim - looks} looks`);
});

Deno.test("a probe for which the rate has no room is not tried again and again", async () => {
  await using test = await DispatcherScene.open({ ratePerMinute: 2, answer: () => LIMITED });
  await test.accept("e");
  await test.pass(120_000);
  assert.ok(test.sent.length > 1, "it is tried");
  assert.ok(test.calls.claim <= 10 * test.sent.length, `${test.calls.claim} claims`);
});

Deno.test("a fault of the service itself while it sends is told with its place, and the others go on", async () => {
  await using test = await DispatcherScene.open({
    answer: (name) => {
      if (name === "bug") throw new RangeError("tina@example.com");
      return DELIVERED;
    },
  });
  await test.accept("bug");
  await test.accept("e");
  assert.equal(test.delivered, 1);
  const [line] = test.log.of("internal_error");
  assert.equal(line?.level, "ERROR");
  assert.ok(!JSON.stringify(line).includes("tina"));
});

const jumps: readonly { readonly what: string; readonly by: number; readonly wait: number }[] = [
  { what: "back by half an hour", by: -1_800_000, wait: 1_802_000 },
  { what: "back by a day", by: -86_400_000, wait: 40_000 },
  { what: "ahead by a minute, past every lease", by: 60_000, wait: 40_000 },
  { what: "ahead by a day", by: 86_400_000, wait: 40_000 },
];

for (const { what, by, wait } of jumps) {
  Deno.test(`a clock set ${what} doubles nothing: what is under way is not sent again, what waits goes out`, async () => {
    const answers = new Map<string, (verdict: Verdict) => void>();
    await using test = await DispatcherScene.open({
      answer: (name, attempt) =>
        name === "retried" && attempt === 1
          ? { kind: "later", cause: "platformx", seen: constant("status 503") }
          : name === "under way"
          ? new Promise((resolve) => answers.set(name, resolve))
          : DELIVERED,
    });
    await test.accept("retried");
    await test.accept("under way");
    test.clock.setBy(by);
    await test.accept("new");
    assert.ok(test.names.includes("new"), "new events go out at once");
    await test.pass(9_000);
    answers.get("under way")?.(DELIVERED);
    await test.pass(wait, 10_000);
    assert.deepEqual(test.names.toSorted(), ["new", "retried", "retried", "under way"]);
    assert.deepEqual([await test.records(), test.log.of("outbox_unusable", "dead_letter")], [[], []]);
  });
}
