import assert from "node:assert/strict";
import { detailedHealth, type HealthState, publicHealth } from "../../lib/status/health.ts";

const STATE: HealthState = {
  version: "1.2.3",
  uptimeSeconds: 42,
  mode: "direct",
  eventsTracked: ["Workspace Created", "*"],
  lastSeen: { "Workspace Created": "2026-01-02T12:00:00.000Z", "Workspace Deleted": null },
  counts: { forwarded: 3, error: 0 },
  paused: undefined,
  lastDelivered: undefined,
  outbox: undefined,
};
const NOON = Date.UTC(2026, 0, 2, 12);

function pausedFor(forMs: number): HealthState {
  return { ...STATE, paused: { cause: "key", at: NOON, forMs } };
}

Deno.test("for everybody there is one word: a pause of over a minute degrades", async (t) => {
  const rows: [state: HealthState, status: "ok" | "degraded"][] = [
    [STATE, "ok"],
    [pausedFor(0), "ok"],
    [pausedFor(60_000), "ok"],
    [pausedFor(60_001), "degraded"],
    [pausedFor(86_400_000), "degraded"],
  ];
  for (const [state, status] of rows) {
    await t.step(`paused for ${state.paused?.forMs ?? "no"} ms`, () => {
      assert.deepEqual(publicHealth(state), { status });
      assert.equal(detailedHealth(state)["status"], status);
    });
  }
});

Deno.test("the details are all there, also those that have no value yet", () => {
  assert.deepEqual(JSON.parse(JSON.stringify(detailedHealth(STATE))), {
    status: "ok",
    version: "1.2.3",
    uptime_seconds: 42,
    mode: "direct",
    events_tracked: ["Workspace Created", "*"],
    last_seen: { "Workspace Created": "2026-01-02T12:00:00.000Z", "Workspace Deleted": null },
    counts: { forwarded: 3, error: 0 },
    platformx: { state: "ok", since: null, reason: null, last_delivered: null },
  });
});

Deno.test("the details tell of a pause, and of the last delivery", async (t) => {
  const lastDelivered = NOON - 1_000;
  const last_delivered = "2026-01-02T11:59:59.000Z";
  const rows: [state: HealthState, platformx: object][] = [
    [{ ...STATE, lastDelivered }, { state: "ok", since: null, reason: null, last_delivered }],
    [pausedFor(1), {
      state: "paused",
      since: "2026-01-02T12:00:00.000Z",
      reason: "key",
      last_delivered: null,
    }],
    [{ ...pausedFor(1), lastDelivered }, {
      state: "paused",
      since: "2026-01-02T12:00:00.000Z",
      reason: "key",
      last_delivered,
    }],
    [{ ...STATE, lastDelivered: 0 }, {
      state: "ok",
      since: null,
      reason: null,
      last_delivered: "1970-01-01T00:00:00.000Z",
    }],
  ];
  for (const [state, platformx] of rows) {
    await t.step(JSON.stringify(platformx), () => {
      assert.deepEqual(detailedHealth(state)["platformx"], platformx);
    });
  }
});

Deno.test("the mode is told as it is", () => {
  for (const mode of ["direct", "outbox", "dry_run"] as const) {
    assert.equal(detailedHealth({ ...STATE, mode })["mode"], mode);
  }
});

Deno.test("an outbox that takes no events degrades, for as long as it does not", () => {
  const outbox = { pending: 1, dead: 0, oldestPendingMs: 5 };
  assert.deepEqual(publicHealth({ ...STATE, outbox }), { status: "ok" });
  assert.deepEqual(publicHealth({ ...STATE, outbox: { ...outbox, failing: "the disk is full" } }), {
    status: "degraded",
  });
});
