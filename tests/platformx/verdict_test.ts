import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import fc from "fast-check";
import { judge, type Verdict } from "../../lib/platformx/verdict.ts";
import type { NetworkFailure } from "../../lib/runtime/runtime.ts";

const KEY = "dx-0123456789abcdef";

const BODIES = {
  "ok: true": '{"ok":true}',
  "ok: false": '{"ok":false,"error":"email is invalid"}',
  "ok: false, rate limit": '{"ok":false,"error":"rate_limited"}',
  "ok: false, authentication": '{"ok":false,"error":"Invalid API key"}',
  "JSON without ok": '{"status":"fine"}',
  "a page": "<html><body>Welcome</body></html>",
  "no body": "",
};

/** What a cell of the table demands; a plain "later" leaves the cause open. */
type Cell =
  | "delivered"
  | "refused"
  | "unknown"
  | "later"
  | `later: ${"platformx" | "rate_limit" | "key" | "url"}`;

/** One cell for each of BODIES, in that order. */
type Row = readonly [what: string, statuses: readonly number[], ...cells: Cell[]];

const every = (cell: Cell): Cell[] => Object.keys(BODIES).map(() => cell);
const AFTER_OK: Cell[] = ["refused", "later: rate_limit", "later: key"];
const NO_JSON_URL: Cell[] = ["later: url", "later: url", "later: url"];
const NOT_ABOUT_THE_EVENT = [401, 403, 407, 408, 425, 429];

const ANSWERS: readonly Row[] = [
  ["2xx", range(200, 299), "delivered", ...AFTER_OK, ...NO_JSON_URL],
  ["3xx", range(300, 399), ...every("later: url")],
  ["4xx about the event", range(400, 499, NOT_ABOUT_THE_EVENT), "later: url", ...AFTER_OK, ...NO_JSON_URL],
  ["a refused key", [401, 403], ...every("later: key")],
  ["4xx of somebody on the way", [407, 408, 425], "later: url", "later", "later", "later", ...NO_JSON_URL],
  ["429", [429], ...every("later: rate_limit")],
  [
    "5xx",
    range(500, 599, [502, 504]),
    "later: platformx",
    "later: platformx",
    "later",
    "later",
    "later: platformx",
    "later: platformx",
    "later: platformx",
  ],
  ["a gateway without an answer", [502, 504], ...every("unknown")],
];

Deno.test("every status with every kind of body has the verdict of the contract's table", async (t) => {
  for (const [what, statuses, ...cells] of ANSWERS) {
    await t.step(what, () => {
      for (const status of statuses) {
        for (const [i, [kind, body]] of Object.entries(BODIES).entries()) {
          const verdict = judge({ kind: "response", status, body }, [KEY]);
          const cell = verdict.kind === "later" && cells[i] !== "later"
            ? `later: ${verdict.cause}`
            : verdict.kind;
          assert.equal(cell, cells[i], `status ${status} with ${kind}`);
        }
      }
    });
  }
});

Deno.test("the table covers every status from 200 to 599 once", () => {
  assert.deepEqual(ANSWERS.flatMap(([, statuses]) => statuses).sort(), range(200, 599));
});

Deno.test("only a JSON object whose own ok is the boolean counts as an answer", async (t) => {
  const rows: [status: number, body: string, expected: Verdict["kind"]][] = [
    [200, ' \n{"error":"", "ok" : true}\r\n', "delivered"],
    [200, '{"ok":true,"error":"a note"}', "delivered"],
    [200, "true", "later"],
    [200, '"ok"', "later"],
    [200, "null", "later"],
    [200, '["ok"]', "later"],
    [200, '[{"ok":true}]', "later"],
    [200, '{"ok":"true"}', "later"],
    [200, '{"ok":1}', "later"],
    [200, '{"OK":true}', "later"],
    [200, '{"result":{"ok":true}}', "later"],
    [200, '{"__proto__":{"ok":true}}', "later"],
    [200, '{"ok":true}{"ok":true}', "later"],
    [200, '{"ok":true', "later"],
    [200, "{ok:true}", "later"],
    [200, "[".repeat(100_000), "later"],
    [200, '{"ok":0}', "later"],
    [200, '{"ok":"false"}', "later"],
    [422, '{"ok":"false"}', "later"],
    [422, '{"ok":null}', "later"],
    [422, '{"ok":0}', "later"],
    [422, '[{"ok":false}]', "later"],
    [422, '{"__proto__":{"ok":false}}', "later"],
    [422, "false", "later"],
    [422, '{"ok":false}', "refused"],
  ];
  for (const [status, body, expected] of rows) {
    await t.step(`${status} ${body.slice(0, 40)}`, () => {
      assert.equal(judge({ kind: "response", status, body }, []).kind, expected);
    });
  }
});

Deno.test("of an answer that did not come whole only the status counts, and success is then unknown", async (t) => {
  const rows: [status: number, bodyEnd: "cut_off" | "too_long", expected: string][] = [
    [200, "cut_off", "unknown"],
    [201, "cut_off", "unknown"],
    [200, "too_long", "later: url"],
    [302, "cut_off", "later: url"],
    [401, "cut_off", "later: key"],
    [422, "cut_off", "later: url"],
    [500, "too_long", "later: platformx"],
    [502, "cut_off", "unknown"],
  ];
  for (const [status, bodyEnd, expected] of rows) {
    for (const body of ["", '{"ok":true}', '{"ok":false}']) {
      await t.step(`${status}, ${bodyEnd}: ${body}`, () => {
        const verdict = judge({ kind: "response", status, body, bodyEnd }, []);
        assert.equal(verdict.kind === "later" ? `later: ${verdict.cause}` : verdict.kind, expected);
      });
    }
  }
});

Deno.test("an attempt without an answer is judged by whether the event can have arrived", async (t) => {
  const rows: Record<NetworkFailure, Verdict> = {
    connection_failed: { kind: "later", cause: "platformx", seen: constant("connection_failed") },
    name_not_found: { kind: "later", cause: "platformx", seen: constant("name_not_found") },
    proxy_failed: { kind: "later", cause: "platformx", seen: constant("proxy_failed") },
    proxy_refused: { kind: "later", cause: "url", seen: constant("proxy_refused") },
    tls_failed: { kind: "later", cause: "platformx", seen: constant("tls_failed") },
    connection_lost: { kind: "unknown", seen: constant("connection_lost") },
    timed_out: { kind: "unknown", seen: constant("timed_out") },
    cut_off: { kind: "unknown", seen: constant("cut_off") },
    unknown_failure: { kind: "unknown", seen: constant("unknown_failure") },
  };
  for (const [failure, expected] of Object.entries(rows)) {
    await t.step(failure, () => {
      assert.deepEqual(judge({ kind: "failure", failure: failure as NetworkFailure }, [KEY]), expected);
    });
  }
});

Deno.test("Retry-After is kept with every verdict that leads to another attempt", async (t) => {
  const rows: [status: number, body: string, kept: boolean][] = [
    [429, "", true],
    [503, "", true],
    [403, "", true],
    [404, "", true],
    [307, "", true],
    [502, "", true],
    [200, "", true],
    [422, '{"ok":false,"error":"rate limit"}', true],
    [200, '{"ok":true}', false],
    [422, '{"ok":false}', false],
  ];
  for (const [status, body, kept] of rows) {
    await t.step(`${status} ${body}`, () => {
      const verdict = judge({ kind: "response", status, body, retryAfterMs: 7_000 }, []);
      assert.equal("retryAfterMs" in verdict ? verdict.retryAfterMs : undefined, kept ? 7_000 : undefined);
      assert.ok(!("retryAfterMs" in judge({ kind: "response", status, body }, [])));
    });
  }
});

Deno.test("PlatformX's words are read in the order of DX's own client", async (t) => {
  const rows: [what: string, body: object, words: string][] = [
    ["details first", { error_details: { message: "d" }, error: "e", message: "m" }, "d"],
    ["then error", { error_details: {}, error: "e", message: "m" }, "e"],
    ["then message", { message: "m" }, "m"],
    ["an empty text is passed over", { error_details: { message: "" }, error: "", message: "m" }, "m"],
    ["what is no text is passed over", { error_details: { message: 1 }, error: { a: 1 }, message: "m" }, "m"],
    ["details that are no object", { error_details: "d", error: "e" }, "e"],
    ["details null", { error_details: null, error: ["e"], message: "m" }, "m"],
    ["none", {}, ""],
  ];
  for (const [what, body, words] of rows) {
    await t.step(what, () => {
      const verdict = judge(
        { kind: "response", status: 422, body: JSON.stringify({ ok: false, ...body }) },
        [],
      );
      assert.deepEqual(verdict, { kind: "refused", words });
    });
  }
  await t.step("what was seen names the status, with the words if there are any", () => {
    const seen = (body: string) => judge({ kind: "response", status: 503, body }, []);
    assert.deepEqual(seen('{"message":"busy"}'), {
      kind: "later",
      cause: "platformx",
      seen: "status 503: busy",
    });
    assert.deepEqual(seen("busy"), { kind: "later", cause: "platformx", seen: "status 503" });
  });
});

Deno.test("an error text that names the authentication or a rate limit is not about the event", async (t) => {
  const rows: [words: string, expected: "key" | "rate_limit" | "refused"][] = [
    ["Unauthorized", "key"],
    ["unauthorized_request", "key"],
    ["not_authenticated", "key"],
    ["You are not authorized", "key"],
    ["Authentication failed", "key"],
    ["Authorization header is missing", "key"],
    ["Forbidden", "key"],
    ["Invalid API key", "key"],
    ["invalid_api_key", "key"],
    ["unknown project key", "key"],
    ["invalid_token", "key"],
    ["Rate limit exceeded", "rate_limit"],
    ["rate_limited", "rate_limit"],
    ["ratelimited", "rate_limit"],
    ["Too many requests", "rate_limit"],
    ["request was throttled", "rate_limit"],
    ["email is invalid", "refused"],
    ["invalid_payload", "refused"],
    ["not_found", "refused"],
    ["invalid metadata key", "refused"],
    ["metadata must not exceed 1KB", "refused"],
    ["author is missing", "refused"],
    ["", "refused"],
  ];
  for (const [words, expected] of rows) {
    for (const status of [200, 422]) {
      await t.step(`${status} '${words}'`, () => assert.equal(judged(status, words), expected));
    }
  }
});

Deno.test("short codes for a refused key are not taken for a fault of the event", async (t) => {
  for (const words of ["invalid_auth", "auth_failed", "invalid_credentials", "token_expired"]) {
    await t.step(words, () => assert.equal(judged(422, words), "key"));
  }
});

Deno.test("words that may repeat the event's own do not decide for everybody else; a code does", async (t) => {
  const rows: [words: string, event: string[], expected: string][] = [
    ["no user forbidden@example.com", ["forbidden@example.com"], "refused"],
    ["invalid email: throttle@example.com", ["throttle@example.com"], "refused"],
    ["unknown name 'API key expired'", ["API key expired"], "refused"],
    ["metadata workspace must not be auth", ["workspace", "auth"], "refused"],
    ["Invalid API key", ["workspace", "auth"], "refused"],
    ["invalid_auth", ["workspace", "auth"], "key"],
    ["invalid_auth", ["workspace", "invalid_auth"], "refused"],
    ["rate_limited", ["throttle@example.com"], "rate_limit"],
    ["Rate limit exceeded", ["auth"], "rate_limit"],
    ["Invalid API key", ["throttle@example.com"], "key"],
  ];
  for (const [words, event, expected] of rows) {
    await t.step(`${words}, of an event with ${event}`, () => {
      for (const status of [200, 422]) assert.equal(judged(status, words, event), expected);
    });
  }
});

Deno.test("PlatformX's words are shown without key and addresses, in one line of at most 200 characters", () => {
  const noise = fc.string({ unit: "binary", maxLength: 2_000 });
  const said = fc.tuple(noise, fc.constantFrom(KEY, ` ada.lovelace@example.com `, "\n\x1b[31m"), noise);
  fc.assert(fc.property(said, fc.constantFrom(200, 422, 429, 403, 404, 502, 503), (parts, status) => {
    const body = JSON.stringify({ ok: false, error_details: { message: parts.join("") } });
    const verdict = judge({ kind: "response", status, body }, ["", KEY]);
    const shown = verdict.kind === "refused" ? verdict.words : "seen" in verdict ? verdict.seen : "";
    const words = shown.replace(/^status \d+(: )?/, "");
    assert.ok(!shown.includes(KEY));
    assert.ok(!shown.includes("ada.lovelace") && !shown.includes("@example.com"));
    assert.ok([...words].length <= 200);
    assert.doesNotMatch(shown, /[\p{Cc}\p{Zl}\p{Zp}]/u);
  }));
});

Deno.test("what is removed from PlatformX's words leaves a mark, and the rest is kept", () => {
  const error = `no user ada@example.com <Grace.Hopper+dx@navy.example> for ${KEY}\n\u0007${"x".repeat(300)}`;
  const verdict = judge({ kind: "response", status: 422, body: JSON.stringify({ ok: false, error }) }, [KEY]);
  assert.equal(verdict.kind, "refused");
  const words = verdict.kind === "refused" ? verdict.words : "";
  assert.match(words, /^no user \(e-mail\) <\(e-mail\)> for \(removed\)\\u\{a\}\\u\{7\}x+…$/);
  assert.equal([...words].length, 200);
});

function judged(status: number, error: string, event: readonly string[] = []): string {
  const verdict = judge({ kind: "response", status, body: JSON.stringify({ ok: false, error }) }, [], event);
  return verdict.kind === "later" ? verdict.cause : verdict.kind;
}

function range(from: number, to: number, without: readonly number[] = []): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i).filter((n) => !without.includes(n));
}
