import assert from "node:assert/strict";
import type { Verdict } from "../../lib/platformx/verdict.ts";
import { StoreError } from "../../lib/outbox/store_error.ts";
import { assertConsistent, until } from "./fakes.ts";
import { DELIVERED, LATER, startWorker } from "./dispatcher_fakes.ts";

const idsOf = (sent: readonly { readonly id: string }[]) => sent.map(({ id }) => id);

Deno.test("an attempt that is cut at the shutdown gives its event back: another process can have it soon", async () => {
  await using test = await startWorker({
    answer: (_, { cut }) =>
      new Promise<Verdict>((resolve) => {
        cut.addEventListener("abort", () => resolve({ kind: "unknown", seen: "cut_off" }));
      }),
  });
  await test.accept("e");
  await until("the attempt", () => test.sent.length === 1);
  test.draining.abort();
  await test.accept("f");
  test.cut.abort();
  await test.ended();
  assert.deepEqual(idsOf(test.sent), ["e"]);
  const records = await assertConsistent(test.store);
  const now = test.clock.now();
  assert.deepEqual(records.map(({ id, unknown, seen }) => [id, unknown, seen]), [
    ["e", 1, "cut_off"],
    ["f", 0, undefined],
  ]);
  const { due } = records[0]!;
  assert.ok(due > now && due <= now + 1_000, `due in ${due - now} ms`);
  assert.equal(test.sender.paused, undefined);
});

Deno.test("after draining began nothing is sent any more, but what is under way is waited for and written down", async () => {
  const answer = Promise.withResolvers<Verdict>();
  await using test = await startWorker({ answer: () => answer.promise });
  await test.accept("e");
  await until("the attempt", () => test.sent.length === 1);
  test.draining.abort();
  await test.accept("f");
  answer.resolve(DELIVERED);
  await test.ended();
  assert.deepEqual([idsOf(test.sent), test.delivered()], [["e"], 1]);
  assert.deepEqual((await assertConsistent(test.store)).map(({ id }) => id), ["f"]);
});

Deno.test("an attempt whose end cannot be written down is not made again, and is written down later", async () => {
  await using test = await startWorker();
  const settle = test.ledger.settle.bind(test.ledger);
  // Claims work: nothing but memory keeps the worker from the event when its lease is over.
  test.ledger.settle = () => Promise.reject(new StoreError("full"));
  await test.accept("e");
  await until("the failure", () => test.log.of("outbox_unusable").length === 1);
  await test.pass(120_000, 2_000); // four leases
  assert.equal(test.sent.length, 1);
  assert.equal((await test.ledger.summary()).pending, 1);
  assert.equal(test.log.of("outbox_unusable").length, 1);
  test.ledger.settle = settle;
  await test.pass(2_000);
  assert.deepEqual(await assertConsistent(test.store), []);
  assert.deepEqual([test.sent.length, test.delivered()], [1, 1]);
  assert.equal(test.log.of("outbox_usable").length, 1);
});

Deno.test("settling that takes long is no fault: two ways to write the same down do not meet", async () => {
  const answers: (() => void)[] = [];
  await using test = await startWorker({
    answer: () => new Promise<Verdict>((resolve) => answers.push(() => resolve(DELIVERED))),
  });
  for (const id of ["a", "b", "c"]) await test.accept(id);
  await until("the attempts", () => answers.length === 3);
  await test.quiet();
  const gate = Promise.withResolvers<void>();
  let waiting = 0;
  test.traffic.beforeCommit = () => (waiting++, gate.promise);
  for (const answer of answers) answer();
  await until("three settlements", () => waiting === 3);
  await test.clock.advance(2_000); // the worker looks at what is not settled
  await until("a fourth", () => waiting === 4);
  gate.resolve();
  await test.quiet();
  await test.pass(2_000);
  assert.deepEqual(test.log.of("outbox_unusable", "internal_error"), []);
  assert.deepEqual(await assertConsistent(test.store), []);
});

Deno.test("while the store fails the worker goes on trying, says so once, and delivers when it works again", async () => {
  await using test = await startWorker({ later: true });
  await test.put("e");
  test.traffic.beforeCommit = () => Promise.reject(new StoreError("read_only"));
  test.start();
  await test.pass(30_000);
  assert.deepEqual([test.sent, test.log.of("outbox_unusable").length], [[], 1]);
  test.traffic.beforeCommit = () => {};
  await test.pass(2_000);
  assert.equal(test.delivered(), 1);
  assert.deepEqual(test.log.of("outbox_usable").length, 1);
});

Deno.test(
  "when the file was deleted, what it held is delivered, and then the file put in its place is taken",
  {
    ignore: Deno.build.os === "windows", // an open file cannot be deleted there
  },
  async () => {
    let up = false;
    await using test = await startWorker({ answer: () => up ? DELIVERED : LATER });
    await test.accept("e");
    await test.quiet();
    // With what belongs to it: SQLite would bring the old content back from a -wal file.
    for (const file of [test.path, `${test.path}-wal`, `${test.path}-shm`]) await Deno.remove(file);
    await test.pass(5_000);
    await assert.rejects(test.accept("f"), StoreError);
    await Deno.writeTextFile(test.path, "no database ".repeat(500));
    await test.pass(5_000);
    assert.equal(test.store.isThere, false, "what the old file holds comes first");
    up = true;
    await test.pass(60_000);
    assert.equal(test.delivered(), 1);
    // Trying a file that is no database must not spoil the next try.
    await Deno.remove(test.path);
    await Deno.writeTextFile(test.path, "");
    await test.pass(5_000);
    assert.equal(test.store.isThere, true);
    await test.accept("f");
    await until("its delivery", () => test.delivered() === 2);
    assert.deepEqual(test.log.of("outbox_unusable").map(({ fields }) => fields["fault"]), ["gone", "broken"]);
  },
);
