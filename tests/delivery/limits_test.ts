/** Limits on what senders can make the service remember, as SECURITY.md lists them. */
import { constant } from "../../lib/base/redact.ts";
import assert from "node:assert/strict";
import { attribute } from "../../lib/coder/attribution.ts";
import { problemOf, recognise } from "../../lib/coder/notification.ts";
import { parseTracking } from "../../lib/coder/tracking.ts";
import type { Outcome } from "../../lib/delivery/outcome.ts";
import { Relay } from "../../lib/delivery/relay.ts";
import { Stats } from "../../lib/status/stats.ts";
import { ALICE, notificationWith, RecordingLog } from "../support/fakes.ts";

Deno.test("an id, a name and an address are taken up to their longest, and no longer", async (t) => {
  type Make = (text: string) => object;
  const toUser = { notification_name: "User account created", notification_template_id: null };
  const toRecipient = { notification_name: "Task Idle", notification_template_id: null };
  const rows: readonly [field: string, most: number, make: Make][] = [
    ["msg_id", 200, (text) => ({ ...notificationWith(), msg_id: text })],
    ["payload.notification_template_id", 200, (text) => notificationWith({ notification_template_id: text })],
    ["payload.user_id", 200, (text) => notificationWith({ user_id: text })],
    ["payload.data.owner.id", 200, (id) => notificationWith({ data: { owner: { ...ALICE, id } } })],
    ["payload.data.user.id", 200, (id) => notificationWith({ ...toUser, data: { user: { ...ALICE, id } } })],
    ["payload.notification_name", 1_000, (text) => notificationWith({ notification_name: text })],
    ["payload.user_email", 1_000, (text) => notificationWith({ ...toRecipient, user_email: text })],
    ["payload.data.owner.email", 1_000, (email) => notificationWith({ data: { owner: { email } } })],
    ["payload.data.user.email", 1_000, (email) => notificationWith({ ...toUser, data: { user: { email } } })],
  ];
  const rules = { tracking: parseTracking("*").tracking, domains: undefined };
  const invalid = (body: object) => {
    const notification = recognise(body);
    const result = notification.kind === "invalid" ? notification : attribute(notification, rules);
    return result.kind === "invalid" ? result : undefined;
  };
  for (const [field, most, make] of rows) {
    await t.step(`${field}: ${most}`, async () => {
      assert.equal(invalid(make("x".repeat(most))), undefined);
      const body = make("x".repeat(most + 1));
      const rule = `must have at most ${most} characters: it has ${most + 1}`;
      assert.deepEqual(await problemOf(body, invalid(body) ?? assert.fail("it is taken")), { field, rule });
    });
  }
});

Deno.test("the last 200 webhooks, 100 failed ones, 50 turned away and 20 of strangers are remembered", () => {
  const stats = new Stats([], false);
  const outcomes: readonly (readonly [outcome: Outcome, fromCoder: boolean, most: number])[] = [
    [{ status: "forwarded", attempts: 1 }, true, 200],
    [{ status: "refused", words: constant(""), attempts: 1 }, true, 100],
    [{ status: "error", reason: "unauthorized", attempts: 0 }, true, 50],
    [{ status: "error", reason: "not_found", attempts: 0 }, false, 20],
  ];
  for (let now = 1; now <= 400; now++) {
    for (const [outcome, fromCoder] of outcomes) stats.count(outcome, { now, ms: 0, fromCoder });
  }
  for (const [{ status }, stranger, most] of outcomes) {
    const kept = stats.memory.all.filter((seen) => seen.status === status && seen.fromCoder === stranger);
    assert.deepEqual(
      kept.map(({ at }) => at).sort((a, b) => b - a),
      Array.from({ length: most }, (_, i) => 400 - i),
    );
  }
});

Deno.test("a thousand unknown names are warned of, and names of the catalogue after them", async () => {
  const log = new RecordingLog();
  const relay = new Relay({
    rules: { tracking: parseTracking("*").tracking, domains: undefined },
    testData: false,
    delivery: { deliver: () => assert.fail("it has no person") },
    directory: undefined,
    hash: (text) => Promise.resolve(text),
    log,
    draining: new AbortController().signal,
  });
  const receive = (name: string) =>
    relay.receive(
      notificationWith({ notification_name: name, notification_template_id: null, data: null }),
      0,
    );
  for (let i = 0; i < 1_100; i++) await receive(`Invented ${i}`);
  await receive("Workspace Created");
  const warned = log.entries.filter(({ event }) => event === "person_missing");
  assert.equal(warned.length, 1_001);
  assert.equal(warned.at(-1)?.fields?.["notification"], "Workspace Created");
});
