import assert from "node:assert/strict";
import { App } from "../../lib/http/app.ts";
import { Authenticator } from "../../lib/http/auth.ts";
import { metricsText } from "../../lib/status/metrics.ts";
import { Stats } from "../../lib/status/stats.ts";
import { FakeClock, RecordingLog } from "../support/fakes.ts";
import { stateWith } from "../status/metrics_fakes.ts";

/** An app that knows these secrets, whose senders' secret is "send". */
function appWith(readers: readonly string[], draining = new AbortController().signal) {
  const stats = new Stats([], false);
  const app = new App({
    relay: { receive: () => assert.fail("this is no webhook") },
    senders: new Authenticator(["send"]),
    readers: new Authenticator(readers),
    health: () => assert.fail("nobody asked for health"),
    metrics: () => Promise.resolve(stateWith({ inFlight: 7 })),
    stats,
    clock: new FakeClock(),
    log: new RecordingLog(),
    draining,
    cut: new AbortController().signal,
  });
  const ask = (method: string, headers: Record<string, string> = {}, path = "/metrics") =>
    app.handle(new Request(`http://localhost${path}`, { method, headers }));
  return { ask, stats };
}

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
const basic = (secret: string) => ({ authorization: `Basic ${btoa(`prometheus:${secret}`)}` });

Deno.test("GET /metrics answers Prometheus text that nobody keeps", async () => {
  const response = await appWith([]).ask("GET");
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.equal(response.headers.get("x-content-type-options"), "nosniff");
  assert.equal(await response.text(), metricsText(stateWith({ inFlight: 7 })));
});

/** Secrets that may read, what a request shows, and the status of the answer. */
const ACCESS: readonly (readonly [readers: readonly string[], headers: Record<string, string>, number])[] = [
  [[], {}, 200],
  [[], bearer("whatever"), 200],
  [["send"], {}, 401],
  [["send"], bearer("wrong"), 401],
  [["send"], bearer("send"), 200],
  [["send"], basic("send"), 200],
  [["send", "read"], bearer("read"), 200],
  [["send", "read"], basic("read"), 200],
  [["read"], {}, 401],
  [["read"], bearer("read"), 200],
  // The senders' secret does not count by itself: the readers' list decides.
  [["read"], bearer("send"), 401],
];

for (const [readers, headers, status] of ACCESS) {
  const shown = headers["authorization"] ?? "nothing";
  Deno.test(`GET /metrics with readers [${readers}] answers ${status} to ${shown}`, async () => {
    for (const method of ["GET", "HEAD"]) {
      const response = await appWith(readers).ask(method, headers);
      assert.equal(response.status, status, method);
      const asks = response.headers.get("www-authenticate")?.startsWith("Basic ") ?? false;
      assert.equal(asks, status === 401, "asks for a password");
    }
  });
}

Deno.test("a refused reader is told in JSON which secrets there are, and sees no metric", async () => {
  const text = await (await appWith(["read"]).ask("GET")).text();
  assert.equal(JSON.parse(text).reason, "unauthorized");
  assert.match(text, /READ_SECRET/);
  assert.ok(!text.includes("coder_platformx_"), text);
});

for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
  // Without a secret: the method is looked at before the secret is.
  Deno.test(`${method} /metrics is answered 405 with the methods that there are`, async () => {
    const response = await appWith(["read"]).ask(method);
    assert.equal(response.status, 405);
    assert.equal(response.headers.get("allow"), "GET, HEAD");
    const { status, reason, message } = await response.json();
    assert.deepEqual([status, reason], ["error", "method_not_allowed"]);
    assert.match(message, /webhooks are taken at \/ only/);
  });
}

Deno.test("a webhook that goes to /metrics is counted as an error, a scrape is not counted", async () => {
  const { ask, stats } = appWith([]);
  await ask("GET");
  assert.deepEqual(stats.webhooks, []);
  await ask("POST");
  assert.deepEqual(stats.webhooks, [{ status: "error", reason: "method_not_allowed", count: 1 }]);
});

Deno.test("/metrics answers while the service shuts down, to readers only", async () => {
  const { ask } = appWith(["read"], AbortSignal.abort());
  assert.equal((await ask("GET", bearer("read"))).status, 200);
  assert.equal((await ask("GET")).status, 401);
  assert.equal((await ask("POST")).status, 405);
});

for (const path of ["/metrics/", "/Metrics", "/metrics/x", "//metrics"]) {
  Deno.test(`${path} is not found`, async () => {
    const { ask } = appWith([]);
    assert.equal((await ask("GET", {}, path)).status, 404);
    assert.equal((await ask("POST", {}, path)).status, 404);
  });
}

Deno.test("a query changes nothing about /metrics", async () => {
  assert.equal((await appWith(["read"]).ask("GET", {}, "/metrics?details")).status, 401);
  assert.equal((await appWith(["read"]).ask("GET", bearer("read"), "/metrics?x=y")).status, 200);
});
