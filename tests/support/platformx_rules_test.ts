import assert from "node:assert/strict";
import { EVENT } from "./fakes.ts";
import { rateWindow } from "./platformx_rate.ts";
import { type Call, judge, type Judgement, METADATA_LIMIT_BYTES } from "./platformx_rules.ts";

Deno.test("the rules refuse a payload that PlatformX documents as wrong, and say why", async (t) => {
  const name = "name must be a non-empty string";
  const email = "email must be a non-empty string";
  const seconds = "timestamp must be a string of Unix seconds";
  const flat = "metadata must be a flat object of strings";
  const tooLong = "metadata must be at most 1000 bytes of JSON: it is 1001";
  const rows: [what: string, body: unknown, message: string][] = [
    ["no JSON", "{", "body must be JSON"],
    ["an empty body", "", "body must be JSON"],
    ["null", "null", "body must be a JSON object"],
    ["a batch", [EVENT], "body must be a JSON object"],
    ["no name", { ...EVENT, name: undefined }, name],
    ["an empty name", { ...EVENT, name: "" }, name],
    ["a name that is no text", { ...EVENT, name: 1 }, name],
    ["no email", { ...EVENT, email: undefined }, email],
    ["an empty email", { ...EVENT, email: "" }, email],
    ["an email that is no text", { ...EVENT, email: ["ada@example.com"] }, email],
    ["no timestamp", { ...EVENT, timestamp: undefined }, seconds],
    ["a number as timestamp", { ...EVENT, timestamp: 1780000000 }, seconds],
    ["milliseconds", { ...EVENT, timestamp: "1780000000000" }, seconds],
    ["a fraction of a second", { ...EVENT, timestamp: "1780000.5" }, seconds],
    ["an ISO time", { ...EVENT, timestamp: "2026-05-28T20:26:40Z" }, seconds],
    ["metadata null", { ...EVENT, metadata: null }, flat],
    ["a list as metadata", { ...EVENT, metadata: ["a"] }, flat],
    ["nested metadata", { ...EVENT, metadata: { a: { b: "c" } } }, flat],
    ["a number in metadata", { ...EVENT, metadata: { a: 1 } }, flat],
    ["metadata a byte too long", { ...EVENT, metadata: metadataOf(METADATA_LIMIT_BYTES + 1) }, tooLong],
    ["too many bytes", { ...EVENT, metadata: metadataOf(METADATA_LIMIT_BYTES + 1, "ü") }, tooLong],
    ["test_data as text", { ...EVENT, test_data: "true" }, "test_data must be a boolean"],
    ["test_data null", { ...EVENT, test_data: null }, "test_data must be a boolean"],
  ];
  for (const [what, body, message] of rows) {
    await t.step(what, () => assert.deepEqual(judge(call({ body }), "key"), invalid(message)));
  }
});

Deno.test("the rules refuse a body that is not declared as JSON", async (t) => {
  for (const type of ["", "text/plain", "application/x-www-form-urlencoded", "application/json5"]) {
    await t.step(`content type '${type}'`, () => {
      const undeclared = call({ headers: { "content-type": type } });
      assert.deepEqual(judge(undeclared, "key"), invalid("Content-Type must be application/json"));
    });
  }
});

Deno.test("the rules take a valid event as it was received", async (t) => {
  const rows: [what: string, call: Call, event: unknown][] = [
    ["an ordinary event", call(), EVENT],
    [
      "parameters of the content type",
      call({ headers: { "content-type": "Application/JSON; charset=utf-8" } }),
      EVENT,
    ],
    ["no metadata", call({ body: { ...EVENT, metadata: undefined } }), { ...EVENT, metadata: {} }],
    ["test data", call({ body: { ...EVENT, test_data: true } }), { ...EVENT, test_data: true }],
    ["no test data", call({ body: { ...EVENT, test_data: false } }), { ...EVENT, test_data: false }],
    ["an unknown field", call({ body: { ...EVENT, secret: "s" } }), { ...EVENT, secret: "s" }],
    ...["x", "ü", "😀"].map((character): [string, Call, unknown] => {
      const event = { ...EVENT, metadata: metadataOf(METADATA_LIMIT_BYTES, character) };
      return [`metadata of exactly the limit in ${character}`, call({ body: event }), event];
    }),
  ];
  for (const [what, valid, event] of rows) {
    await t.step(what, () => {
      const judgement = judge(valid, "key");
      assert.equal(judgement.body, '{"ok":true}');
      assert.equal(judgement.status, 200);
      assert.deepEqual(judgement.event, event);
    });
  }
});

Deno.test("the rules know one method, one path and one key", async (t) => {
  const denied = '{"ok":false,"error":"not_authed"}';
  const rows: [what: string, call: Call, status: number, type: string, body: string][] = [
    ["GET", call({ method: "GET" }), 404, "text/plain; charset=utf-8", "Not Found"],
    ["another path", call({ path: "/events" }), 404, "text/plain; charset=utf-8", "Not Found"],
    ["a slash too many", call({ path: "/events.track/" }), 404, "text/plain; charset=utf-8", "Not Found"],
    ["no key", call({ headers: { authorization: "" } }), 401, "application/json", denied],
    ["another key", call({ headers: { authorization: "Bearer keys" } }), 401, "application/json", denied],
    [
      "the key without its scheme",
      call({ headers: { authorization: "key" } }),
      401,
      "application/json",
      denied,
    ],
    [
      "a wrong key and a wrong body",
      call({ headers: { authorization: "Bearer no" }, body: "{" }),
      401,
      "application/json",
      denied,
    ],
  ];
  for (const [what, wrong, status, type, body] of rows) {
    await t.step(what, () => {
      assert.deepEqual(judge(wrong, "key"), { status, headers: { "content-type": type }, body });
    });
  }
});

Deno.test("the rate limit is a window that slides", async (t) => {
  const rows: [limit: number, calls: [atSeconds: number, secondsToWait: number][]][] = [
    [2, [[0, 0], [10, 0], [20, 40], [59.5, 1], [60, 0], [60, 10], [70, 0], [71, 49]]],
    [1, [[0, 0], [0, 60], [59.999, 1], [60, 0]]],
    [0, [[0, 60], [1000, 60]]],
    [Infinity, [[0, 0], [0, 0], [0, 0]]],
  ];
  for (const [limit, calls] of rows) {
    await t.step(`${limit} a minute`, () => {
      const secondsToWait = rateWindow(limit);
      assert.deepEqual(calls.map(([at]) => [at, secondsToWait(at * 1000)]), calls);
    });
  }
});

/** A valid call; `change` replaces parts of it, a header given as "" is left out. */
function call(
  change: { body?: unknown; headers?: Record<string, string>; method?: string; path?: string } = {},
): Call {
  const headers = new Headers({ "content-type": "application/json", authorization: "Bearer key" });
  for (const [name, value] of Object.entries(change.headers ?? {})) {
    value === "" ? headers.delete(name) : headers.set(name, value);
  }
  const body = change.body ?? EVENT;
  return {
    method: change.method ?? "POST",
    path: change.path ?? "/events.track",
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
}

/** Metadata whose compact JSON has exactly so many bytes. */
function metadataOf(bytes: number, character = "x"): Record<string, string> {
  const room = bytes - JSON.stringify({ note: "" }).length;
  const size = new TextEncoder().encode(character).length;
  return { note: character.repeat(Math.floor(room / size)) + "x".repeat(room % size) };
}

function invalid(message: string): Judgement {
  return {
    status: 422,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ok: false, error: "invalid_payload", error_details: { message } }),
  };
}
