import assert from "node:assert/strict";
import fc from "fast-check";
import { constant } from "../../lib/base/redact.ts";
import { LONGEST_RETRY_AFTER } from "../../lib/platformx/backoff.ts";
import type { OutboxRecord } from "../../lib/outbox/record.ts";
import { OUTBOX_BACKOFF, settlementOf, type SettlementRules } from "../../lib/outbox/settlement.ts";
import type { Settlement, Tried } from "../../lib/outbox/store.ts";
import type { Verdict } from "../../lib/platformx/verdict.ts";
import { EVENT } from "../support/fakes.ts";

const RULES: SettlementRules = { random: 0.5, paused: false };
const RECORD: OutboxRecord = {
  ...{ id: "e1", event: EVENT, enqueuedAt: 1, nextAttemptAt: 2, attempts: 5, failures: 2, ambiguous: 1 },
  ...{ detail: constant("status 429"), lastAttemptAt: 3, claimedAt: 4, dead: undefined },
};

const SEEN = constant("status 500");
const LATER: Verdict = { kind: "later", cause: "platformx", seen: SEEN };
const UNKNOWN: Verdict = { kind: "unknown", seen: constant("timed_out") };
const REFUSED: Verdict = { kind: "refused", words: constant("no such user") };

/** Every POST is an attempt; the third failure's bound is 4 s. */
const settlements: readonly {
  readonly what: string;
  readonly record?: Partial<OutboxRecord>;
  readonly verdict: Verdict;
  readonly paused?: boolean;
  readonly settlement: Partial<Settlement> & Partial<Tried>;
}[] = [
  {
    what: "a delivered event is gone, whatever was before",
    verdict: { kind: "delivered" },
    settlement: { kind: "delivered" },
  },
  {
    what: "a refused event is a dead letter at once",
    verdict: REFUSED,
    settlement: { kind: "dead", reason: "refused", failures: 3, detail: REFUSED.words },
  },
  {
    what: "an event that is refused during a pause is a dead letter, too",
    verdict: REFUSED,
    paused: true,
    settlement: { kind: "dead", reason: "refused", failures: 2, detail: REFUSED.words },
  },
  {
    what: "an event that was not taken waits",
    verdict: LATER,
    settlement: { kind: "pending", delayMs: 2_000, failures: 3, detail: SEEN },
  },
  {
    what: "Retry-After is the least delay",
    verdict: { ...LATER, retryAfterMs: 90_000 },
    settlement: { kind: "pending", delayMs: 90_000, failures: 3, detail: SEEN },
  },
  {
    what: "during a pause no failure is counted, and the event goes to the end of the line",
    verdict: { ...LATER, retryAfterMs: 90_000 },
    paused: true,
    settlement: { kind: "pending", delayMs: 0, failures: 2, detail: SEEN },
  },
  {
    what: "a second unknown outcome is not the end",
    verdict: UNKNOWN,
    settlement: { kind: "pending", delayMs: 2_000, failures: 3, ambiguous: 2, detail: UNKNOWN.seen },
  },
  {
    what: "a third unknown outcome is",
    record: { ambiguous: 2 },
    verdict: UNKNOWN,
    settlement: { kind: "dead", reason: "outcome_unknown", failures: 3, ambiguous: 3, detail: UNKNOWN.seen },
  },
  {
    what: "a third unknown outcome is the end during a pause, too: PlatformX may have it three times",
    record: { ambiguous: 2 },
    verdict: UNKNOWN,
    paused: true,
    settlement: { kind: "dead", reason: "outcome_unknown", failures: 2, ambiguous: 3, detail: UNKNOWN.seen },
  },
];

for (const { what, record, verdict, paused = false, settlement } of settlements) {
  Deno.test(`settlementOf: ${what}`, () => {
    const tried = settlement.kind === "delivered" ? {} : { attempts: 6, ambiguous: 1 };
    assert.deepEqual(settlementOf({ ...RECORD, ...record }, verdict, { ...RULES, paused }), {
      ...tried,
      ...settlement,
    });
  });
}

const anyVerdict: fc.Arbitrary<Verdict> = fc.oneof(
  fc.constant(REFUSED),
  fc.record({
    kind: fc.constant("later" as const),
    cause: fc.constantFrom("platformx", "rate_limit", "key", "url"),
    seen: fc.constant(SEEN),
    retryAfterMs: fc.nat(3_600_000),
  }),
  fc.record({
    kind: fc.constant("unknown" as const),
    seen: fc.constant(SEEN),
    retryAfterMs: fc.nat(3_600_000),
  }),
);

Deno.test("whatever happens to an event: every POST is counted, delays are bounded, and three unknown outcomes are the end", () => {
  const step = fc.record({
    verdict: anyVerdict,
    paused: fc.boolean(),
    random: fc.double({ min: 0, max: 0.999, noNaN: true }),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    let record: OutboxRecord = { ...RECORD, attempts: 0, failures: 0, ambiguous: 0 };
    let unknown = 0;
    for (const [n, { verdict, paused, random }] of steps.entries()) {
      const settlement = settlementOf(record, verdict, { paused, random });
      if (verdict.kind === "unknown") unknown++;
      assert.ok(settlement.kind === "pending" || settlement.kind === "dead");
      const { ambiguous, attempts, failures } = settlement;
      assert.deepEqual([attempts, ambiguous], [n + 1, unknown]);
      assert.equal(failures - record.failures, paused ? 0 : 1);
      if (settlement.kind === "dead") {
        assert.equal(settlement.reason, verdict.kind === "refused" ? "refused" : "outcome_unknown");
        assert.equal(settlement.reason === "refused" || unknown === 3, true);
        return;
      }
      assert.ok(unknown < 3 && verdict.kind !== "refused");
      const { delayMs } = settlement;
      assert.ok(delayMs >= 0 && delayMs <= Math.max(OUTBOX_BACKOFF.longest, LONGEST_RETRY_AFTER));
      if (paused) assert.equal(delayMs, 0);
      record = { ...record, attempts, failures, ambiguous };
    }
  }));
});
