import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import fc from "fast-check";
import {
  isExpired,
  isNewer,
  OUTBOX_BACKOFF,
  type OutboxRecord,
  RECORD_VERSION,
  replayed,
  settlementOf,
  type SettlementRules,
} from "../../lib/outbox/settlement.ts";
import type { Verdict } from "../../lib/platformx/verdict.ts";
import { recordWith } from "./fakes.ts";

const NOW = 1_000_000;
const RULES: SettlementRules = { now: NOW, maxAge: 7 * 86_400_000, random: 0.5, paused: false };
const RECORD = recordWith({ id: "e1", since: NOW - 10_000, due: NOW + 29_000, attempts: 2, unknown: 1 });

const LATER: Verdict = { kind: "later", cause: "platformx", seen: constant("status 500") };
const UNKNOWN: Verdict = { kind: "unknown", seen: constant("timed_out") };
const REFUSED: Verdict = { kind: "refused", words: constant("no such user") };

const settlements: {
  readonly what: string;
  readonly record?: Partial<OutboxRecord>;
  readonly verdict: Verdict;
  readonly rules?: Partial<SettlementRules>;
  readonly kind: "pending" | "dead";
  readonly changed: Partial<OutboxRecord>;
}[] = [
  {
    what: "a refused event is a dead letter at once",
    verdict: REFUSED,
    kind: "dead",
    changed: { attempts: 3, seen: "no such user", dead: { reason: "refused", at: NOW } },
  },
  {
    what: "an event that is refused during a pause is a dead letter, too",
    verdict: REFUSED,
    rules: { paused: true },
    kind: "dead",
    changed: { attempts: 3, seen: "no such user", dead: { reason: "refused", at: NOW } },
  },
  {
    what: "an event that was not taken waits: the third attempt's bound is 4 s",
    verdict: LATER,
    kind: "pending",
    changed: { attempts: 3, seen: "status 500", due: NOW + 2_000 },
  },
  {
    what: "Retry-After is the least delay",
    verdict: { ...LATER, retryAfterMs: 90_000 },
    kind: "pending",
    changed: { attempts: 3, seen: "status 500", due: NOW + 90_000 },
  },
  {
    what: "no delay goes past the event's end",
    record: { since: NOW - RULES.maxAge + 1_500 },
    verdict: { ...LATER, retryAfterMs: 3_600_000 },
    kind: "pending",
    changed: { attempts: 3, seen: "status 500", due: NOW + 1_500 },
  },
  {
    what: "a pause burns no attempt, and leaves the event at the end of the line",
    verdict: { ...LATER, retryAfterMs: 90_000 },
    rules: { paused: true },
    kind: "pending",
    changed: { attempts: 2, seen: "status 500", due: NOW },
  },
  {
    what: "a second unknown outcome is not the end",
    verdict: UNKNOWN,
    kind: "pending",
    changed: { attempts: 3, unknown: 2, seen: "timed_out", due: NOW + 2_000 },
  },
  {
    what: "a third unknown outcome is",
    record: { unknown: 2 },
    verdict: UNKNOWN,
    kind: "dead",
    changed: { attempts: 3, unknown: 3, seen: "timed_out", dead: { reason: "outcome_unknown", at: NOW } },
  },
  {
    what: "a third unknown outcome is the end during a pause, too: PlatformX may have it three times",
    record: { unknown: 2 },
    verdict: UNKNOWN,
    rules: { paused: true },
    kind: "dead",
    changed: { attempts: 2, unknown: 3, seen: "timed_out", dead: { reason: "outcome_unknown", at: NOW } },
  },
  {
    what: "an event that was not taken until its end has expired",
    record: { since: NOW - RULES.maxAge },
    verdict: LATER,
    kind: "dead",
    changed: { attempts: 3, seen: "status 500", dead: { reason: "expired", at: NOW } },
  },
];

for (const { what, record, verdict, rules, kind, changed } of settlements) {
  Deno.test(`settlementOf: ${what}`, () => {
    const before = { ...RECORD, ...record };
    assert.deepEqual(settlementOf(before, verdict, { ...RULES, ...rules }), {
      kind,
      record: { ...before, lastAttempt: NOW, ...changed },
    });
  });
}

Deno.test("settlementOf: a delivered event is gone, however old it is", () => {
  const old = { ...RECORD, since: 0 };
  assert.deepEqual(settlementOf(old, { kind: "delivered" }, { ...RULES, maxAge: 1 }), { kind: "delivered" });
});

Deno.test("an event expires when its age is reached, and not before", () => {
  assert.equal(isExpired(RECORD, { now: RECORD.since + 999, maxAge: 1_000 }), false);
  assert.equal(isExpired(RECORD, { now: RECORD.since + 1_000, maxAge: 1_000 }), true);
});

Deno.test("a replayed dead letter is as new, but keeps what was seen of it", () => {
  const dead = {
    ...RECORD,
    seen: "no such user",
    lastAttempt: 5,
    dead: { reason: "refused", at: 5 },
  } as const;
  assert.deepEqual(replayed(dead, NOW), {
    version: RECORD_VERSION,
    id: "e1",
    event: RECORD.event,
    since: NOW,
    due: NOW,
    attempts: 0,
    unknown: 0,
    seen: "no such user",
    lastAttempt: 5,
  });
});

Deno.test("a record of a later version is newer, one of this version is not", () => {
  assert.equal(isNewer(RECORD), false);
  assert.equal(isNewer({ ...RECORD, version: RECORD_VERSION + 1 }), true);
});

const anyVerdict: fc.Arbitrary<Verdict> = fc.oneof(
  fc.constant(REFUSED),
  fc.record({
    kind: fc.constant("later" as const),
    cause: fc.constantFrom("platformx", "rate_limit", "key", "url"),
    seen: fc.string(),
    retryAfterMs: fc.nat(3_600_000),
  }),
  fc.record({ kind: fc.constant("unknown" as const), seen: fc.string(), retryAfterMs: fc.nat(3_600_000) }),
);

Deno.test("whatever happens to an event, it ends delivered or dead, after at most three unknown outcomes", () => {
  const steps = fc.array(
    fc.record({
      verdict: anyVerdict,
      paused: fc.boolean(),
      random: fc.double({ min: 0, max: 0.999, noNaN: true }),
    }),
    { maxLength: 60 },
  );
  fc.assert(fc.property(steps, fc.integer({ min: 1, max: 10 * 3_600_000 }), (all, maxAge) => {
    let record = recordWith({ id: "e1", since: NOW });
    let now = NOW;
    let unknown = 0;
    for (const { verdict, paused, random } of all) {
      const settlement = settlementOf(record, verdict, { now, maxAge, paused, random });
      if (verdict.kind === "unknown") unknown++;
      if (settlement.kind === "delivered") return;
      const after = settlement.record;
      const { id, event, since, version } = record;
      assert.deepEqual({ id, event, since, version }, {
        id: after.id,
        event: after.event,
        since: after.since,
        version: after.version,
      });
      assert.equal(after.lastAttempt, now);
      assert.ok(after.attempts - record.attempts === (paused && verdict.kind !== "refused" ? 0 : 1));
      if (settlement.kind === "dead") {
        const reason = after.dead?.reason;
        if (reason === "outcome_unknown") assert.equal(unknown, 3);
        else if (reason === "expired") assert.ok(now - since >= maxAge);
        else assert.equal(verdict.kind, "refused");
        return;
      }
      assert.ok(unknown < 3 && verdict.kind !== "refused");
      assert.ok(after.due >= now && after.due <= since + maxAge, `due ${after.due - now}`);
      const asked = verdict.kind === "later" || verdict.kind === "unknown" ? verdict.retryAfterMs ?? 0 : 0;
      assert.ok(after.due - now <= Math.max(OUTBOX_BACKOFF.longest, asked));
      record = after;
      now = after.due;
    }
  }));
});
