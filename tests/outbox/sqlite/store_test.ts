import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "../../../lib/runtime/system_clock.ts";
import type { Operations } from "../../../lib/outbox/operation.ts";
import { SQL } from "../../../lib/outbox/sqlite/statements.ts";
import { SqliteStore } from "../../../lib/outbox/sqlite/store.ts";
import type { StartThread, ThreadEvents } from "../../../lib/runtime/thread.ts";
import { FakeClock, settled, watched } from "../../support/fakes.ts";
import { DAY, draftOf, faultOf } from "../store_contract.ts";
import { SqliteScene } from "./scene.ts";

/** A thread that says what a test makes it say. */
class FakeThread {
  readonly asked: string[] = [];
  readonly started: { readonly isAgain: boolean }[] = [];
  ended = 0;
  events: ThreadEvents | undefined;

  readonly start: StartThread = (_, data, events) => {
    this.started.push(JSON.parse(data));
    this.events = events;
    const summary = { pending: 0, dead: 0, deadByReason: [] };
    queueMicrotask(() => events.onMessage(JSON.stringify({ engine: "SQLite", summary })));
    return Promise.resolve({
      postMessage: (text: string) => void this.asked.push(text),
      terminate: () => void this.ended++,
    });
  };

  /** Answers the last message: all were queued, or so. */
  answer(answer: Operations["accept"]["answer"] = "queued"): void {
    const { asks } = JSON.parse(this.asked.at(-1)!);
    const results = asks.map(() => ({ answer }));
    this.events!.onMessage(JSON.stringify({ results, leftAlone: [] }));
  }
}

async function open() {
  const [thread, clock] = [new FakeThread(), new FakeClock()];
  const options = { clock, window: DAY, maxAge: DAY, maxPending: 100, onLeftAlone: () => {} };
  const store = await SqliteStore.open({
    path: "outbox.db",
    access: "serve",
    startThread: thread.start,
    ...options,
  });
  const accept = (key: string) => faultOf(store.accept(draftOf(key)));
  return { thread, clock, store, accept };
}

Deno.test("what comes while the thread is at work goes in the next message, all of it", async () => {
  const { thread, accept } = await open();
  const all = ["a", "b", "c"].map((key) => accept(key));
  await settled();
  const more = ["d", "e"].map((key) => accept(key));
  await settled();
  thread.answer();
  await settled();
  thread.answer();
  assert.deepEqual(await Promise.all([...all, ...more]), ["none", "none", "none", "none", "none"]);
  assert.deepEqual(thread.asked.map((text) => JSON.parse(text).asks.length), [3, 2]);
});

Deno.test("a disk that hangs: who waits is told after 5 s, and who gathered; who comes later at once, until it answers", async () => {
  const { thread, clock, store, accept } = await open();
  const first = watched(accept("a"));
  await settled();
  const gathered = watched(accept("b"));
  await clock.advance(4_999);
  assert.deepEqual([first.value, gathered.value], [undefined, undefined]);
  await clock.advance(1);
  assert.deepEqual([first.value, gathered.value], ["slow", "slow"]);
  assert.equal(await accept("c"), "slow");
  thread.answer();
  const later = accept("d");
  await settled();
  thread.answer();
  assert.equal(await later, "none");
  assert.deepEqual(
    store.known.pending,
    1,
    "what was answered too late is counted when the store is looked after",
  );
});

Deno.test("an event that was claimed too late, when its webhook was refused, goes back into the line", async () => {
  const { thread, clock, store } = await open();
  const refused = watched(faultOf(store.accept(draftOf("a"), true)));
  await settled();
  await clock.advance(5_000);
  assert.equal(refused.value, "slow");
  thread.answer({ id: "id", acceptedAt: 7 });
  await settled();
  const settlement = { kind: "released" };
  assert.deepEqual(JSON.parse(thread.asked.at(-1)!).asks, [
    { kind: "settle", id: "id", fence: 1, place: 7, settlement },
  ]);

  const [kept] = [store.accept(draftOf("b"), true), thread.answer()];
  await settled();
  thread.answer({ id: "other", acceptedAt: 8 });
  assert.equal(typeof await kept, "object");
  await settled();
  assert.equal(thread.asked.length, 3, "what was claimed in time is kept");
});

Deno.test("a lock that was waited for in vain ends the wait of all that came meanwhile, and of nobody later", async () => {
  const { thread, accept } = await open();
  const first = accept("a");
  await settled();
  const gathered = accept("b");
  thread.events!.onMessage(JSON.stringify({ results: [{ fault: "busy" }], leftAlone: [] }));
  assert.deepEqual(await Promise.all([first, gathered]), ["busy", "busy"]);
  const later = accept("c");
  await settled();
  thread.answer();
  assert.equal(await later, "none");
});

Deno.test("closing ends in two seconds, whatever the thread does", async () => {
  const { thread, clock, store, accept } = await open();
  const waiting = accept("a");
  await settled();
  const closing = watched(store.close().then(() => "closed"));
  assert.equal(await waiting, "closed");
  await clock.advance(1_999);
  assert.equal(closing.value, undefined);
  await clock.advance(1);
  assert.deepEqual([closing.value, thread.ended], ["closed", 1]);
});

Deno.test("a thread that ends by itself is told, and the next question starts another one, which makes no file", async () => {
  const { thread, accept } = await open();
  const waiting = accept("a");
  await settled();
  thread.events!.onEnd();
  assert.equal(await waiting, "failing");
  const later = accept("b");
  await settled();
  thread.answer();
  assert.equal(await later, "none");
  assert.deepEqual(thread.started.map(({ isAgain }) => isAgain), [false, true]);
});

Deno.test("a file that another process locks for a moment is waited for, in the thread: this one goes on", async () => {
  await using scene = new SqliteScene();
  const store = await scene.open({ clock: systemClock });
  using db = new DatabaseSync(scene.path);
  db.exec("BEGIN IMMEDIATE");
  const accepting = watched(store.accept(draftOf("a")));
  for (let turn = 0; turn < 10; turn++) await systemClock.sleep(10, new AbortController().signal);
  assert.equal(accepting.value, undefined);
  db.exec("COMMIT");
  assert.equal(await store.accept(draftOf("b")), "queued");
  assert.equal(accepting.value, "queued");
});

Deno.test("a file that stays locked is busy, to the service and at the start", async () => {
  await using scene = new SqliteScene();
  const store = await scene.open({ clock: systemClock });
  using db = new DatabaseSync(scene.path);
  db.exec("BEGIN IMMEDIATE");
  const faults = await Promise.all([
    faultOf(store.accept(draftOf("a"))),
    faultOf(scene.open({ clock: systemClock })),
  ]);
  assert.deepEqual(faults, ["busy", "busy"]);
  db.exec("COMMIT");
  assert.equal(await store.accept(draftOf("a")), "queued");
});

Deno.test("what is counted at the start, and now and then, is read from indexes: no event is", async (t) => {
  await using scene = new SqliteScene();
  await scene.open();
  using db = new DatabaseSync(scene.path);
  /** What of a statement's program reads the table's own rows: a column by a cursor that is no index's. */
  const readsOf = (sql: string) => {
    const steps = db.prepare(`EXPLAIN ${sql}`).all(sql.includes("$now") ? { $now: 0 } : {});
    const rows = steps.filter(({ opcode, p4 }) => opcode === "OpenRead" && !String(p4).startsWith("k("));
    assert.ok(steps.some(({ opcode }) => opcode === "Column"));
    return steps.filter(({ opcode, p1 }) => opcode === "Column" && rows.some((row) => row["p1"] === p1));
  };
  for (const name of ["pendingSummary", "deadSummary", "nextDue"] as const) {
    await t.step(name, () => assert.deepEqual(readsOf(SQL[name]), []));
  }
  await t.step("it would be seen", () => {
    assert.notDeepEqual(readsOf("SELECT max(attempts) FROM event WHERE dead_at IS NULL"), []);
  });
});
