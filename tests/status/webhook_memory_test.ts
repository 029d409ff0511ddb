import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import { outcomeOf, type Past, recordOf, settle, statsOf } from "./states.ts";

const ids = (webhooks: readonly { readonly messageId: string | undefined }[]) =>
  webhooks.map(({ messageId }) => messageId);
const refused = outcomeOf({ status: "refused", words: constant("no") }, { id: "refused" });
const unauthorized = {
  ...outcomeOf({ status: "error", reason: "unauthorized" }),
  messageId: constant("turned away"),
} as const;

Deno.test("neither duplicates nor strangers push out what failed", () => {
  const flood = (outcome: Past["outcome"], stranger: boolean) =>
    Array.from({ length: 1_000 }, (): Past => ({ ago: 1, outcome, stranger }));
  const { memory } = statsOf([
    { ago: 9, outcome: refused },
    { ago: 8, outcome: unauthorized },
    { ago: 7, outcome: outcomeOf({ status: "forwarded" }, { id: "taken" }) },
    ...flood(outcomeOf({ status: "error", reason: "not_found" }, { id: "stranger" }), true),
  ]);
  assert.deepEqual(ids(memory.failed), ["turned away", "refused"]);
  assert.deepEqual(ids(memory.all).slice(-3), ["taken", "turned away", "refused"]);
  assert.equal(memory.all.length, 23);
  const duplicates =
    statsOf([{ ago: 9, outcome: refused }, ...flood(outcomeOf({ status: "duplicate" }), false)]).memory;
  assert.deepEqual(ids(duplicates.failed), ["refused"]);
});

Deno.test("a webhook learns what became of its event, by its message id", () => {
  const queued = (id: string): Past => ({ ago: 60_000, outcome: outcomeOf({ status: "queued" }, { id }) });
  const copy: Past = { ago: 50_000, outcome: outcomeOf({ status: "duplicate" }, { id: "a" }) };
  const stats = statsOf([queued("a"), queued("b"), queued("c"), copy], { withOutbox: true });
  settle(stats, recordOf("a", 60_000), "delivered", 2_000);
  settle(stats, recordOf("b", 60_000), "refused", 3_000);
  settle(stats, recordOf("accepted before the start", 60_000), "expired", 4_000);
  settle(stats, recordOf("unknown and delivered", 60_000), "delivered", 4_000);
  const seen = stats.memory.all.map(({ messageId, settled, status }) => [messageId, status, settled?.kind]);
  assert.deepEqual(seen.toSorted(), [
    ["a", "duplicate", undefined],
    ["a", "queued", "delivered"],
    ["accepted before the start", "queued", "dead"],
    ["b", "queued", "dead"],
    ["c", "queued", undefined],
  ]);
  assert.deepEqual(ids(stats.memory.failed).toSorted(), ["accepted before the start", "b"]);
  const [dead] = stats.memory.failed.filter(({ messageId }) => messageId === "b");
  assert.deepEqual([dead?.settled?.reason, dead?.settled?.attempts], ["refused", 2]);
});

Deno.test("a dead letter that is replayed is no failure once it is delivered, and one failure when it dies again", () => {
  for (const id of ["remembered", "accepted before the start"]) {
    const stats = statsOf([{ ago: 9, outcome: outcomeOf({ status: "queued" }, { id: "remembered" }) }], {
      withOutbox: true,
    });
    settle(stats, recordOf(id, 60_000), "refused", 1);
    settle(stats, recordOf(id, 60_000), "refused", 2);
    assert.deepEqual(ids(stats.memory.failed), [id]);
    settle(stats, recordOf(id, 60_000), "delivered", 3);
    assert.deepEqual(stats.memory.failed, []);
  }
});
