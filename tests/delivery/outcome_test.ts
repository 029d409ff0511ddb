import assert from "node:assert/strict";
import fc from "fast-check";
import { constant, inFull, shownName } from "../../lib/base/redact.ts";
import { ANSWER_LIMIT, answerTo, type Outcome, STATUS_NAMES } from "../../lib/delivery/outcome.ts";
import { type ErrorReason, ERRORS, UNAVAILABLE, type UnavailableReason } from "../../lib/delivery/reasons.ts";
import { anyText } from "../support/fakes.ts";

const EVENT = constant("Workspace Created");
const HEADERS = { "content-type": "application/json" };
/** What is told beside the outcome; only the notification's name is answered. */
const TRACE = { attempts: 1, messageId: constant("a message"), notification: EVENT, arrived: EVENT } as const;
const UNAVAILABLE_REASONS = Object.keys(UNAVAILABLE) as UnavailableReason[];
const ERROR_STATUS: Record<ErrorReason, number> = {
  invalid_json: 400,
  unauthorized: 401,
  not_found: 404,
  method_not_allowed: 405,
  too_slow: 408,
  too_large: 413,
  unsupported_media_type: 415,
  redirected: 421,
  invalid_notification: 422,
  internal: 500,
};

/** A row: the outcome, its HTTP status, headers beyond the usual ones, and its body without the message. */
type Row = readonly [outcome: Outcome, status: number, headers: Record<string, string>, body: object];

const ROWS: readonly Row[] = [
  [{ status: "forwarded", ...TRACE }, 200, {}, { status: "forwarded", event: EVENT }],
  [{ status: "queued", ...TRACE }, 202, {}, { status: "queued", event: EVENT }],
  [{ status: "dry_run", ...TRACE }, 200, {}, { status: "dry_run", event: EVENT }],
  [{ status: "duplicate", ...TRACE }, 200, {}, { status: "duplicate", event: EVENT }],
  [{ status: "ignored", reason: "secret", attempts: 0 }, 200, {}, { status: "ignored", reason: "secret" }],
  ...(["not_tracked", "no_person", "domain"] as const).map((reason): Row => {
    const outcome = { status: "ignored", reason } as const;
    return [{ ...outcome, ...TRACE }, 200, {}, { ...outcome, event: EVENT }];
  }),
  [{ status: "refused", words: constant("email is invalid"), ...TRACE }, 502, {}, {
    status: "refused",
    event: EVENT,
  }],
  ...UNAVAILABLE_REASONS.flatMap((reason): Row[] => {
    const body = { status: "unavailable", reason } as const;
    const headers = { "retry-after": "2" };
    return [
      [{ ...body, retryAfterMs: 2_000, attempts: 0 }, 503, headers, body],
      [{ ...body, retryAfterMs: 2_000, maybeTaken: true, ...TRACE }, 503, headers, { ...body, event: EVENT }],
    ];
  }),
  ...Object.entries(ERROR_STATUS).map(([reason, status]): Row => {
    const challenge = 'Basic realm="coder-platformx", charset="UTF-8"';
    const headers: Record<string, string> = status === 401 ? { "www-authenticate": challenge } : {};
    const body = { status: "error", reason: reason as ErrorReason } as const;
    return [{ ...body, detail: constant("Something is wrong"), attempts: 0 }, status, headers, body];
  }),
];

Deno.test("every outcome has its HTTP status, headers and body", async (t) => {
  for (const [outcome, status, headers, expected] of ROWS) {
    await t.step(JSON.stringify(outcome), () => {
      const answer = answerTo(outcome);
      const { message, ...body } = JSON.parse(answer.body);
      assert.equal(answer.status, status);
      assert.deepEqual(answer.headers, { ...HEADERS, ...headers });
      assert.deepEqual(body, expected);
      assert.ok(message === undefined || /^[A-Z].*\S$/.test(message), message);
    });
  }
});

Deno.test("the rows above name every status and every error", () => {
  assert.deepEqual(new Set(ROWS.map(([{ status }]) => status)), new Set(STATUS_NAMES));
  const statuses = Object.entries(ERRORS).map(([reason, { http }]) => [reason, http]);
  assert.deepEqual(ERROR_STATUS, Object.fromEntries(statuses));
});

Deno.test("what was not forwarded says why in one sentence, what was needs no words", async (t) => {
  for (const [outcome, status] of ROWS) {
    const wordless = ["forwarded", "queued", "dry_run", "duplicate"].includes(outcome.status);
    await t.step(`${status} ${outcome.status}`, () => {
      const { message } = JSON.parse(answerTo(outcome).body);
      assert.equal(typeof message, wordless ? "undefined" : "string");
    });
  }
});

Deno.test("an answer that Coder is to retry says so in words that differ by reason", () => {
  const messages = ROWS.filter(([, status]) => status === 503).map(([outcome]) =>
    JSON.parse(answerTo(outcome).body).message
  );
  assert.equal(new Set(messages).size, UNAVAILABLE_REASONS.length);
});

Deno.test("a refusal passes on PlatformX's words, and stands without them", () => {
  const message = (words: string) =>
    JSON.parse(answerTo({ status: "refused", words: inFull(words), ...TRACE }).body).message;
  assert.equal(message("email is invalid"), "PlatformX refused the event: email is invalid");
  assert.equal(message(""), "PlatformX refused the event.");
});

Deno.test("Retry-After is whole seconds, rounded up, at least one", async (t) => {
  const rows: [ms: number, header: string][] = [[0, "1"], [1, "1"], [999, "1"], [1_000, "1"], [1_001, "2"], [
    3_600_000,
    "3600",
  ]];
  for (const [retryAfterMs, header] of rows) {
    await t.step(`${retryAfterMs} ms`, () => {
      const { headers } = answerTo({ status: "unavailable", reason: "busy", retryAfterMs, attempts: 0 });
      assert.equal(headers["retry-after"], header);
    });
  }
});

Deno.test("a wrong request's answer says what is wrong with it, and what to do", () => {
  const detail = constant("payload.labels must be an object: it is a list");
  const { body } = answerTo({ status: "error", reason: "invalid_notification", detail, attempts: 0 });
  const { what, todo } = ERRORS.invalid_notification;
  assert.equal(JSON.parse(body).message, `${what} ${detail}. ${todo}`);
});

/** Texts of every kind, and long ones that are longer still in UTF-8 and as JSON. */
const text = fc.oneof(
  anyText(300),
  fc.tuple(fc.constantFrom("a", "ü", "漢", "😀", '"', "\0", "\ud800", "\u2028", "\u200b"), fc.nat(2_000))
    .map(([part, times]) => part.repeat(times)),
);
const name = text.map(shownName);
const trace = fc.record({ attempts: fc.nat(), notification: name, messageId: name, arrived: name }, {
  requiredKeys: ["attempts"],
});
const anyOutcome: fc.Arbitrary<Outcome> = fc.tuple(
  trace,
  fc.oneof(
    fc.record({ status: fc.constantFrom("forwarded", "queued", "dry_run", "duplicate") }),
    fc.record({
      status: fc.constant("ignored"),
      reason: fc.constantFrom("secret", "not_tracked", "no_person", "domain"),
    }),
    fc.record({ status: fc.constant("refused"), words: text.map(inFull) }),
    fc.record({
      status: fc.constant("unavailable"),
      reason: fc.constantFrom(...UNAVAILABLE_REASONS),
      retryAfterMs: fc.nat(),
    }),
    fc.record({
      status: fc.constant("error"),
      reason: fc.constantFrom(...Object.keys(ERRORS) as ErrorReason[]),
      detail: text.map(inFull),
    }),
  ),
).map(([trace, outcome]) => ({ ...outcome, ...trace }));

Deno.test("property: whatever the texts, a body is at most 512 bytes of JSON and holds nothing else", () => {
  assert.equal(ANSWER_LIMIT, 512);
  fc.assert(
    fc.property(anyOutcome, (outcome) => {
      const { body } = answerTo(outcome);
      assert.ok(new TextEncoder().encode(body).length <= 512);
      const { status, reason, message, event, ...rest } = JSON.parse(body);
      assert.deepEqual(rest, {});
      assert.equal(status, outcome.status);
      assert.equal(reason, "reason" in outcome ? outcome.reason : undefined);
      assert.ok([event, message].every((text) => text === undefined || typeof text === "string"));
      assert.equal(event, outcome.notification);
      assert.equal(body, body.toWellFormed());
    }),
    { numRuns: 500 },
  );
});

Deno.test("property: a message is cut only when the body would be too long, and never more than needed", () => {
  fc.assert(fc.property(text, (words) => {
    const { body } = answerTo({ status: "refused", words: inFull(words), attempts: 1 });
    const message = words === "" ? "PlatformX refused the event." : `PlatformX refused the event: ${words}`;
    const whole = JSON.stringify({ status: "refused", message });
    const bytes = new TextEncoder().encode(whole).length;
    if (bytes <= 512) assert.equal(body, whole);
    else {
      assert.ok(JSON.parse(body).message.endsWith("…"));
      assert.ok(new TextEncoder().encode(body).length > 512 - 12);
    }
  }));
});
