import assert from "node:assert/strict";
import { type Outcome, STATUSES } from "../../lib/delivery/outcome.ts";
import { expectedNames, parseTracking } from "../../lib/coder/tracking.ts";
import { Stats } from "../../lib/status/stats.ts";

const NOON = Date.UTC(2026, 0, 2, 12);

Deno.test("at the start every status counts nothing, and every expected name was never seen", () => {
  const stats = new Stats(["Workspace Created", "User account created"], false);
  assert.deepEqual(stats.counts, Object.fromEntries(STATUSES.map((status) => [status, 0])));
  assert.deepEqual(stats.lastSeen, { "Workspace Created": null, "User account created": null });
});

Deno.test("a webhook counts under its status, whatever the reason", () => {
  const stats = new Stats([], false);
  const event = "Workspace Created";
  const outcomes: Outcome[] = [
    { status: "forwarded", event },
    { status: "forwarded", event },
    { status: "queued", event },
    { status: "dry_run", event },
    { status: "duplicate", event },
    { status: "ignored", reason: "secret" },
    { status: "ignored", reason: "no_person", event },
    { status: "refused", event, message: "" },
    { status: "unavailable", reason: "busy", retryAfterMs: 1 },
    { status: "unavailable", reason: "key", retryAfterMs: 1, event },
    { status: "error", reason: "invalid_json", message: "" },
  ];
  for (const outcome of outcomes) stats.count(outcome, { arrived: undefined, now: NOON, ms: 1 });
  assert.deepEqual(stats.counts, {
    forwarded: 2,
    queued: 1,
    dry_run: 1,
    duplicate: 1,
    ignored: 2,
    refused: 1,
    unavailable: 2,
    error: 1,
  });
});

Deno.test("a name was seen when a webhook of it came last, whatever became of it", async (t) => {
  const event = "Workspace Created";
  const outcomes: Outcome[] = [
    { status: "forwarded", event },
    { status: "duplicate", event },
    { status: "ignored", reason: "domain", event },
    { status: "refused", event, message: "" },
    { status: "unavailable", reason: "platformx", retryAfterMs: 1, event },
  ];
  for (const outcome of outcomes) {
    await t.step(outcome.status, () => {
      const stats = new Stats([event, "Workspace Deleted"], false);
      stats.count(outcome, { arrived: event, now: NOON, ms: 1 });
      assert.deepEqual(stats.lastSeen, { [event]: "2026-01-02T12:00:00.000Z", "Workspace Deleted": null });
      stats.count(outcome, { arrived: event, now: NOON + 1_500, ms: 1 });
      assert.equal(stats.lastSeen[event], "2026-01-02T12:00:01.500Z");
    });
  }
});

Deno.test("a name that is not expected by its own, but by its template's id, is seen under that", () => {
  const stats = new Stats(["00000000-0000-4000-8000-000000000000"], false);
  stats.count({ status: "forwarded", event: "New In Coder" }, {
    arrived: "00000000-0000-4000-8000-000000000000",
    now: NOON,
    ms: 1,
  });
  assert.deepEqual(stats.lastSeen, { "00000000-0000-4000-8000-000000000000": "2026-01-02T12:00:00.000Z" });
});

Deno.test("names that are not expected are not kept, so senders cannot make the list grow", () => {
  const stats = new Stats(["Workspace Created"], false);
  for (let i = 0; i < 1_000; i++) {
    stats.count({ status: "ignored", reason: "not_tracked", event: `n${i}` }, {
      arrived: `n${i}`,
      now: NOON,
      ms: 1,
    });
  }
  for (const name of ["__proto__", "constructor"]) {
    stats.count({ status: "forwarded", event: name }, { arrived: name, now: NOON, ms: 1 });
  }
  assert.deepEqual(Object.keys(stats.lastSeen), ["Workspace Created"]);
});

Deno.test("everything that can be expected with * has a row, and nothing that cannot", () => {
  const names = Object.keys(new Stats(expectedNames(parseTracking("*").tracking), false).lastSeen);
  assert.ok(names.includes("Workspace Created"));
  for (const name of ["*", "Test Notification", "Template Deleted", "One-Time Passcode"]) {
    assert.ok(!names.includes(name), name);
  }
});

Deno.test("what was read does not change afterwards", () => {
  const stats = new Stats(["Workspace Created"], false);
  const { counts, lastSeen } = stats;
  stats.count({ status: "forwarded", event: "Workspace Created" }, {
    arrived: "Workspace Created",
    now: NOON,
    ms: 1,
  });
  assert.equal(counts["forwarded"], 0);
  assert.equal(lastSeen["Workspace Created"], null);
});
