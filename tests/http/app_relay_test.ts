import assert from "node:assert/strict";
import { constant, inFull } from "../../lib/base/redact.ts";
import { parseTracking } from "../../lib/coder/tracking.ts";
import { type Draft, eventOf } from "../../lib/delivery/draft.ts";
import { type Outcome, told } from "../../lib/delivery/outcome.ts";
import { Relay } from "../../lib/delivery/relay.ts";
import { appWith, FORWARDED, jsonOf, request, webhook } from "./fakes.ts";
import {
  ALICE,
  type LogEntry,
  notificationWith,
  RecordingLog,
  settled,
  TINA,
  watched,
} from "../support/fakes.ts";

const SENTINEL = "alice@example.com and s3cret";

/** The app with the real relay behind it; drafts are kept and count as forwarded. */
function appWithRelay(tracked: string) {
  const drafts: Draft[] = [];
  const relay = new Relay({
    rules: { tracking: parseTracking(tracked).tracking, domains: undefined },
    testData: false,
    directory: undefined,
    draining: new AbortController().signal,
    log: new RecordingLog(),
    hash: (text) => Promise.resolve(text),
    delivery: {
      deliver: (draft) => {
        drafts.push(draft);
        return Promise.resolve({ status: "forwarded", attempts: 1 });
      },
    },
  });
  const event = () => eventOf(drafts[0]!, { messageId: "m", arrivedAt: 0 }, new RecordingLog());
  return { ...appWith({ relay }), event };
}

const BASICS = {
  user_id: ALICE.id,
  user_email: ALICE.email,
  user_name: "Alice Adler",
  user_username: "alice",
  actions: [{ label: "View workspaces", url: "https://coder.example.com/workspaces" }],
  labels: { name: "alice-dev", reason: "dormant", initiator: "tina" },
};
const TEMPLATE = "f517da0b-cdc9-410f-ab89-a86107c420ed";
const TARGETS = ["42d265a4-65c6-48b8-8464-94382de8de3a", ALICE.id];

/** Inner bodies as Coder's versions write them: later ones have more fields, and null where there is nothing. */
const INNER: readonly (readonly [version: string, fields: object])[] = [
  ["1.0", {}],
  ["1.1", { notification_template_id: TEMPLATE }],
  ["1.1", { notification_template_id: TEMPLATE, data: null, targets: null }],
  ["1.1", { notification_template_id: TEMPLATE, data: { owner: ALICE }, targets: TARGETS }],
  ["1.2", { notification_template_id: TEMPLATE, data: null, targets: TARGETS }],
  ["1.2", { notification_template_id: TEMPLATE, data: {}, targets: [] }],
  ["2.0", { notification_template_id: TEMPLATE, data: null, targets: null, novelty: { deep: [1] } }],
];
const OUTER: readonly (readonly [version: string, fields: object])[] = [
  ["1.0", { title: "t", body: "b" }],
  ["1.1", { title: "t", title_markdown: "t", body: "b", body_markdown: "b" }],
  ["2.0", { title: null, novelty: "x" }],
];

Deno.test("bodies of every version of Coder are taken, and of versions to come", async (t) => {
  for (const [outer, outerFields] of OUTER) {
    for (const [inner, innerFields] of INNER) {
      await t.step(`outer ${outer}, inner ${inner} ${JSON.stringify(innerFields)}`, async () => {
        const { app, event } = appWithRelay("Workspace Deleted");
        const payload = {
          _version: inner,
          notification_name: "Workspace Deleted",
          ...BASICS,
          ...innerFields,
        };
        const body = JSON.stringify({ _version: outer, msg_id: "m", payload, ...outerFields });
        const answer = await app.handle(webhook({ body }));
        assert.equal(answer.status, 200);
        assert.deepEqual(jsonOf(answer), { status: "forwarded", event: "Workspace Deleted" });
        assert.equal(event().email, ALICE.email);
        assert.equal(event().metadata["workspace"], "alice-dev");
      });
    }
  }
});

Deno.test("only the message id and the name are required", async (t) => {
  const rows: [body: unknown, field: string | undefined][] = [
    [{ msg_id: "m", payload: { notification_name: "n" } }, undefined],
    [{ payload: { notification_name: "n" } }, "msg_id"],
    [{ msg_id: "m" }, "payload"],
    [{ msg_id: "m", payload: {} }, "payload.notification_name"],
    [[], "the body"],
    [null, "the body"],
    ["text", "the body"],
    [{ msg_id: "m", payload: { notification_name: "n", labels: { cpu: 4 }, targets: "t" } }, undefined],
    [{ msg_id: "m", payload: { notification_name: "Task Idle", data: "text", labels: 5 } }, undefined],
    [{ msg_id: "m", payload: { notification_name: "Task Idle", user_email: 5 } }, "payload.user_email"],
    [notificationWith({ data: { owner: "alice" } }), "payload.data.owner"],
  ];
  for (const [body, field] of rows) {
    await t.step(JSON.stringify(body), async () => {
      const answer = await appWithRelay("*").app.handle(webhook({ body: JSON.stringify(body) }));
      const message = String(jsonOf(answer)["message"]);
      assert.equal(answer.status, field === undefined ? 200 : 422);
      if (field !== undefined) assert.ok(message.includes(` ${field} must be `), message);
    });
  }
});

Deno.test("what nobody tracks is ignored, and what decorates left out, whatever their types", async (t) => {
  const wrong = {
    user_id: 5,
    user_email: [],
    labels: { workspace: 5 },
    data: { owner: "alice" },
    targets: {},
  };
  const rows: [payload: Record<string, unknown>, answer: object][] = [
    [{ notification_name: "Task Idle", notification_template_id: null, ...wrong }, {
      status: "ignored",
      reason: "not_tracked",
    }],
    [{ notification_name: "One-Time Passcode", notification_template_id: null, ...wrong }, {
      status: "ignored",
      reason: "secret",
    }],
    [{ labels: { workspace: 5, version: "v" }, targets: {}, user_email: [] }, { status: "forwarded" }],
  ];
  for (const [payload, expected] of rows) {
    await t.step(JSON.stringify(payload), async () => {
      const { app, event } = appWithRelay("Workspace Created");
      const response = await app.handle(webhook({ body: JSON.stringify(notificationWith(payload)) }));
      const { status, reason } = jsonOf(response);
      assert.equal(response.status, 200);
      assert.deepEqual({ status, ...(reason === undefined ? {} : { reason }) }, expected);
      if (status === "forwarded") {
        assert.deepEqual(Object.keys(event().metadata).slice(0, 2), ["workspace", "template_version"]);
      }
    });
  }
});

Deno.test("the event belongs to the person it is about, not to the recipient", async () => {
  const { app, event } = appWithRelay("Workspace Created");
  await app.handle(webhook({ body: JSON.stringify(notificationWith()) }));
  assert.ok(JSON.stringify(event()).includes(ALICE.email));
  assert.ok(!JSON.stringify(event()).includes(TINA.email));
});

/** Every kind of thing that can be thrown, and how its kind is told. */
const FAULTS: readonly (readonly [fault: unknown, kind: string])[] = [
  [new TypeError(SENTINEL), "TypeError"],
  [new Error(`${SENTINEL}\n    at ${SENTINEL}`), "Error"],
  [SENTINEL, "string"],
  [undefined, "undefined"],
];

Deno.test("a fault of the service is answered 500, and neither answer nor log tell its text", async (t) => {
  for (const [fault, kind] of FAULTS) {
    await t.step(String(fault), async () => {
      const { app, log, stats } = appWith({ relay: { receive: () => Promise.reject(fault) } });
      const answer = await app.handle(webhook());
      const { status, reason } = jsonOf(answer);
      assert.deepEqual([answer.status, status, reason], [500, "error", "internal"]);
      assert.equal(stats.counts["error"], 1);
      assert.equal(app.admission.count, 0);

      const [entry] = log.of("internal_error");
      assert.equal(entry?.level, "ERROR");
      assert.equal(entry?.fields["error"], kind);
      const told = answer.body! + JSON.stringify(log.entries);
      for (const secret of ["alice", "s3cret"]) assert.ok(!told.includes(secret), told);
    });
  }
});

Deno.test("a relay that throws instead of rejecting is answered alike, and the next webhook is served", async () => {
  let calls = 0;
  const receive = () => {
    if (++calls === 1) throw new Error(SENTINEL);
    return Promise.resolve(FORWARDED);
  };
  const { app } = appWith({ relay: { receive } });
  assert.equal((await app.handle(webhook())).status, 500);
  assert.equal((await app.handle(webhook())).status, 200);
});

Deno.test("a fault elsewhere is answered 500 in JSON too, and the next request is served", async (t) => {
  const fault = () => {
    throw new Error(SENTINEL);
  };
  const rows: [what: string, options: Parameters<typeof appWith>[0], message: () => Request][] = [
    ["while health is told", { status: fault }, () => request("GET")],
    ["while metrics are told", { status: fault }, () => request("GET", "/metrics")],
    ["while a webhook is counted", { count: fault }, () => webhook()],
    [
      "while a redirected one is counted",
      { count: fault },
      () => request("GET", "/", { "x-message-id": "m" }),
    ],
    ["in telemetry, for a webhook", { telemetry: { request: fault } }, () => webhook()],
    ["in telemetry, for health", { telemetry: { request: fault } }, () => request("GET")],
  ];
  for (const [what, options, message] of rows) {
    await t.step(what, async () => {
      const { app, log } = appWith(options);
      for (let i = 0; i < 2; i++) {
        const answer = await app.handle(message());
        assert.deepEqual([answer.status, jsonOf(answer)["reason"]], [500, "internal"]);
      }
      assert.equal(app.admission.count, 0);
      assert.ok(!JSON.stringify(log.entries).includes("alice"));
    });
  }
});

Deno.test("one INFO entry tells what became of a webhook, and how long that took", async (t) => {
  const notification = constant("Workspace Created");
  const trace = { messageId: constant("m-1"), attempts: 2, notification };
  const rows: [outcome: Outcome, fields: LogEntry["fields"]][] = [
    [{ status: "forwarded", ...trace }, { notification }],
    [{ status: "ignored", reason: "secret", ...trace, notification: undefined }, { reason: "secret" }],
    [{ status: "ignored", reason: "domain", ...trace }, { reason: "domain", notification }],
    [{ status: "refused", words: inFull(SENTINEL), ...trace }, { notification }],
    [{ status: "unavailable", reason: "key", retryAfterMs: 1, ...trace }, { reason: "key", notification }],
  ];
  for (const [outcome, fields] of rows) {
    await t.step(JSON.stringify(outcome), async () => {
      const { app, log, clock, stats } = appWith({
        relay: {
          receive: async () => {
            await clock.advance(250);
            return outcome;
          },
        },
      });
      await app.handle(webhook());
      const nothing = { reason: undefined, notification: undefined };
      assert.deepEqual(log.entries, [{
        level: "INFO",
        event: "webhook",
        message: told(outcome),
        fields: { ...nothing, ...fields, outcome: outcome.status, msg_id: "m-1", attempts: 2, ms: 250 },
      }]);
      assert.ok(!JSON.stringify(log.entries).includes("alice"));
      assert.equal(stats.counts[outcome.status], 1);
    });
  }
});

Deno.test("the log is written before the answer where the platform freezes the process then", async () => {
  const written = Promise.withResolvers<void>();
  const { app } = appWith({ beforeAnswer: () => written.promise });
  const answered = watched(app.handle(webhook()));
  await settled();
  assert.equal(typeof answered.value, "undefined");
  written.resolve();
  await settled();
  assert.equal(answered.value?.status, 200);
});

Deno.test("what does not reach the relay has its line too, without attempts", async () => {
  const { app, log } = appWith();
  await app.handle(webhook({ body: "{" }));
  await app.handle(webhook({}, "/hook"));
  const told = log.of("webhook").map((
    { fields: { outcome, reason, attempts } },
  ) => [outcome, reason, attempts]);
  assert.deepEqual(told, [["error", "invalid_json", 0], ["error", "not_found", 0]]);
});

Deno.test("nothing is made for the log that the log would not write", async () => {
  const log = new RecordingLog();
  log.writes = () => false;
  const { app, stats } = appWith({ log });
  await app.handle(webhook());
  assert.deepEqual(log.entries, []);
  assert.equal(stats.counts["forwarded"], 1);
});
