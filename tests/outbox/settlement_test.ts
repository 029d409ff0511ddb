import assert from "node:assert/strict";
import fc from "fast-check";
import { constant } from "../../lib/base/redact.ts";
import type { OutboxRecord } from "../../lib/outbox/record.ts";
import { OUTBOX_BACKOFF, settlementOf, type SettlementRules } from "../../lib/outbox/settlement.ts";
import type { Settlement } from "../../lib/outbox/store.ts";
import type { Verdict } from "../../lib/platformx/verdict.ts";
import { EVENT } from "../support/fakes.ts";

const RULES: SettlementRules = { random: 0.5, paused: false };
const RECORD: OutboxRecord = {
  ...{ id: "e1", event: EVENT, enqueuedAt: 0, nextAttemptAt: 0, attempts: 5, failures: 2, ambiguous: 1 },
  ...{ detail: undefined, lastAttemptAt: 0, claimedAt: 0, dead: undefined },
};

const LATER: Verdict = { kind: "later", cause: "platformx", seen: constant("status 500") };
const UNKNOWN: Verdict = { kind: "unknown", seen: constant("timed_out") };
const REFUSED: Verdict = { kind: "refused", words: constant("no such user") };

Deno.test("settlementOf: what an attempt makes of an event", async (t) => {
  const tried = { attempts: 6, failures: 3, ambiguous: 1, detail: "status 500" };
  const refused = { kind: "dead", reason: "refused", ...tried, detail: "no such user" };
  const pending = { kind: "pending", ...tried };
  const unknown = { ...tried, ambiguous: 2, detail: "timed_out" };
  const last = { kind: "dead", reason: "outcome_unknown", ...unknown, ambiguous: 3 };
  const rows: [what: string, verdict: Verdict, settlement: object, rules?: object, record?: object][] = [
    ["a delivered event is gone", { kind: "delivered" }, { kind: "delivered" }],
    ["a refused one is a dead letter at once", REFUSED, refused],
    ["also during a pause", REFUSED, { ...refused, failures: 2 }, { paused: true }],
    ["one that was not taken waits: the third delay is at most 4 s", LATER, { ...pending, delayMs: 2_000 }],
    ["Retry-After is the least delay", { ...LATER, retryAfterMs: 90_000 }, { ...pending, delayMs: 90_000 }],
    [
      "during a pause the POST counts, the failure does not, and the event goes to the end of the line",
      { ...LATER, retryAfterMs: 90_000 },
      { ...pending, failures: 2, delayMs: 0 },
      { paused: true },
    ],
    ["a second unknown outcome is not the end", UNKNOWN, { kind: "pending", ...unknown, delayMs: 2_000 }],
    ["a third one is", UNKNOWN, last, {}, { ambiguous: 2 }],
    ["a third one is the end during a pause, too", UNKNOWN, { ...last, failures: 2 }, { paused: true }, {
      ambiguous: 2,
    }],
  ];
  for (const [what, verdict, settlement, rules = {}, record = {}] of rows) {
    await t.step(what, () => {
      assert.deepEqual(settlementOf({ ...RECORD, ...record }, verdict, { ...RULES, ...rules }), settlement);
    });
  }
});

const anyVerdict: fc.Arbitrary<Verdict> = fc.oneof(
  fc.constant(REFUSED),
  fc.record({
    kind: fc.constant("later" as const),
    cause: fc.constantFrom("platformx", "rate_limit", "key", "url"),
    seen: fc.constant(constant("seen")),
    retryAfterMs: fc.nat(3_600_000),
  }),
  fc.record({
    kind: fc.constant("unknown" as const),
    seen: fc.constant(constant("seen")),
    retryAfterMs: fc.nat(3_600_000),
  }),
);

Deno.test("property: attempts count every POST, and an event ends after at most three unknown outcomes", () => {
  const steps = fc.array(
    fc.record({
      verdict: anyVerdict,
      paused: fc.boolean(),
      random: fc.double({ min: 0, max: 0.999, noNaN: true }),
    }),
    { maxLength: 60 },
  );
  fc.assert(fc.property(steps, (all) => {
    let record: OutboxRecord = { ...RECORD, attempts: 0, failures: 0, ambiguous: 0 };
    let unknown = 0;
    for (const [posts, { verdict, paused, random }] of all.entries()) {
      const settlement: Settlement = settlementOf(record, verdict, { paused, random });
      if (verdict.kind === "unknown") unknown++;
      assert.ok(settlement.kind === "pending" || settlement.kind === "dead");
      assert.equal(settlement.attempts, posts + 1);
      assert.ok(settlement.failures <= settlement.attempts && settlement.ambiguous === unknown);
      if (settlement.kind === "dead") {
        assert.equal(settlement.reason, unknown === 3 ? "outcome_unknown" : "refused");
        return;
      }
      assert.ok(unknown < 3 && verdict.kind !== "refused" && verdict.kind !== "delivered");
      assert.ok(settlement.delayMs <= Math.max(OUTBOX_BACKOFF.longest, verdict.retryAfterMs ?? 0));
      record = { ...record, ...settlement, detail: settlement.detail };
    }
  }));
});
