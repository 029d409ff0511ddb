import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import { TurnedAway } from "../../lib/http/turned_away.ts";
import { outcomeOf } from "../status/states.ts";
import { FakeClock, RecordingLog, settled } from "../support/fakes.ts";
import { basic, FROM_CODER, readingApp } from "./reading.ts";

const wrongSecret = outcomeOf({ status: "error", reason: "unauthorized" }, { id: "m" });
const wrongPath = outcomeOf({
  status: "error",
  reason: "not_found",
  detail: constant("The path was '/hook'"),
});

function watched() {
  const [clock, log, end] = [new FakeClock(), new RecordingLog(), new AbortController()];
  const turnedAway = new TurnedAway({ clock, log, draining: end.signal });
  const told = () =>
    log.entries.splice(0).map(({ level, event, fields: { reason, count, from_coder } }) => {
      assert.deepEqual([level, event], ["WARNING", "turned_away"]);
      return [reason, count, from_coder];
    });
  return { clock, end, log, turnedAway, told };
}

Deno.test("the first is told at once, the others once a minute with their number, until a minute brings none", async () => {
  const { clock, told, turnedAway } = watched();
  for (let times = 0; times < 100; times++) turnedAway.tell(wrongSecret, times % 2 === 0);
  assert.deepEqual(told(), [["unauthorized", 1, 1]]);
  await clock.advance(59_999);
  assert.deepEqual(told(), []);
  await clock.advance(1);
  assert.deepEqual(told(), [["unauthorized", 99, 49]]);
  turnedAway.tell(wrongSecret, true);
  await clock.advance(60_000);
  assert.deepEqual(told(), [["unauthorized", 1, 1]]);
  await clock.advance(60_000);
  assert.deepEqual(told(), []);
  assert.equal(clock.sleepers, 0, "a timer for nothing");
  turnedAway.tell(wrongSecret, true);
  assert.deepEqual(told(), [["unauthorized", 1, 1]]);
});

Deno.test("a flood of one reason does not hide another, and the path is told", async () => {
  const { log, turnedAway } = watched();
  for (let times = 0; times < 10; times++) turnedAway.tell(wrongSecret, false);
  turnedAway.tell(wrongPath, true);
  await settled();
  assert.equal(log.entries.length, 2);
  assert.match(
    log.entries[1]!.message,
    /Webhooks are taken at \/ only\. The path was '\/hook'\. Correct the address/,
  );
});

Deno.test("at the end what was counted is told, and a flood is not told one by one", async () => {
  const { end, told, turnedAway } = watched();
  for (let times = 0; times < 3; times++) turnedAway.tell(wrongSecret, true);
  assert.equal(told().length, 1);
  end.abort();
  await settled();
  assert.deepEqual(told(), [["unauthorized", 2, 2]]);
  for (let times = 0; times < 50; times++) {
    turnedAway.tell(wrongSecret, true);
    turnedAway.tell(wrongPath, true);
    await settled();
  }
  assert.deepEqual(told(), [["not_found", 1, 1]]);
});

Deno.test("what is no fault of the request is not told here", () => {
  const { told, turnedAway } = watched();
  const outcomes = [
    outcomeOf({ status: "forwarded" }),
    outcomeOf({ status: "unavailable", reason: "busy", retryAfterMs: 1 }),
    outcomeOf({ status: "error", reason: "internal" }),
  ];
  for (const outcome of outcomes) turnedAway.tell(outcome, true);
  assert.deepEqual(told(), []);
});

/** Requests, and the line of the log; undefined: none. */
const REQUESTS:
  readonly (readonly [method: string, path: string, Record<string, string>, reason: string | undefined])[] = [
    ["POST", "/", {}, "unauthorized"],
    ["POST", "/hook", {}, "not_found"],
    ["GET", "/", FROM_CODER, "redirected"],
    ["HEAD", "/", FROM_CODER, "redirected"],
    ["GET", "/hook", FROM_CODER, "not_found"],
    ["POST", "/", { ...basic("send"), ...FROM_CODER, "content-type": "application/json" }, undefined],
    // Who only reads is no webhook.
    ["GET", "/hook", {}, undefined],
    ["GET", "/?details", {}, undefined],
  ];

for (const [method, path, headers, reason] of REQUESTS) {
  const who = headers === FROM_CODER ? "Coder's " : "";
  Deno.test(`${who}${method} ${path} is ${reason === undefined ? "no warning" : `a warning, ${reason}`}`, async () => {
    const { ask, log } = readingApp();
    await ask(path, headers, { method, ...method === "POST" ? { body: "{}" } : {} });
    const warnings = log.entries.filter(({ level }) => level === "WARNING");
    assert.deepEqual(
      warnings.map(({ fields, message }) => [fields["reason"], /^Turned away: /.test(message)]),
      [
        ...reason === undefined ? [] : [[reason, true]],
      ],
    );
    if (who !== "") assert.equal(warnings[0]?.fields["msg_id"], FROM_CODER["x-message-id"]);
  });
}
