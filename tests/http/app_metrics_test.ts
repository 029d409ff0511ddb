import assert from "node:assert/strict";
import { Authenticator } from "../../lib/http/auth.ts";
import { formatFor } from "../../lib/http/negotiate.ts";
import type { Format } from "../../lib/status/exposition.ts";
import { metricsText } from "../../lib/status/metrics.ts";
import { statusWith, USAGE } from "../status/states.ts";
import { basic, bearer, BROWSER, readingApp } from "./reading.ts";

const appWith = (readers: readonly string[]) =>
  readingApp({ readers: new Authenticator(readers), state: { inFlight: 7 } });

const TYPES: Readonly<Record<Format, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** What scrapers send, and the format they get. */
const ACCEPT: readonly (readonly [who: string, accept: string | undefined, Format])[] = [
  ["curl", "*/*", "prometheus"],
  ["nobody in particular", undefined, "prometheus"],
  ["a browser", BROWSER, "prometheus"],
  [
    "Prometheus 2.42",
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "openmetrics",
  ],
  [
    "Prometheus 3",
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    "openmetrics",
  ],
  ["an old Prometheus", "text/plain;version=0.0.4;q=1,*/*;q=0.1", "prometheus"],
  ["who wants the text more", "application/openmetrics-text;q=0.5,text/plain;q=0.9", "prometheus"],
  ["who wants only an older OpenMetrics", "application/openmetrics-text;version=0.0.1", "prometheus"],
  ["who wants no OpenMetrics", "application/openmetrics-text;q=0", "prometheus"],
];

for (const [who, accept, format] of ACCEPT) {
  Deno.test(`GET /metrics answers ${who} in ${format} that nobody keeps`, async () => {
    assert.equal(formatFor(accept ?? null), format);
    const { ask, clock, stats } = appWith([]);
    const response = await ask("/metrics", accept === undefined ? {} : { accept });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), TYPES[format]);
    assert.equal(response.headers.get("vary"), "Accept");
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    const status = statusWith({ inFlight: 7, now: clock.now(), stats });
    assert.equal(await response.text(), metricsText(status, USAGE, format));
  });
}

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
      const response = await appWith(readers).ask("/metrics", headers, { method });
      assert.equal(response.status, status, method);
      const asks = response.headers.get("www-authenticate")?.startsWith("Basic ") ?? false;
      assert.equal(asks, status === 401, "asks for a password");
    }
  });
}

Deno.test("a refused reader is told in JSON, a browser on a page, which secrets there are, and sees no metric", async () => {
  const text = await (await appWith(["read"]).ask("/metrics")).text();
  assert.equal(JSON.parse(text).reason, "unauthorized");
  const page = await appWith(["read"]).ask("/metrics", { accept: BROWSER });
  assert.equal(page.status, 401);
  for (const told of [text, await page.text()]) {
    assert.match(told, /READ_SECRET/);
    assert.ok(!told.includes("coder_platformx_"), told);
  }
});

for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
  // Without a secret: the method is looked at before the secret is.
  Deno.test(`${method} /metrics is answered 405 with the methods that there are`, async () => {
    const response = await appWith(["read"]).ask("/metrics", {}, { method });
    assert.equal(response.status, 405);
    assert.equal(response.headers.get("allow"), "GET, HEAD");
    const { status, reason, message } = await response.json();
    assert.deepEqual([status, reason], ["error", "method_not_allowed"]);
    assert.match(message, /webhooks, which are taken at \/ only/);
  });
}

Deno.test("a webhook that goes to /metrics is counted as an error, a scrape is not counted", async () => {
  const { ask, stats } = appWith([]);
  await ask("/metrics");
  assert.deepEqual(stats.webhooks, []);
  await ask("/metrics", {}, { method: "POST" });
  assert.deepEqual(stats.webhooks, [{ status: "error", reason: "method_not_allowed", count: 1 }]);
});

Deno.test("/metrics answers while the service shuts down, to readers only", async () => {
  const { ask } = readingApp({ draining: AbortSignal.abort() });
  assert.equal((await ask("/metrics", bearer("read"))).status, 200);
  assert.equal((await ask("/metrics")).status, 401);
  assert.equal((await ask("/metrics", {}, { method: "POST" })).status, 405);
});

for (const path of ["/metrics/", "/Metrics", "/metrics/x", "//metrics"]) {
  Deno.test(`${path} is not found`, async () => {
    const { ask } = appWith([]);
    assert.equal((await ask(path)).status, 404);
    assert.equal((await ask(path, {}, { method: "POST" })).status, 404);
  });
}

Deno.test("a query changes nothing about /metrics", async () => {
  assert.equal((await appWith(["read"]).ask("/metrics?details")).status, 401);
  assert.equal((await appWith(["read"]).ask("/metrics?x=y", bearer("read"))).status, 200);
});
