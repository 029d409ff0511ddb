import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import { StoreError } from "../../lib/outbox/store_fault.ts";
import type { Verdict } from "../../lib/platformx/verdict.ts";
import { settled } from "../support/fakes.ts";
import { DELIVERED, LATER, namesOf, startDispatcher } from "./dispatcher_fakes.ts";

const full = () => Promise.reject(new StoreError("full"));

Deno.test("an attempt that is cut at the shutdown gives its event back: another process can have it soon", async () => {
  await using test = await startDispatcher({
    answer: (_, { cut }) =>
      new Promise<Verdict>((resolve) => {
        cut.addEventListener("abort", () => resolve({ kind: "unknown", seen: constant("cut_off") }));
      }),
  });
  await test.accept("e");
  await settled();
  test.draining.abort();
  await test.accept("f");
  test.cut.abort();
  await test.ended();
  assert.deepEqual(namesOf(test.sent), ["e"]);
  const records = await test.records();
  const now = test.clock.now();
  assert.deepEqual(
    records.map(({ event, ambiguous, detail }) => [event.metadata["name"], ambiguous, detail]),
    [
      ["e", 1, "cut_off"],
      ["f", 0, undefined],
    ],
  );
  const due = records[0]!.nextAttemptAt;
  assert.ok(due > now && due <= now + 1_000, `due in ${due - now} ms`);
  assert.equal(test.gate.isPaused, false);
});

Deno.test("after draining began nothing is sent any more, but what is under way is waited for and written down", async () => {
  const answer = Promise.withResolvers<Verdict>();
  await using test = await startDispatcher({ answer: () => answer.promise });
  await test.accept("e");
  await settled();
  test.draining.abort();
  await test.accept("f");
  answer.resolve(DELIVERED);
  await test.ended();
  assert.deepEqual([namesOf(test.sent), test.delivered()], [["e"], 1]);
  assert.deepEqual((await test.records()).map(({ event }) => event.metadata["name"]), ["f"]);
});

Deno.test("an attempt whose end cannot be written down is not made again, and is written down later", async () => {
  await using test = await startDispatcher();
  const { settle } = test.asked;
  // Claims work: nothing but memory keeps the dispatcher from the event when its lease is over.
  test.asked.settle = full;
  await test.accept("e");
  await settled();
  assert.equal(test.log.of("outbox_unusable").length, 1);
  await test.pass(120_000, 2_000); // four leases
  assert.deepEqual([test.sent.length, test.store.known.pending], [1, 1]);
  assert.equal(test.log.of("outbox_unusable").length, 1);
  test.asked.settle = settle;
  await test.pass(2_000);
  assert.deepEqual(await test.records(), []);
  assert.deepEqual([test.sent.length, test.delivered()], [1, 1]);
  assert.equal(test.log.of("outbox_usable").length, 1);
});

Deno.test("settling that takes long is no fault: two ways to write the same down do not meet", async () => {
  const answers: (() => void)[] = [];
  await using test = await startDispatcher({
    answer: () => new Promise<Verdict>((resolve) => answers.push(() => resolve(DELIVERED))),
  });
  for (const name of ["a", "b", "c"]) await test.accept(name);
  await settled();
  assert.equal(answers.length, 3);
  const { settle } = test.asked;
  const gate = Promise.withResolvers<void>();
  let waiting = 0;
  test.asked.settle = async (...question) => {
    waiting++;
    await gate.promise;
    return await settle(...question);
  };
  for (const answer of answers) answer();
  await test.pass(2_000); // the dispatcher looks at what is not settled
  assert.ok(waiting > 3, `${waiting} settlements`);
  gate.resolve();
  await test.pass(2_000);
  assert.deepEqual(test.log.of("outbox_unusable", "internal_error"), []);
  assert.deepEqual([await test.records(), test.delivered()], [[], 3]);
});

Deno.test("while the store fails the dispatcher goes on trying, says so once, and delivers when it works again", async () => {
  await using test = await startDispatcher({ later: true });
  test.put("e");
  const { claim } = test.asked;
  test.asked.claim = () => Promise.reject(new StoreError("read_only"));
  test.start();
  await test.pass(30_000);
  assert.deepEqual([test.sent, test.log.of("outbox_unusable").length], [[], 1]);
  test.asked.claim = claim;
  await test.pass(2_000);
  assert.equal(test.delivered(), 1);
  assert.equal(test.log.of("outbox_usable").length, 1);
});

Deno.test(
  "when the file was deleted, what it held is delivered, and then the file put in its place is taken",
  {
    ignore: Deno.build.os === "windows", // an open file cannot be deleted there
  },
  async () => {
    let up = false;
    await using test = await startDispatcher({ answer: () => up ? DELIVERED : LATER });
    await test.accept("e");
    await settled();
    // With what belongs to it: SQLite would bring the old content back from a -wal file.
    for (const file of [test.path, `${test.path}-wal`, `${test.path}-shm`]) await Deno.remove(file);
    await test.pass(5_000);
    await assert.rejects(test.accept("f"), StoreError);
    Deno.writeTextFileSync(test.path, "");
    await test.pass(5_000);
    await assert.rejects(test.accept("f"), StoreError, "what the old file holds comes first");
    up = true;
    await test.pass(60_000);
    assert.equal(test.delivered(), 1);
    await test.accept("f");
    await settled();
    assert.equal(test.delivered(), 2);
    assert.deepEqual(test.log.of("outbox_unusable").map(({ fields }) => fields["fault"]), ["gone"]);
  },
);
