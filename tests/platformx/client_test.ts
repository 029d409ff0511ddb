import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import type { Misbehaviour } from "../support/platformx.ts";
import { STAND_IN_KEY, startPlatformX } from "../support/platformx.ts";
import type { PlatformXEvent } from "../../lib/platformx/event.ts";
import type { Verdict } from "../../lib/platformx/verdict.ts";
import { type Attempt, attemptAt } from "../../lib/platformx/client.ts";
import { denoClient } from "../../lib/runtime/deno_client.ts";
import { EVENT, FakeClock } from "../support/fakes.ts";

/** Aborted at the end of each test: that ends the timers of its attempts. */
let cut = new AbortController();
const clock = new FakeClock();
const send = denoClient(() => undefined);

/** One attempt at a time at this address, with Deno's real client. */
function attemptTo(url: string, key: { readonly current: string } = { current: STAND_IN_KEY }): Attempt {
  return attemptAt({ url, key, userAgent: "coder-platformx/0.0.0-test", clock, send, cut: cut.signal });
}

/** A test that also fails when it leaves a request, a timer or a socket behind. */
function tidyTest(name: string, fn: (t: Deno.TestContext) => Promise<void>): void {
  const tidied = async (t: Deno.TestContext) => {
    await fn(t);
    cut.abort();
    cut = new AbortController();
  };
  Deno.test({ name, fn: tidied, sanitizeOps: true, sanitizeResources: true });
}

/** A server with this handler; `url` is where events go. */
function serverWith(handler: (request: Request) => Response | Promise<Response>) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  const url = `http://127.0.0.1:${server.addr.port}/events.track`;
  return { url, [Symbol.asyncDispose]: () => server.shutdown() };
}

tidyTest("PlatformX takes the event as it is sent", async () => {
  await using platformX = await startPlatformX();
  const events: PlatformXEvent[] = [
    EVENT,
    { ...EVENT, name: "Größe \u{1f980}\n", metadata: {}, test_data: true },
  ];
  for (const event of events) {
    assert.deepEqual(await attemptTo(platformX.url)(event), { kind: "delivered" });
  }
  assert.deepEqual(platformX.events, events);
});

tidyTest("the call is what DX documents, and names its sender", async () => {
  const calls: { method: string; url: string; body: string; headers: Headers }[] = [];
  await using server = serverWith(async (request) => {
    const { method, url, headers } = request;
    calls.push({ method, url, headers, body: await request.text() });
    return Response.json({ ok: true });
  });
  const key = { current: "first-key" };
  const attempt = attemptTo(server.url, key);
  await attempt(EVENT);
  key.current = "second-key";
  await attempt(EVENT);

  for (const [index, { method, url, headers, body }] of calls.entries()) {
    assert.equal(method, "POST");
    assert.equal(url, server.url);
    assert.equal(body, JSON.stringify(EVENT));
    assert.equal(headers.get("authorization"), `Bearer ${["first-key", "second-key"][index]}`);
    assert.equal(headers.get("content-type"), "application/json");
    assert.equal(headers.get("accept"), "application/json");
    assert.equal(headers.get("user-agent"), "coder-platformx/0.0.0-test");
    // A body whose length is told can be sent again, and is, when a connection dies.
    assert.equal(headers.get("transfer-encoding"), "chunked");
  }
  assert.equal(calls.length, 2);
});

tidyTest("an answer is judged by status, body and Retry-After", async (t) => {
  const inOneMinute = new Date(clock.now() + 60_000).toUTCString();
  const answer = (status: number, body?: string, headers: Record<string, string> = {}): Misbehaviour => ({
    kind: "answer",
    status,
    headers,
    ...(body === undefined ? {} : { body }),
  });
  const rows: [what: Misbehaviour, verdict: Verdict][] = [
    [answer(200, '{"ok":true}'), { kind: "delivered" }],
    [answer(201, '{"ok":true,"more":1}', { "content-type": "text/plain" }), { kind: "delivered" }],
    [answer(200, '{"ok":false,"error":"no"}'), { kind: "refused", words: constant("no") }],
    [answer(422, '{"ok":false,"error_details":{"message":"name"}}'), {
      kind: "refused",
      words: constant("name"),
    }],
    [answer(204), { kind: "later", cause: "url", seen: constant("status 204") }],
    [answer(200, "<p>ok</p>"), { kind: "later", cause: "url", seen: constant("status 200") }],
    [answer(401, '{"ok":false,"error":"not_authed"}'), {
      kind: "later",
      cause: "key",
      seen: constant("status 401: not_authed"),
    }],
    [answer(404, "Not Found"), { kind: "later", cause: "url", seen: constant("status 404") }],
    [answer(500, ""), { kind: "later", cause: "platformx", seen: constant("status 500") }],
    [answer(502, ""), { kind: "unknown", seen: constant("status 502") }],
    [answer(429, "", { "retry-after": "7" }), {
      kind: "later",
      cause: "rate_limit",
      seen: constant("status 429"),
      retryAfterMs: 7_000,
    }],
    [answer(503, "", { "retry-after": inOneMinute }), {
      kind: "later",
      cause: "platformx",
      seen: constant("status 503"),
      retryAfterMs: 60_000,
    }],
    [answer(504, "", { "retry-after": "86400" }), {
      kind: "unknown",
      seen: constant("status 504"),
      retryAfterMs: 3_600_000,
    }],
    [answer(503, "", { "retry-after": "soon" }), {
      kind: "later",
      cause: "platformx",
      seen: constant("status 503"),
    }],
  ];
  await using platformX = await startPlatformX();
  for (const [what, verdict] of rows) {
    await t.step(JSON.stringify(what), async () => {
      platformX.misbehave(what);
      assert.deepEqual(await attemptTo(platformX.url)(EVENT), verdict);
    });
  }
  assert.deepEqual(platformX.events, []);
});

tidyTest("a redirect is not followed", async (t) => {
  await using platformX = await startPlatformX();
  for (const status of [301, 302, 303, 307, 308]) {
    await t.step(String(status), async () => {
      const before = platformX.requests;
      platformX.misbehave({ kind: "answer", status, headers: { location: platformX.url } });
      const verdict = await attemptTo(platformX.url)(EVENT);
      assert.deepEqual(verdict, { kind: "later", cause: "url", seen: `status ${status}` });
      assert.equal(platformX.requests, before + 1);
    });
  }
  assert.deepEqual(platformX.events, []);
});

/** What PlatformX does not answer: somebody else did. */
const NOT_PLATFORMX: Verdict = { kind: "later", cause: "url", seen: constant("status 200") };

/** `{"ok":true,…}` of this many bytes. */
function okOf(bytes: number): string {
  const frame = JSON.stringify({ ok: true, pad: "" });
  return JSON.stringify({ ok: true, pad: "x".repeat(bytes - frame.length) });
}

tidyTest("an answer is read up to 64 KiB; of a longer one only the status counts", async (t) => {
  const compressed = (text: string) =>
    new Response(new Response(text).body!.pipeThrough(new CompressionStream("gzip")), {
      headers: { "content-encoding": "gzip" },
    });
  const rows: [what: string, answer: () => Response, verdict: Verdict][] = [
    ["exactly 64 KiB", () => new Response(okOf(65_536)), { kind: "delivered" }],
    ["one byte more", () => new Response(okOf(65_537)), NOT_PLATFORMX],
    ["compressed, and within the limit", () => compressed(okOf(65_536)), { kind: "delivered" }],
    ["compressed, small only on the wire", () => compressed(okOf(1_000_000)), NOT_PLATFORMX],
    ["an error page", () => new Response("x".repeat(100_000), { status: 400 }), {
      kind: "later",
      cause: "url",
      seen: constant("status 400"),
    }],
  ];
  for (const [what, answer, verdict] of rows) {
    await t.step(what, async () => {
      await using server = serverWith(answer);
      assert.deepEqual(await attemptTo(server.url)(EVENT), verdict);
    });
  }
});

Deno.test("an answer without end is given up at the limit", async () => {
  const cancelled = Promise.withResolvers<void>();
  await using server = serverWith(() =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(16_384)),
        cancel: () => cancelled.resolve(),
      }),
    )
  );
  assert.deepEqual(await attemptTo(server.url)(EVENT), NOT_PLATFORMX);
  await cancelled.promise;
});

tidyTest("an answer that is not UTF-8 is judged all the same", async (t) => {
  const bytes = (...parts: (string | number)[]) =>
    new Uint8Array(
      parts.flatMap((part) => typeof part === "number" ? [part] : [...new TextEncoder().encode(part)]),
    );
  const rows: [what: string, body: Uint8Array<ArrayBuffer>, status: number, verdict: Verdict][] = [
    ["noise", bytes(0xff, 0xfe, 0x00), 200, NOT_PLATFORMX],
    ["noise in an error", bytes(0x80), 422, { kind: "later", cause: "url", seen: constant("status 422") }],
    ["a byte order mark", bytes(0xef, 0xbb, 0xbf, '{"ok":true}'), 200, { kind: "delivered" }],
    ["Latin-1 in its words", bytes('{"ok":false,"error":"n', 0xe4, 'me"}'), 422, {
      kind: "refused",
      words: constant("n\ufffdme"),
    }],
  ];
  for (const [what, body, status, verdict] of rows) {
    await t.step(what, async () => {
      await using server = serverWith(() => new Response(body, { status }));
      assert.deepEqual(await attemptTo(server.url)(EVENT), verdict);
    });
  }
});

tidyTest("neither the key nor an address gets into a verdict, whatever the answer quotes", async (t) => {
  const key = "k3y.with+signs/=";
  for (const status of [200, 400, 401, 404, 422, 429, 500, 502]) {
    await t.step(String(status), async () => {
      await using server = serverWith(async (request) => {
        const error = `${request.headers.get("authorization")} ${await request.text()}`;
        return Response.json({ ok: false, error }, { status });
      });
      const verdict = JSON.stringify(await attemptTo(server.url, { current: key })(EVENT));
      assert.match(verdict, /Bearer/, "the words are missing");
      assert.doesNotMatch(verdict, /k3y|alice@/);
    });
  }
});
