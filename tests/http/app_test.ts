import assert from "node:assert/strict";
import { Authenticator } from "../../lib/http/auth.ts";
import type { Outcome } from "../../lib/delivery/outcome.ts";
import { aborted, appWith, basic, bodyOf, FORWARDED, HEALTHY, request, webhook } from "./fakes.ts";

const EVENT = "Workspace Created";

/** What the relay can report, with the HTTP status and the headers of the answer. */
const OUTCOMES: readonly (readonly [outcome: Outcome, status: number, headers?: Record<string, string>])[] = [
  [{ status: "forwarded", event: EVENT }, 200],
  [{ status: "queued", event: EVENT }, 202],
  [{ status: "dry_run", event: EVENT }, 200],
  [{ status: "duplicate", event: EVENT }, 200],
  [{ status: "ignored", reason: "secret" }, 200],
  [{ status: "ignored", reason: "not_tracked", event: EVENT }, 200],
  [{ status: "ignored", reason: "no_person", event: EVENT }, 200],
  [{ status: "ignored", reason: "domain", event: EVENT }, 200],
  [{ status: "refused", event: EVENT, message: "email is unknown" }, 502],
  ...(["platformx", "rate_limit", "key", "url", "outbox", "busy", "draining"] as const).map((reason) =>
    [{ status: "unavailable", reason, retryAfterMs: 6_500, event: EVENT }, 503, {
      "retry-after": "7",
    }] as const
  ),
  [{ status: "error", reason: "invalid_notification", message: "msg_id must be text" }, 422],
];

async function check(response: Response, status: number): Promise<Record<string, unknown>> {
  assert.equal(response.status, status);
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal(response.headers.get("location"), null);
  const bytes = await response.bytes();
  assert.ok(bytes.length <= 512, `${bytes.length} bytes`);
  return JSON.parse(new TextDecoder().decode(bytes));
}

Deno.test("what the relay reports is the answer", async (t) => {
  for (const [outcome, status, headers = {}] of OUTCOMES) {
    await t.step(JSON.stringify(outcome), async () => {
      const { app } = appWith({ relay: { receive: () => Promise.resolve({ outcome, attempts: 0 }) } });
      const response = await app.handle(webhook());
      const body = await check(response, status);
      assert.equal(body["status"], outcome.status);
      assert.equal(body["reason"], "reason" in outcome ? outcome.reason : undefined);
      assert.equal(body["event"], "event" in outcome ? EVENT : undefined);
      assert.equal(response.headers.get("retry-after"), headers["retry-after"] ?? null);
    });
  }
});

Deno.test("no answer is longer than 512 bytes, whatever is told", async (t) => {
  const long = "秘".repeat(5_000);
  const outcomes: Outcome[] = [
    { status: "forwarded", event: long },
    { status: "refused", event: long, message: long },
    { status: "unavailable", reason: "url", retryAfterMs: 3_600_000, event: long },
    { status: "error", reason: "invalid_notification", message: long },
  ];
  for (const outcome of outcomes) {
    await t.step(outcome.status, async () => {
      const { app } = appWith({ relay: { receive: () => Promise.resolve({ outcome, attempts: 0 }) } });
      const response = await app.handle(webhook());
      await check(response, response.status);
    });
  }
});

/** HEAD has everything of GET but the body: over HTTP/2, Deno breaks the stream of one that has it. */
async function checkHead(response: Response, status: number): Promise<void> {
  assert.equal(response.status, status);
  assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
  assert.equal(response.body, null);
  assert.equal(await response.text(), "");
}

Deno.test("a path other than / is not found, whatever the method and the state, and never a redirect", async (t) => {
  for (const path of ["/hook", "/index.html", "/healthz", "//", "/%2F", "/a/../b", "/%20"]) {
    for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
      await t.step(`${method} ${path}`, async () => {
        const { app } = appWith({ draining: aborted(), senders: new Authenticator(["s3cret"]) });
        const response = await app.handle(request(method, path));
        if (method === "HEAD") return await checkHead(response, 404);
        assert.equal((await check(response, 404))["reason"], "not_found");
      });
    }
  }
});

Deno.test("another method is not allowed, and the answer says which are", async (t) => {
  for (const method of ["PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"]) {
    await t.step(method, async () => {
      const response = await appWith({ draining: aborted() }).app.handle(request(method));
      assert.equal((await check(response, 405))["reason"], "method_not_allowed");
      assert.equal(response.headers.get("allow"), "GET, HEAD, POST");
    });
  }
});

Deno.test("a query makes no difference to a webhook", async () => {
  const { app } = appWith();
  await check(await app.handle(webhook({}, "/?source=coder&details")), 200);
});

Deno.test("while draining a webhook is refused for the moment, and so is the question for health", async (t) => {
  for (
    const [name, message] of [["POST", webhook()], ["GET", request("GET")], [
      "HEAD",
      request("HEAD"),
    ]] as const
  ) {
    await t.step(name, async () => {
      const response = await appWith({ draining: aborted() }).app.handle(message);
      assert.equal(response.headers.get("retry-after"), "1");
      if (name === "HEAD") return await checkHead(response, 503);
      const body = await check(response, 503);
      assert.deepEqual([body["status"], body["reason"]], ["unavailable", "draining"]);
    });
  }
});

Deno.test("more bytes in flight than there is room for are told so, declared or not, and leave again", async () => {
  const { app } = appWith();
  const body = JSON.stringify({ msg_id: "m", payload: { notification_name: "x" } });
  const declared = { "content-length": String(body.length) };
  assert.ok(app.inFlight.reserve(64 * 1024 * 1024 - body.length));
  for (const headers of [{}, declared]) {
    const [first, second] = await Promise.all([1, 2].map(() => app.handle(webhook({ body, headers }))));
    assert.deepEqual(
      [first!.status, (await check(second!, 503))["reason"]],
      [200, "busy"],
      JSON.stringify(headers),
    );
  }
});

Deno.test("over a thousand webhooks in flight the next one is told so unread; health is not affected", async () => {
  const release = Promise.withResolvers<typeof FORWARDED>();
  const { app } = appWith({ relay: { receive: () => release.promise } });
  const pending = Array.from({ length: 1_000 }, () => app.handle(webhook()));
  const { stream, seen } = bodyOf("{}", "ends");

  const busy = await app.handle(webhook({ body: stream }));
  const body = await check(busy, 503);
  assert.deepEqual([body["status"], body["reason"]], ["unavailable", "busy"]);
  assert.equal(busy.headers.get("retry-after"), "1");
  assert.equal(seen.pulls, 0, "its body was read");
  assert.equal((await app.handle(request("GET"))).status, 200);

  assert.equal(app.inFlight.count, 1_000);
  release.resolve(FORWARDED);
  for (const response of await Promise.all(pending)) assert.equal(response.status, 200);
  assert.equal(app.inFlight.count, 0);
  await check(await app.handle(webhook()), 200);
});

Deno.test("a webhook without the secret is unauthorized, and the answer says how to authenticate", async (t) => {
  const senders = new Authenticator(["current", "previous"]);
  const readers = new Authenticator(["current", "previous", "read"]);
  const rows: [headers: Record<string, string>, status: number][] = [
    [{}, 401],
    [basic("wrong"), 401],
    [basic("read"), 401],
    [basic("current"), 200],
    [basic("previous"), 200],
    [{ authorization: "Bearer current" }, 200],
  ];
  for (const [headers, status] of rows) {
    await t.step(`${JSON.stringify(headers)} → ${status}`, async () => {
      const response = await appWith({ senders, readers }).app.handle(webhook({ headers }));
      await check(response, status);
      assert.equal(/^Basic realm=/.test(response.headers.get("www-authenticate") ?? ""), status === 401);
    });
  }
});

Deno.test("a body is taken as JSON exactly when its head says so", async (t) => {
  const rows: [headers: Record<string, string>, taken: boolean][] = [
    [{ "content-type": "application/json" }, true],
    [{ "content-type": "application/json; charset=utf-8" }, true],
    [{ "content-type": "application/json ;charset=utf-8" }, true],
    [{ "content-type": "Application/JSON" }, true],
    [{ "content-type": "application/vnd.coder.v1+json" }, true],
    [{ "content-type": "application/cloudevents+JSON; a=b" }, true],
    [{ "content-type": "" }, false],
    [{ "content-type": "text/plain" }, false],
    [{ "content-type": "text/json" }, false],
    [{ "content-type": "application/jsonp" }, false],
    [{ "content-type": "application/json-seq" }, false],
    [{ "content-type": "application/x-json" }, false],
    [{ "content-type": "x/application/json" }, false],
    [{ "content-type": "application/json, text/plain" }, false],
    [{ "content-type": "text/plain; a=application/json" }, false],
    [{ "content-type": "application/x-www-form-urlencoded" }, false],
    [{ "content-type": "+json" }, false],
    [{ "content-encoding": "gzip" }, false],
    [{ "content-encoding": "identity" }, false],
  ];
  for (const [headers, taken] of rows) {
    await t.step(JSON.stringify(headers), async () => {
      const body = await check(await appWith().app.handle(webhook({ headers })), taken ? 200 : 415);
      assert.equal(body["reason"], taken ? undefined : "unsupported_media_type");
    });
  }
});

Deno.test("health is told to everybody, its details to who has a secret or where there is none", async (t) => {
  const open = new Authenticator([]);
  const closed = new Authenticator(["s3cret", "read"]);
  const rows: [
    path: string,
    readers: Authenticator,
    headers: Record<string, string>,
    status: number,
    details: boolean,
  ][] = [
    ["/", open, {}, 200, true],
    ["/?details", open, {}, 200, true],
    ["/", closed, {}, 200, false],
    ["/", closed, basic("wrong"), 200, false],
    ["/", closed, basic("read"), 200, true],
    ["/", closed, basic("s3cret"), 200, true],
    ["/", closed, { authorization: "Bearer read" }, 200, true],
    ["/?details", closed, {}, 401, false],
    ["/?details", closed, basic("wrong"), 401, false],
    ["/?details=1&x", closed, {}, 401, false],
    ["/?details", closed, basic("read"), 200, true],
    ["/?detail", closed, {}, 200, false],
  ];
  for (const [path, readers, headers, status, details] of rows) {
    for (const method of ["GET", "HEAD"]) {
      await t.step(
        `${method} ${path} ${JSON.stringify(headers)}${readers.isOpen ? " open" : ""}`,
        async () => {
          const response = await appWith({ readers }).app.handle(request(method, path, headers));
          assert.equal(response.status, status);
          assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
          assert.equal(response.headers.get("cache-control"), "no-store");
          assert.equal(response.headers.has("www-authenticate"), status === 401);
          if (method === "HEAD") return await checkHead(response, status);
          const body = await response.json();
          if (status === 200 && !details) assert.deepEqual(body, { status: "ok" });
          assert.equal(body.version, details ? HEALTHY.version : undefined);
        },
      );
    }
  }
});

Deno.test("a question for health calls nobody and counts as nothing", async () => {
  const receive = () => assert.fail("the relay was called");
  const { app, stats, log } = appWith({ relay: { receive } });
  await app.handle(request("GET"));
  assert.ok(Object.values(stats.counts).every((count) => count === 0));
  assert.deepEqual(log.entries, []);
  assert.equal(app.inFlight.count, 0);
});
