import assert from "node:assert/strict";
import type { Outcome } from "../../lib/delivery/outcome.ts";
import { Stats } from "../../lib/status/stats.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

/** Outcomes: whether PlatformX took an event now, and whether Coder was there at all. */
const OUTCOMES: readonly (readonly [outcome: Outcome, delivers: boolean, seen: boolean])[] = [
  [{ status: "forwarded", event: "Workspace Created" }, true, true],
  [{ status: "queued", event: "Workspace Created" }, false, true],
  [{ status: "dry_run", event: "Workspace Created" }, false, true],
  [{ status: "duplicate", event: "Workspace Created" }, false, true],
  [{ status: "ignored", reason: "secret" }, false, true],
  [{ status: "refused", event: "Workspace Created", message: "" }, false, true],
  [{ status: "unavailable", reason: "key", retryAfterMs: 1 }, false, true],
  [{ status: "error", reason: "unauthorized", message: "" }, false, false],
];

for (const [outcome, delivers, seen] of OUTCOMES) {
  const shown = "reason" in outcome ? `${outcome.status} ${outcome.reason}` : outcome.status;
  Deno.test(`stats: ${shown} is ${delivers ? "a" : "no"} delivery and ${seen ? "a" : "no"} sign of Coder`, () => {
    const stats = new Stats([], false);
    stats.count(outcome, { arrived: undefined, now: NOW, ms: 1_500 });
    assert.equal(stats.webhookDurations.sum, 1_500);
    assert.equal(stats.deliveryDurations.sum, delivers ? 1_500 : 0);
    assert.equal(stats.lastWebhook, seen ? NOW : undefined);
  });
}

Deno.test("stats: an event of the outbox is a delivery that took as long as it waited", () => {
  const stats = new Stats([], true);
  stats.countDelivered(3_600_000);
  assert.equal(stats.deliveryDurations.sum, 3_600_000);
  assert.equal(stats.delivered, 1);
});

Deno.test("stats: a clock that was set back makes no negative duration", () => {
  const stats = new Stats([], true);
  stats.countDelivered(-5_000);
  assert.equal(stats.deliveryDurations.sum, 0);
  assert.equal(stats.deliveryDurations.counts[0], 1);
});
