import assert from "node:assert/strict";
import { isLeftAlone, recordOf, type Row } from "../../lib/outbox/record.ts";
import { EVENT } from "../support/fakes.ts";

const ROW: Row = {
  ...{ id: "e1", version: 1, event: JSON.stringify(EVENT), enqueued_at: 10, next_attempt_at: 20, claim: 3 },
  ...{ claimed_at: null, attempts: 1, failures: 1, ambiguous: 0, detail: null, last_attempt_at: null },
  ...{ dead_at: null, dead_reason: null },
};

const RECORD = {
  ...{ id: "e1", event: EVENT, enqueuedAt: 10, nextAttemptAt: 20, attempts: 1, failures: 1, ambiguous: 0 },
  ...{ detail: undefined, lastAttemptAt: undefined, claimedAt: undefined, dead: undefined },
};

Deno.test("a row comes back as a record, from either engine's numbers", () => {
  const big = Object.entries(ROW).map((
    [name, value],
  ) => [name, typeof value === "number" ? BigInt(value) : value]);
  assert.deepEqual(recordOf(ROW), RECORD);
  assert.deepEqual(recordOf(Object.fromEntries(big)), RECORD);
  const dead = { reason: "refused", at: 30 };
  assert.deepEqual(recordOf({ ...ROW, dead_at: 30, dead_reason: "refused" }), { ...RECORD, dead });
});

const SPOILT: readonly Row[] = [
  { event: "no JSON" },
  { event: "null" },
  { event: "[]" },
  { event: 5 },
  { event: new Uint8Array() },
  { event: JSON.stringify({ ...EVENT, email: undefined }) },
  { event: JSON.stringify({ ...EVENT, metadata: { workspace: 1 } }) },
  { event: JSON.stringify({ ...EVENT, metadata: [] }) },
  { event: JSON.stringify({ ...EVENT, test_data: "yes" }) },
  { enqueued_at: "yesterday" },
  { enqueued_at: -1 },
  { enqueued_at: 1.5 },
  { enqueued_at: 2n ** 60n },
  { next_attempt_at: null },
  { attempts: "many" },
  { failures: -1 },
  { ambiguous: undefined },
  { claim: null },
  { version: "one", event: "{}" },
  { dead_at: 30 },
  { dead_reason: "refused" },
  { dead_at: "then", dead_reason: "refused" },
  { dead_at: 30, dead_reason: "bored" },
];

for (const spoilt of SPOILT) {
  const [[name, value] = []] = Object.entries(spoilt);
  Deno.test(`a row whose ${name} is ${typeof value} ${String(value)} is unreadable`, () => {
    assert.deepEqual(recordOf({ ...ROW, ...spoilt }), { id: "e1", leftAlone: "unreadable" });
  });
}

Deno.test("a row of a newer version is left alone, whatever is in it", () => {
  assert.deepEqual(recordOf({ id: "e1", version: 2n }), { id: "e1", leftAlone: "newer" });
  assert.equal(isLeftAlone(recordOf(ROW)), false);
});
