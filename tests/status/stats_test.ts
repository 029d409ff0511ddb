import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import { CATALOGUE } from "../../lib/coder/catalogue.ts";
import { expectedNames, parseTracking } from "../../lib/coder/tracking.ts";
import { type Outcome, STATUS_NAMES } from "../../lib/delivery/outcome.ts";
import { type Kind, KINDS, Stats } from "../../lib/status/stats.ts";
import { MINUTE, NOW, outcomeOf, recordOf, settle, statsOf } from "./states.ts";

const NAME = "Workspace Created";
const at = { now: NOW, ms: 1_500, fromCoder: true };

/** How often each kind was counted in the last minutes. */
function counted(stats: Stats): Partial<Record<Kind, number>> {
  const [counts] = stats.last(1, 60, NOW);
  return Object.fromEntries(
    KINDS.map((kind, index) => [kind, counts![index]!]).filter(([, count]) => count !== 0),
  );
}

/** Outcomes: whether PlatformX took an event now, whether Coder was there, and whether it came to nothing for now. */
const OUTCOMES: readonly (readonly [outcome: Outcome, delivers: boolean, seen: boolean, failed: boolean])[] =
  [
    [outcomeOf({ status: "forwarded" }), true, true, false],
    [outcomeOf({ status: "queued" }), false, true, false],
    [outcomeOf({ status: "dry_run" }), false, true, false],
    [outcomeOf({ status: "duplicate" }), false, true, false],
    [{ status: "ignored", reason: "secret", attempts: 0 }, false, true, false],
    [outcomeOf({ status: "ignored", reason: "no_person" }), false, true, false],
    [outcomeOf({ status: "refused", words: constant("no") }), false, true, true],
    [outcomeOf({ status: "unavailable", reason: "key", retryAfterMs: 1 }), false, true, true],
    [outcomeOf({ status: "error", reason: "too_slow" }), false, false, true],
  ];

for (const [outcome, delivers, seen, failed] of OUTCOMES) {
  const { status } = outcome;
  const reason = "reason" in outcome ? outcome.reason : "";
  Deno.test(`stats: ${status} ${reason} counts under its status, and as what it is`, () => {
    const stats = new Stats([NAME], false);
    stats.count(outcome, at);
    assert.deepEqual(
      stats.counts,
      Object.fromEntries(STATUS_NAMES.map((name) => [name, name === status ? 1 : 0])),
    );
    assert.deepEqual(stats.webhooks, [{ status, reason, count: 1 }]);
    assert.deepEqual(counted(stats), failed ? { [status]: 1, failed: 1 } : { [status]: 1 });
    assert.equal(stats.webhookDurations.sum, 1_500);
    assert.equal(stats.deliveryDurations.sum, delivers ? 1_500 : 0);
    assert.equal(stats.lastWebhook, seen ? NOW : undefined);
    assert.equal(stats.lastFailed, failed ? NOW : undefined);
    const arrived = outcome.arrived === undefined ? null : "2026-01-02T14:30:05.000Z";
    assert.deepEqual(stats.lastSeen, { [NAME]: arrived });
  });
}

Deno.test("stats: a stranger's error is counted, and says nothing of Coder", () => {
  const stats = new Stats([], false);
  stats.count(outcomeOf({ status: "error", reason: "unauthorized" }), { ...at, fromCoder: false });
  assert.deepEqual(counted(stats), { error: 1 });
  assert.equal(stats.lastFailed, undefined);
});

Deno.test("stats: at the start nothing is counted, and what is expected has its zeros", () => {
  const stats = new Stats([NAME, "c0ffee00-0000-4000-8000-000000000001"], true);
  assert.deepEqual(stats.counts, {
    ...Object.fromEntries(STATUS_NAMES.map((status) => [status, 0])),
    delivered: 0,
  });
  assert.deepEqual(Object.values(stats.lastSeen), [null, null]);
  const zeros = stats.notifications.map(({ notification, outcomes, lastSeen }) => {
    assert.ok([...outcomes.values()].every((count) => count === 0) && lastSeen === undefined);
    return [notification, [...outcomes.keys()].join()];
  });
  const outcomes = "forwarded,queued,dry_run,duplicate,ignored,refused,unavailable,delivered,dead";
  assert.deepEqual(zeros, [[NAME, outcomes], ["other", outcomes]]);
});

Deno.test("stats: a notification is counted by the catalogue's name, all others together", () => {
  const names = ["Workspace Created", "New In Coder", "eve@example.com", "__proto__", "Workspace Created"];
  const stats = statsOf(names.map((name, index) => ({
    ago: 10 - index,
    outcome: outcomeOf({ status: index === 4 ? "duplicate" : "forwarded" }, { name }),
  })));
  const rows = stats.notifications.map(({ notification, outcomes, lastSeen }) => [
    notification,
    outcomes.get("forwarded"),
    outcomes.get("duplicate") ?? 0,
    NOW - lastSeen!,
  ]);
  assert.deepEqual(rows, [["Workspace Created", 1, 1, 6], ["other", 3, 0, 7]]);
});

Deno.test("stats: no sender can make what is kept grow", () => {
  const stats = statsOf(Array.from({ length: 1_000 }, (_, index) => ({
    ago: 0,
    outcome: outcomeOf({ status: "forwarded" }, { name: `n${index}`, id: `${index}` }),
  })));
  assert.deepEqual(Object.keys(stats.lastSeen), [NAME]);
  assert.deepEqual(stats.notifications.map(({ notification }) => notification), [NAME, "other"]);
  assert.equal(stats.memory.all.length, 200);
  assert.ok(stats.notifications.length <= CATALOGUE.length + 1);
});

Deno.test("stats: everything that can be expected with * has a row, and nothing that cannot", () => {
  const names = Object.keys(new Stats(expectedNames(parseTracking("*").tracking), false).lastSeen);
  assert.ok(names.includes("Workspace Created"));
  for (const name of ["*", "Test Notification", "Template Deleted", "One-Time Passcode"]) {
    assert.ok(!names.includes(name), name);
  }
});

Deno.test("stats: an event of the outbox is a delivery that took as long as it waited", () => {
  const stats = new Stats([NAME], true);
  settle(stats, recordOf("m", 3_600_000), "delivered", 3_600_000);
  assert.equal(stats.deliveryDurations.sum, 3_600_000);
  assert.equal(stats.counts["delivered"], 1);
  assert.deepEqual(counted(stats), { delivered: 1 });
  assert.equal(stats.notifications[0]!.outcomes.get("delivered"), 1);
  assert.equal(stats.lastFailed, undefined);
});

Deno.test("stats: a dead letter is counted by its reason, and is a failure; what goes on is neither", () => {
  const stats = new Stats([NAME], true);
  settle(stats, recordOf("m", MINUTE), "expired", MINUTE);
  assert.deepEqual(
    ["refused", "expired", "outcome_unknown"].map((reason) => stats.deadLetters(reason as "expired")),
    [
      0,
      1,
      0,
    ],
  );
  assert.deepEqual(counted(stats), { dead: 1, failed: 1 });
  assert.equal(stats.lastFailed, NOW);
  const unsettled = { record: recordOf("n", MINUTE), at: NOW, ageMs: MINUTE };
  const tried = { attempts: 1, failures: 1, ambiguous: 0 };
  stats.countSettled({ ...unsettled, settlement: { kind: "released" } });
  stats.countSettled({ ...unsettled, settlement: { kind: "pending", delayMs: 1_000, ...tried } });
  assert.deepEqual(counted(stats), { dead: 1, failed: 1 });
});

Deno.test("stats: what was read does not change afterwards", () => {
  const stats = new Stats([NAME], false);
  const { counts, lastSeen } = stats;
  stats.count(outcomeOf({ status: "forwarded" }), at);
  assert.equal(counts["forwarded"], 0);
  assert.equal(lastSeen[NAME], null);
});
