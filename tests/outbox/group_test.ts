/** Webhooks that come at the same time, whose commits are written together. */
import assert from "node:assert/strict";
import { StoreError } from "../../lib/outbox/store_error.ts";
import { assertConsistent, openOutbox, orderOf, until } from "./fakes.ts";
import { startWorker } from "./dispatcher_fakes.ts";

const numbered = (count: number) => Array.from({ length: count }, (_, n) => `e${String(n).padStart(2, "0")}`);

/** Counts Deno KV's commits while `work` lasts; `around` may change what comes of one. */
async function withCommits(
  around: (
    commit: () => Promise<Deno.KvCommitResult | Deno.KvCommitError>,
    n: number,
  ) => Promise<Deno.KvCommitResult | Deno.KvCommitError>,
  work: () => Promise<void>,
): Promise<number> {
  const original = Deno.AtomicOperation.prototype.commit;
  let commits = 0;
  Deno.AtomicOperation.prototype.commit = function () {
    return around(() => original.call(this), ++commits);
  };
  try {
    await work();
  } finally {
    Deno.AtomicOperation.prototype.commit = original;
  }
  return commits;
}

for (const recipients of [1, 3, 5]) {
  Deno.test(`of 40 happenings told to ${recipients} at once, each is one event, in a few commits`, async () => {
    await using test = await openOutbox();
    const kinds: string[] = [];
    const commits = await withCommits((commit) => commit(), async () => {
      await Promise.all(
        numbered(40).flatMap((key) =>
          Array.from({ length: recipients }, async (_, n) => {
            kinds.push((await test.outbox.accept(orderOf(key, `r${n}`, `m${n}`))).kind);
          })
        ),
      );
    });
    assert.equal(kinds.filter((kind) => kind === "queued").length, 40);
    assert.equal(kinds.length, 40 * recipients);
    assert.equal((await assertConsistent(test.store)).length, 40);
    assert.ok(commits <= 20 * recipients, `${commits} commits`);
  });
}

/** A commit of several accepted events that worked and is reported as failed: how, and what the webhooks are told. */
const ambiguous: { readonly message: string; readonly kinds: readonly string[] }[] = [
  { message: "disk I/O error", kinds: ["queued", "queued", "queued", "queued"] },
  { message: "database or disk is full", kinds: ["queued", "queued", "queued", "queued"] },
  { message: "something odd", kinds: ["queued", "duplicate", "duplicate", "duplicate"] },
];

for (const { message, kinds } of ambiguous) {
  Deno.test(`events whose common commit worked and was reported as failed (${message}) are delivered once`, async () => {
    await using test = await startWorker({ later: true, newId: () => crypto.randomUUID() });
    const ids = ["a", "b", "c", "d"];
    const accepted: string[] = [];
    await withCommits(
      async (commit, n) => {
        const result = await commit();
        if (n === 2) throw new TypeError(message);
        return result;
      },
      async () => {
        await Promise.all(ids.map(async (id) => {
          const one = await test.outbox.accept(orderOf(id, "A", id, { metadata: { id } }));
          accepted.push(one.kind);
          if (one.kind === "queued") test.worker.offer(one);
        }));
      },
    );
    assert.deepEqual(accepted.toSorted(), kinds.toSorted());
    assert.equal((await assertConsistent(test.store)).length, ids.length);
    test.start();
    await until("all deliveries", () => test.delivered() === ids.length);
    assert.deepEqual(test.sent.map(({ id }) => id).toSorted(), ids);
    await test.pass(2_000);
    assert.deepEqual(await assertConsistent(test.store), []);
  });
}

Deno.test("nothing is accepted into a file that was moved while the commit waited", {
  ignore: Deno.build.os === "windows", // an open file cannot be moved there
}, async () => {
  await using test = await openOutbox();
  const others = ["a", "b"].map((id) => test.store.commit((change) => change.set([id], 1)));
  const commit = test.store.commit.bind(test.store);
  test.store.commit = (build) => {
    Deno.renameSync(test.path, `${test.path}.away`);
    return commit(build);
  };
  await assert.rejects(
    test.outbox.accept(orderOf("h", "A", "m")),
    (error) => error instanceof StoreError && error.fault === "gone",
  );
  await Promise.all(others);
  test.store.commit = commit;
  Deno.renameSync(`${test.path}.away`, test.path);
  assert.deepEqual(await assertConsistent(test.store), []);
  assert.equal((await test.outbox.accept(orderOf("h", "A", "m"))).kind, "queued");
});
