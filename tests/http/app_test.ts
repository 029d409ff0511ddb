import assert from "node:assert/strict";
import { constant, inFull } from "../../lib/base/redact.ts";
import { Authenticator } from "../../lib/http/auth.ts";
import type { Outcome } from "../../lib/delivery/outcome.ts";
import { UNAVAILABLE } from "../../lib/delivery/reasons.ts";
import { appWith, assertHead, basic, bodyOf, FORWARDED, jsonOf, request, webhook } from "./fakes.ts";

const notification = constant("Workspace Created");
const attempts = 0;
const [retryAfterMs, words] = [6_500, constant("email is unknown")];

/** What the relay can tell, with the HTTP status of the answer. */
const OUTCOMES: readonly (readonly [outcome: Outcome, status: number])[] = [
  [{ status: "forwarded", notification, attempts }, 200],
  [{ status: "queued", notification, attempts }, 202],
  [{ status: "dry_run", notification, attempts }, 200],
  [{ status: "duplicate", notification, attempts }, 200],
  [{ status: "ignored", reason: "secret", attempts }, 200],
  [{ status: "ignored", reason: "not_tracked", notification, attempts }, 200],
  [{ status: "ignored", reason: "no_person", notification, attempts }, 200],
  [{ status: "ignored", reason: "domain", notification, attempts }, 200],
  [{ status: "refused", notification, words, attempts }, 502],
  ...(Object.keys(UNAVAILABLE) as (keyof typeof UNAVAILABLE)[]).map((reason) =>
    [{ status: "unavailable", reason, retryAfterMs, notification, attempts }, 503] as const
  ),
  [
    { status: "error", reason: "invalid_notification", detail: constant("msg_id must be text"), attempts },
    422,
  ],
];

Deno.test("what the relay tells is the answer", async (t) => {
  for (const [outcome, status] of OUTCOMES) {
    await t.step(JSON.stringify(outcome), async () => {
      const { app } = appWith({ relay: { receive: () => Promise.resolve(outcome) } });
      const answer = await app.handle(webhook());
      const body = jsonOf(answer);
      assert.equal(answer.status, status);
      assert.equal(body["status"], outcome.status);
      assert.equal(body["reason"], "reason" in outcome ? outcome.reason : undefined);
      assert.equal(body["event"], outcome.notification);
      assert.equal(answer.headers["retry-after"], status === 503 ? "7" : undefined);
    });
  }
});

Deno.test("no answer is longer than 512 bytes, whatever is told", async (t) => {
  const long = inFull("秘".repeat(5_000));
  const outcomes: Outcome[] = [
    { status: "refused", words: long, attempts },
    { status: "error", reason: "invalid_notification", detail: long, attempts },
  ];
  for (const outcome of outcomes) {
    await t.step(outcome.status, async () => {
      const { app } = appWith({ relay: { receive: () => Promise.resolve(outcome) } });
      jsonOf(await app.handle(webhook()));
    });
  }
});

Deno.test("a path other than / is not found, whatever the method and the state, and never a redirect", async (t) => {
  for (const path of ["/hook", "/index.html", "/healthz", "//", "/%2F", "/a/../b", "/%20"]) {
    for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
      await t.step(`${method} ${path}`, async () => {
        const { app } = appWith({ draining: AbortSignal.abort(), senders: new Authenticator(["s3cret"]) });
        const answer = await app.handle(request(method, path));
        if (method === "HEAD") return assertHead(answer, 404);
        assert.deepEqual([answer.status, jsonOf(answer)["reason"]], [404, "not_found"]);
      });
    }
  }
});

Deno.test("a path that is not found is named, in the answer and in the log, unless it holds a secret or an address", async (t) => {
  const rows: [path: string, named: string][] = [
    ["//", "'//'"],
    ["/%20", "'/%20'"],
    ["/webhooks/coder?token=x", "'/webhooks/coder'"],
    ["/alice@example.com", "'(e-mail)'"],
    ["/alice%40example.com", "'(e-mail)'"],
    [`/${"x".repeat(100)}`, `'/${"x".repeat(58)}…'`],
    ["/s3nd", "(hidden)"],
    ["/%733nd/", "(hidden)"],
    ["/r3ad", "(hidden)"],
  ];
  for (const [path, named] of rows) {
    await t.step(path, async () => {
      const [senders, readers] = [new Authenticator(["s3nd"]), new Authenticator(["r3ad"])];
      const { app, log } = appWith({ senders, readers });
      for (const message of [webhook({}, path), request("GET", path)]) {
        assert.ok(String(jsonOf(await app.handle(message))["message"]).includes(`The path was ${named}.`));
      }
      assert.deepEqual(log.entries.map(({ message }) => message.includes(named)), [true, true]);
    });
  }
});

Deno.test("a webhook that a redirect turned into a GET is told so, counted, and never answered 2xx", async (t) => {
  const fromCoder = { "x-message-id": "5b3d4b0d-2190-4ce6-b7c8-08cb1e3152f5" };
  const rows: [path: string, status: number, reason: string][] = [
    ["/", 421, "redirected"],
    ["/?details", 421, "redirected"],
    ["/metrics", 421, "redirected"],
    ["/login", 404, "not_found"],
  ];
  for (const [path, status, reason] of rows) {
    for (const method of ["GET", "HEAD"]) {
      for (const headers of [fromCoder, { ...fromCoder, ...basic("s3cret"), accept: "text/html" }]) {
        await t.step(`${method} ${path} ${JSON.stringify(headers)}`, async () => {
          const secret = new Authenticator(["s3cret"]);
          const { app, log, stats, fromCoder } = appWith({ senders: secret, readers: secret });
          const answer = await app.handle(request(method, path, headers));
          if (method === "HEAD") assertHead(answer, status);
          else {
            assert.deepEqual([answer.status, jsonOf(answer)["reason"]], [status, reason]);
            if (status === 421) assert.match(String(jsonOf(answer)["message"]), /final address/);
          }
          assert.deepEqual(stats.webhooks, [{ status: "error", reason, count: 1 }]);
          assert.deepEqual(fromCoder, [true]);
          assert.deepEqual(log.of("webhook").map(({ fields }) => fields["reason"]), [reason]);
        });
      }
    }
  }
});

Deno.test("what a stranger asks for is not counted as Coder's", async () => {
  const { app, fromCoder } = appWith();
  const stranger = new Request("http://relay.example.com/", { method: "POST", body: "{}" });
  await app.handle(stranger);
  await app.handle(webhook({}, "/hook"));
  await app.handle(request("GET", "/wp-login.php"));
  assert.deepEqual(fromCoder, [false, true]);
});

Deno.test("another method is not allowed, and the answer says which are", async (t) => {
  for (const method of ["PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"]) {
    await t.step(method, async () => {
      const answer = await appWith({ draining: AbortSignal.abort() }).app.handle(request(method));
      assert.deepEqual([answer.status, jsonOf(answer)["reason"]], [405, "method_not_allowed"]);
      assert.equal(answer.headers["allow"], "GET, HEAD, POST");
    });
  }
});

Deno.test("a query makes no difference to a webhook", async () => {
  const { app } = appWith();
  assert.equal((await app.handle(webhook({}, "/?source=coder&details"))).status, 200);
});

Deno.test("while draining a webhook is refused for the moment, and so is the question for health", async (t) => {
  for (const message of [webhook(), request("GET"), request("HEAD")]) {
    await t.step(message.method, async () => {
      const answer = await appWith({ draining: AbortSignal.abort() }).app.handle(message);
      assert.equal(answer.headers["retry-after"], "1");
      if (message.method === "HEAD") return assertHead(answer, 503);
      const { status, reason } = jsonOf(answer);
      assert.deepEqual([answer.status, status, reason], [503, "unavailable", "draining"]);
    });
  }
});

Deno.test("more bytes in flight than there is room for are told so, declared or not, and leave again", async () => {
  const { app } = appWith();
  const body = JSON.stringify({ msg_id: "m", payload: { notification_name: "x" } });
  const declared = { "content-length": String(body.length) };
  assert.ok(app.admission.reserve(64 * 1024 * 1024 - body.length));
  for (const headers of [{}, declared]) {
    const [first, second] = await Promise.all([1, 2].map(() => app.handle(webhook({ body, headers }))));
    assert.deepEqual(
      [first!.status, second!.status, jsonOf(second!)["reason"]],
      [200, 503, "busy"],
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
  const { status, reason } = jsonOf(busy);
  assert.deepEqual([busy.status, status, reason], [503, "unavailable", "busy"]);
  assert.equal(busy.headers["retry-after"], "1");
  assert.equal(seen.pulls, 0, "its body was read");
  assert.equal((await app.handle(request("GET"))).status, 200);

  assert.equal(app.admission.count, 1_000);
  release.resolve(FORWARDED);
  for (const { status } of await Promise.all(pending)) assert.equal(status, 200);
  assert.equal(app.admission.count, 0);
  assert.equal((await app.handle(webhook())).status, 200);
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
      const answer = await appWith({ senders, readers }).app.handle(webhook({ headers }));
      assert.equal(answer.status, status);
      assert.equal(/^Basic realm=/.test(answer.headers["www-authenticate"] ?? ""), status === 401);
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
      const answer = await appWith().app.handle(webhook({ headers }));
      const expected = taken ? [200, undefined] : [415, "unsupported_media_type"];
      assert.deepEqual([answer.status, jsonOf(answer)["reason"]], expected);
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
          const answer = await appWith({ readers }).app.handle(request(method, path, headers));
          assert.equal(answer.status, status);
          assert.equal(answer.headers["cache-control"], "no-store");
          assert.equal(Object.hasOwn(answer.headers, "www-authenticate"), status === 401);
          if (method === "HEAD") return assertHead(answer, status);
          const body = JSON.parse(answer.body!);
          if (status === 200 && !details) assert.deepEqual(body, { status: "ok" });
          assert.equal(body.version, details ? "1.2.3" : undefined);
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
  assert.equal(app.admission.count, 0);
});
