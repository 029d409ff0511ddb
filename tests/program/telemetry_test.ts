/** What the real program exports, and what it never does. */
import assert from "node:assert/strict";
import { ALICE, IDS, notificationWith, TINA } from "../support/fakes.ts";
import {
  type Attributes,
  type ExportedRecord,
  type ExportedSpan,
  observedBy,
  startReceiver,
} from "../support/otlp_receiver.ts";
import { startPlatformX } from "../support/platformx.ts";
import { freePort } from "../support/process.ts";
import { PROGRAM_DENO } from "../support/program.ts";
import { sampleOf } from "../support/samples.ts";
import { answered, startProgram } from "../support/service.ts";

const PASSCODE = sampleOf({ name: "One-Time Passcode" });

/** Must not be in any export, and is in what the program is given. */
const SECRETS = {
  key: "sentinel-project-key",
  webhook: "sentinel-webhook-secret",
  wrong: "sentinel-wrong-password",
  query: "sentinel-query",
  method: "SENTINELMETHOD",
  passcode: String(PASSCODE.payload.labels["one_time_passcode"]),
  baggage: "sentinel-baggage",
  state: "sentinel-state",
};
/** Where a webhook goes that is not at the right path: the log tells it, and no span. */
const ELSEWHERE = "sentinel-path";
const REFUSED_ID = "11111111-2222-4333-8444-555555555555";

/** The caller's trace: its id, and the id of the span that called. */
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER = "00f067aa0ba902b7";

/** Of OTLP's kinds of spans and status codes. */
const SERVER = 2;
const CLIENT = 3;
const ERROR = 2;

/** What Deno itself writes differs: 2.6 calls a server's answer 4xx an error too, and does not name a line's stream. */
const IS_OLDEST = PROGRAM_DENO !== Deno.execPath();
const ERRORS_FROM = IS_OLDEST ? 400 : 500;
const TURNED_AWAY = IS_OLDEST ? ERROR : 0;

const FORWARDED = {
  "coder_platformx.outcome": "forwarded",
  "coder_platformx.attempts": 1,
  "coder_platformx.notification": "Workspace Created",
  "coder_platformx.message_id": IDS.message,
};
const REFUSED = {
  "coder_platformx.outcome": "refused",
  "coder_platformx.attempts": 1,
  "coder_platformx.notification": "Workspace Created",
  "coder_platformx.message_id": REFUSED_ID,
};

Deno.test("each span, attribute and log record is the documented one, and holds no secret and no person", async (t) => {
  await using receiver = startReceiver();
  await using platformX = await startPlatformX({ key: SECRETS.key });
  const api = platformX.url;
  const settings = { GETDX_API_KEY: SECRETS.key, GETDX_API_URL: api, WEBHOOK_SECRET: SECRETS.webhook };
  await using program = await startProgram({ environment: { ...observedBy(receiver), ...settings } });
  const send = async (path: string, init: RequestInit, status: number) => {
    const response = await fetch(new URL(path, program.url), init);
    await response.body?.cancel();
    assert.equal(response.status, status);
  };
  const webhook = (body: unknown, headers: Record<string, string> = {}) => ({
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", authorization: `Bearer ${SECRETS.webhook}`, ...headers },
  });
  const context = {
    traceparent: `00-${TRACE}-${CALLER}-01`,
    tracestate: `x=${SECRETS.state}`,
    baggage: `x=${SECRETS.baggage}`,
  };
  await send("/", webhook(notificationWith(), context), 200);
  const words = JSON.stringify({ ok: false, error_details: { message: `no user ${ALICE.email}` } });
  platformX.misbehave({ kind: "answer", status: 422, body: words });
  const other = { labels: { workspace: "another" } };
  await send("/", webhook(notificationWith(other, REFUSED_ID)), 502);
  await send("/", webhook(PASSCODE), 200);
  await send("/", webhook({}, { authorization: `Bearer ${SECRETS.wrong}` }), 401);
  await send(`/${ELSEWHERE}?token=${SECRETS.query}`, webhook({}), 404);
  await send(`/?details&token=${SECRETS.query}`, {}, 401);
  await send("/metrics", { headers: { authorization: `Bearer ${SECRETS.webhook}` } }, 200);
  await send("/", { method: SECRETS.method }, 405);
  assert.equal((await program.stop()).code, 0, program.log);

  const { spans, records } = receiver;
  const own = new URL(program.url).origin;
  const refusal = spanWith(spans, REFUSED);
  const deliveries = spans.filter(({ name }) => name === "deliver");

  await t.step("the spans of requests", () => {
    assert.deepEqual(shown(spans.filter(({ kind }) => kind === SERVER)), [
      ["deno", "POST /", 0, onServer("POST", "/", 200, FORWARDED)],
      ["deno", "POST /", ERROR, onServer("POST", "/", 502, REFUSED)],
      [
        "deno",
        "POST /",
        0,
        onServer("POST", "/", 200, {
          "coder_platformx.outcome": "ignored",
          "coder_platformx.reason": "secret",
          "coder_platformx.attempts": 0,
          "coder_platformx.message_id": PASSCODE.msg_id,
        }),
      ],
      ["deno", "POST /", TURNED_AWAY, onServer("POST", "/", 401, turnedAway("unauthorized"))],
      ["deno", "POST", TURNED_AWAY, onServer("POST", "", 404, turnedAway("not_found"))],
      ["deno", "GET /", TURNED_AWAY, onServer("GET", "/", 401)],
      ["deno", "GET /metrics", 0, onServer("GET", "/metrics", 200)],
      ["deno", "_OTHER /", TURNED_AWAY, onServer("_OTHER", "/", 405)],
    ]);

    function onServer(method: string, route: string, status: number, more: Attributes = {}): Attributes {
      return {
        "http.request.method": method,
        "url.full": `${own}${route}`,
        "url.scheme": "http",
        ...(route === "" ? {} : { "url.path": route, "http.route": route }),
        "http.response.status_code": String(status),
        ...(status >= ERRORS_FROM ? { "error.type": String(status) } : {}),
        ...more,
      };
    }
  });

  await t.step("the spans of attempts, and in them those of Deno's fetch", () => {
    const about = (id: string) => ({
      "coder_platformx.notification": "Workspace Created",
      "coder_platformx.message_id": id,
    });
    assert.deepEqual(shown(deliveries), [
      ["coder-platformx", "deliver", 0, { ...about(IDS.message), "coder_platformx.verdict": "delivered" }],
      ["coder-platformx", "deliver", ERROR, { ...about(REFUSED_ID), "coder_platformx.verdict": "refused" }],
    ]);
    const onClient = (status: number) => ({
      "http.request.method": "POST",
      "url.full": api,
      "url.scheme": "http",
      "url.path": "/events.track",
      "http.response.status_code": String(status),
    });
    const fetches = spans.filter(({ kind }) => kind === CLIENT);
    assert.deepEqual(shown(fetches), [
      ["deno", "POST", 0, onClient(200)],
      ["deno", "POST", ERROR, { ...onClient(422), "error.type": "422" }],
    ]);
    assert.deepEqual(fetches.map(({ parentSpanId }) => parentSpanId), deliveries.map(({ spanId }) => spanId));
    assert.equal(spans.length, 8 + deliveries.length + fetches.length);
  });

  await t.step("W3C trace context goes on to PlatformX, baggage does not", () => {
    const [first, second] = platformX.received;
    const server = spanWith(spans, FORWARDED);
    assert.deepEqual([server.traceId, server.parentSpanId], [TRACE, CALLER]);
    const [delivery] = deliveries;
    assert.deepEqual([delivery?.traceId, delivery?.parentSpanId], [TRACE, server.spanId]);
    const sent = spans.find(({ parentSpanId }) => parentSpanId === delivery?.spanId);
    assert.equal(first?.headers.get("traceparent"), `00-${TRACE}-${sent?.spanId}-01`);
    assert.match(second?.headers.get("traceparent") ?? "", new RegExp(`^00-${refusal.traceId}-`));
    for (const { headers } of platformX.received) {
      assert.equal(headers.get("baggage"), null);
      assert.ok(!JSON.stringify([...headers]).includes(SECRETS.baggage));
    }
  });

  await t.step("the log records are the lines of the log, with their severity", () => {
    assert.deepEqual(records.map(({ severity, body }) => [severity, JSON.parse(body).event]), [
      ["INFO", "starting"],
      ["INFO", "tracking"],
      ["INFO", "sent_data"],
      ["INFO", "listening"],
      ["INFO", "webhook"],
      ["WARN", "event_refused"],
      ["INFO", "webhook"],
      ["WARN", "passcode_dropped"],
      ["INFO", "webhook"],
      ["WARN", "turned_away"],
      ["INFO", "webhook"],
      ["WARN", "turned_away"],
      ["INFO", "webhook"],
      ["INFO", "draining"],
      ["INFO", "stopped"],
    ]);
    for (const { attributes, body, severity } of records) {
      assert.ok(program.log.includes(body.trimEnd()), body);
      const stream = { "log.iostream": severity === "INFO" ? "stdout" : "stderr" };
      assert.deepEqual(attributes, IS_OLDEST ? {} : stream);
    }
    const ids = ({ traceId, spanId }: ExportedRecord | ExportedSpan) => [traceId, spanId];
    assert.deepEqual(ids(recordOf(records, "event_refused")), ids(refusal));
    assert.deepEqual(ids(recordOf(records, "draining")), ["", ""]);
  });

  await t.step("nothing of what came holds a secret or a person", () => {
    const persons = [ALICE.email, TINA.email, ALICE.id, TINA.id, "alice", "tina", "%40"];
    for (const sentinel of [...Object.values(SECRETS), ...persons]) {
      for (const text of receiver.raw) {
        const at = text.toLowerCase().indexOf(sentinel.toLowerCase());
        assert.equal(at, -1, `${sentinel} in …${text.slice(Math.max(at - 200, 0), at + 50)}`);
      }
    }
    assert.ok(!JSON.stringify(spans).includes(ELSEWHERE));
    assert.equal(JSON.stringify(records).split(ELSEWHERE).length, 3);
  });
});

Deno.test("work on an event of the outbox is a trace of its own, and its log lines belong to it", async () => {
  await using receiver = startReceiver();
  await using platformX = await startPlatformX({ key: SECRETS.key });
  const settings = { GETDX_API_KEY: SECRETS.key, GETDX_API_URL: platformX.url, OUTBOX: "outbox.db" };
  await using program = await startProgram({ environment: { ...observedBy(receiver), ...settings } });
  const traced = program.post(notificationWith(), { traceparent: `00-${TRACE}-${CALLER}-01` });
  assert.deepEqual(await answered(traced), [202, "queued", undefined]);
  await program.logged("delivered");
  await program.stop();

  const [delivery] = receiver.spans.filter(({ name }) => name === "deliver");
  assert.ok(delivery, program.log);
  const event = {
    "coder_platformx.notification": "Workspace Created",
    "coder_platformx.message_id": IDS.message,
  };
  const [dispatch] = receiver.spans.filter(({ name }) => name === "dispatch");
  assert.deepEqual([dispatch?.parentSpanId, dispatch?.attributes], ["", event]);
  assert.deepEqual([delivery.traceId, delivery.parentSpanId], [dispatch?.traceId, dispatch?.spanId]);
  assert.deepEqual(delivery.attributes, { ...event, "coder_platformx.verdict": "delivered" });
  assert.equal(recordOf(receiver.records, "delivered").traceId, delivery.traceId);
  assert.notEqual(delivery.traceId, TRACE);
  const [request] = platformX.received;
  assert.match(request?.headers.get("traceparent") ?? "", new RegExp(`^00-${delivery.traceId}-`));
  for (const person of [ALICE.email, TINA.email, ALICE.id, TINA.id]) {
    for (const text of receiver.raw) assert.ok(!text.includes(person), person);
  }
});

const FAILURES: readonly (readonly [line: string, status: number, body: string])[] = [
  ["dead_letter", 200, '{"ok":false,"error":"no_such_user"}'],
  ["key_refused", 401, '{"ok":false,"error":"invalid_auth"}'],
  ["paused", 401, '{"ok":false,"error":"invalid_auth"}'],
];
for (const [line, status, body] of FAILURES) {
  Deno.test(`the line '${line}' about an event of the outbox has the trace of the work on it`, async () => {
    await using receiver = startReceiver();
    await using platformX = await startPlatformX({ key: SECRETS.key });
    platformX.misbehave({ kind: "answer", status, body }, Infinity);
    const settings = { GETDX_API_KEY: SECRETS.key, GETDX_API_URL: platformX.url, OUTBOX: "outbox.db" };
    await using program = await startProgram({ environment: { ...observedBy(receiver), ...settings } });
    await program.post(notificationWith());
    await program.logged(line);
    await program.stop();
    const traces = receiver.spans.filter(({ name }) => name === "dispatch").map(({ traceId }) => traceId);
    const { traceId } = recordOf(receiver.records, line);
    assert.ok(traceId !== undefined && traces.includes(traceId), `${traceId} is none of ${traces}`);
  });
}

Deno.test("of a PlatformX that cannot be reached the spans tell the kind of failure, not the runtime's words", async () => {
  await using receiver = startReceiver();
  const api = `http://127.0.0.1:${freePort()}/events.track`;
  const settings = { GETDX_API_KEY: SECRETS.key, GETDX_API_URL: api, DELIVERY_DEADLINE: "1s" };
  await using program = await startProgram({ environment: { ...observedBy(receiver), ...settings } });
  assert.deepEqual(await answered(program.post(notificationWith())), [503, "unavailable", "platformx"]);
  await program.stop();

  const fetches = receiver.spans.filter(({ kind }) => kind === CLIENT);
  assert.ok(fetches.length > 0, program.log);
  for (const { status, attributes } of fetches) {
    assert.equal(status, ERROR);
    assert.deepEqual(attributes, {
      "http.request.method": "POST",
      "url.full": api,
      "url.scheme": "http",
      "url.path": "/events.track",
      "error.type": "TypeError",
      "exception.type": "TypeError",
    });
  }
  for (const text of receiver.raw) assert.doesNotMatch(text, /os error|tcp connect|fetch failed/i);
  const { attributes } = receiver.spans.find(({ name }) => name === "deliver") ?? assert.fail(program.log);
  assert.deepEqual(attributes, {
    "coder_platformx.notification": "Workspace Created",
    "coder_platformx.message_id": IDS.message,
    "coder_platformx.verdict": "later",
    "coder_platformx.reason": "platformx",
  });
});

/** What is compared of spans, in the order in which they ended. */
function shown(spans: readonly ExportedSpan[]): [string, string, number, Attributes][] {
  return spans.map(({ scope, name, status, attributes }) => [scope, name, status, attributes]);
}

function turnedAway(reason: string): Attributes {
  return {
    "coder_platformx.outcome": "error",
    "coder_platformx.reason": reason,
    "coder_platformx.attempts": 0,
  };
}

function spanWith(spans: readonly ExportedSpan[], attributes: Attributes): ExportedSpan {
  const found = spans.find((span) =>
    Object.entries(attributes).every(([name, value]) => span.attributes[name] === value)
  );
  return found ?? assert.fail(`no span with ${JSON.stringify(attributes)}`);
}

function recordOf(records: readonly ExportedRecord[], event: string): ExportedRecord {
  return records.find(({ body }) => JSON.parse(body).event === event) ?? assert.fail(`no record of ${event}`);
}
