import assert from "node:assert/strict";
import { detailedHealth, publicHealth } from "../../lib/status/health.ts";
import {
  deadLetters,
  EMPTY,
  MINUTE,
  NOW,
  outboxInUse,
  outcomeOf,
  pausedFor,
  SENDING,
  statsOf,
  statusWith,
} from "./states.ts";

const json = (value: unknown) => JSON.parse(JSON.stringify(value));

Deno.test("the details are all there, also those that have no value yet", () => {
  const stats = statsOf([{ ago: 1_000, outcome: outcomeOf({ status: "forwarded" }) }], {
    expected: ["Workspace Created", "Workspace Deleted"],
  });
  const status = statusWith({ stats, tracked: ["Workspace Created", "*"], uptimeMs: 42_900 });
  assert.deepEqual(json(detailedHealth(status)), {
    status: "ok",
    version: "1.2.3",
    uptime_seconds: 42,
    mode: "direct",
    attention: [],
    events_tracked: ["Workspace Created", "*"],
    last_seen: { "Workspace Created": "2026-01-02T14:30:04.000Z", "Workspace Deleted": null },
    counts: {
      ...{
        forwarded: 1,
        queued: 0,
        dry_run: 0,
        duplicate: 0,
        ignored: 0,
        refused: 0,
        unavailable: 0,
        error: 0,
      },
    },
    platformx: { state: "ok", since: null, reason: null, last_delivered: null },
  });
});

Deno.test("the details tell of a pause and of the last delivery", () => {
  const lastDelivered = NOW - 5_000;
  const last_delivered = "2026-01-02T14:30:00.000Z";
  assert.deepEqual(
    json(detailedHealth(statusWith({ platformx: { ...SENDING, lastDelivered } }))["platformx"]),
    {
      ...{ state: "ok", since: null, reason: null, last_delivered },
    },
  );
  const paused = { ...pausedFor(5_000, "key"), lastDelivered };
  assert.deepEqual(json(detailedHealth(statusWith({ platformx: paused }))["platformx"]), {
    ...{ state: "paused", since: last_delivered, reason: "key", last_delivered },
  });
});

Deno.test("with an outbox the details tell what is in it, and how many events were delivered", () => {
  const rows = [
    [EMPTY, { pending: 0, dead: 0, oldest_pending_seconds: null }],
    [
      { ...deadLetters(7, MINUTE), pending: 2, oldestPendingMs: 61_900 },
      { pending: 2, dead: 7, oldest_pending_seconds: 61 },
    ],
  ] as const;
  for (const [outbox, told] of rows) {
    assert.deepEqual(detailedHealth(statusWith({ mode: "outbox", outbox }))["outbox"], told);
  }
  const { attention, counts } = json(detailedHealth(outboxInUse()));
  assert.deepEqual(attention, ["dead_letters"]);
  assert.equal(counts.delivered, 3);
});

Deno.test("for everybody there is one word; a dry run is as somebody wanted it", () => {
  assert.deepEqual(publicHealth(statusWith({ mode: "dry_run" })), { status: "ok" });
  assert.deepEqual(detailedHealth(statusWith({ mode: "dry_run" }))["attention"], ["dry_run"]);
  assert.deepEqual(publicHealth(outboxInUse()), { status: "degraded" });
});
