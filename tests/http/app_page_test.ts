import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { App, type AppOptions } from "../../lib/http/app.ts";
import { Authenticator } from "../../lib/http/auth.ts";
import { prefersHtml } from "../../lib/http/negotiate.ts";
import { Stats } from "../../lib/status/stats.ts";
import { FakeClock, RecordingLog } from "../support/fakes.ts";
import { stateWith } from "../status/page/states.ts";

/** What Chromium sends when an address is opened. */
const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

const READERS = new Authenticator(["send", "read"]);
const basic = (secret: string) => ({ authorization: `Basic ${btoa(`any:${secret}`)}` });

/** Asks an app of which nobody may read without a secret. */
async function ask(
  path = "/",
  headers: Record<string, string> = {},
  options: Partial<AppOptions> = {},
  method = "GET",
): Promise<Response> {
  const never = new AbortController().signal;
  const app = new App({
    relay: { receive: () => assert.fail("this is no webhook") },
    senders: new Authenticator(["send"]),
    readers: READERS,
    health: () => Promise.resolve(stateWith().health),
    metrics: () => assert.fail("nobody asked for metrics"),
    stats: new Stats(["Workspace Created"], false),
    clock: new FakeClock(),
    log: new RecordingLog(),
    draining: never,
    cut: never,
    ...options,
  });
  return await app.handle(new Request(`http://relay.example.com${path}`, { method, headers }));
}

const ACCEPT: readonly (readonly [accept: string | null, page: boolean])[] = [
  [null, false],
  ["", false],
  ["*/*", false],
  ["text/*", false],
  ["application/json", false],
  [BROWSER, true],
  ["text/html", true],
  ["TEXT/HTML;level=1;q=0.4", true],
  ["text/html; q=0", false],
  ["text/html;q=0.000, */*", false],
  ["text/html;q=nonsense", false],
  ["text/html;q=2", false],
  ["application/json, text/html", true],
  ["application/json;q=0.9, text/html;q=0.8", false],
  ["application/json;q=0.8, text/html;q=0.9", true],
  ["text/html;q=0.5, */*", false],
  ["text/html;q=0.5, application/*;q=0.6, */*;q=0.1", false],
  ["text/html;q=0.5, application/json;q=0.4, */*;q=1", true],
  ["text/htmlx, application/xhtml+xml", false],
];

for (const [accept, page] of ACCEPT) {
  Deno.test(`Accept: ${accept ?? "(none)"} gets ${page ? "a page" : "JSON"}`, async () => {
    assert.equal(prefersHtml(accept), page);
    for (const secret of [{}, basic("read")]) {
      const response = await ask("/", { ...(accept === null ? {} : { accept }), ...secret });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("vary"), "Accept");
      assert.equal(response.headers.get("cache-control"), "no-store");
      const type = page ? "text/html; charset=utf-8" : "application/json";
      assert.equal(response.headers.get("content-type"), type);
      const body = await response.text();
      if (page) assert.match(body, /^<!DOCTYPE html>/);
      else assert.equal(typeof JSON.parse(body), "object");
    }
  });
}

const ACCESS: readonly (readonly [
  path: string,
  secret: string | undefined,
  readers: Authenticator,
  shown: "public" | "details" | 401,
])[] = [
  ["/", undefined, READERS, "public"],
  ["/", "wrong", READERS, "public"],
  ["/", "read", READERS, "details"],
  ["/", "send", READERS, "details"],
  ["/?details", undefined, READERS, 401],
  ["/?details", "wrong", READERS, 401],
  ["/?details", "read", READERS, "details"],
  ["/?details&still", "send", READERS, "details"],
  ["/?still", undefined, READERS, "public"],
  ["/", undefined, new Authenticator([]), "details"],
  ["/?details", undefined, new Authenticator([]), "details"],
];

for (const [path, secret, readers, shown] of ACCESS) {
  const who = readers.isOpen ? "anybody, without a secret set" : secret ?? "nobody in particular";
  Deno.test(`GET ${path} shows ${who}: ${shown}`, async () => {
    const headers = { accept: BROWSER, ...(secret === undefined ? {} : basic(secret)) };
    const response = await ask(path, headers, { readers });
    const body = await response.text();
    assert.equal(response.status, shown === 401 ? 401 : 200);
    assert.equal(response.headers.get("vary"), "Accept");
    assert.equal(
      response.headers.get("www-authenticate")?.startsWith("Basic realm="),
      shown === 401 || undefined,
    );
    if (shown === 401) assert.equal(JSON.parse(body).reason, "unauthorized");
    else assert.equal(body.includes("<table"), shown === "details");
    const head = await ask(path, headers, { readers }, "HEAD");
    assert.deepEqual([head.status, [...head.headers]], [response.status, [...response.headers]]);
  });
}

Deno.test("the policy allows the page's own style sheet, by its hash, and nothing else", async () => {
  for (const secret of [{}, basic("read")]) {
    const response = await ask("/", { accept: BROWSER, ...secret });
    const styles = [...(await response.text()).matchAll(/<style>([\s\S]*?)<\/style>/g)];
    assert.equal(styles.length, 1);
    const hash = createHash("sha256").update(styles[0]![1]!).digest("base64");
    assert.equal(
      response.headers.get("content-security-policy"),
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    assert.equal(response.headers.get("referrer-policy"), "no-referrer");
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
  }
});

Deno.test("the page renews itself unless it is held still", async () => {
  assert.equal((await ask("/", { accept: BROWSER })).headers.get("refresh"), "15");
  assert.equal((await ask("/?still", { accept: BROWSER })).headers.get("refresh"), null);
  assert.equal((await ask("/")).headers.get("refresh"), null);
});

Deno.test("while draining, page and JSON are 503 for everybody, and health is not asked", async () => {
  const draining = { draining: AbortSignal.abort(), health: () => assert.fail("asked") };
  for (const path of ["/", "/?details"]) {
    for (const method of ["GET", "HEAD"]) {
      const page = await ask(path, { accept: BROWSER }, draining, method);
      assert.equal(page.status, 503);
      assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
      assert.equal(page.headers.get("retry-after"), "1");
      assert.equal(page.headers.get("vary"), "Accept");
      assert.match(await page.text(), method === "HEAD" ? /^$/ : /Shutting down\./);
      const json = await ask(path, {}, draining, method);
      assert.equal(json.status, 503);
      assert.equal(json.headers.get("vary"), "Accept");
      const text = await json.text();
      assert.equal(method === "HEAD" ? text : JSON.parse(text).reason, method === "HEAD" ? "" : "draining");
    }
  }
});

Deno.test("the page shows what was counted: the last webhook, its outcome and its time", async () => {
  const stats = new Stats(["Workspace Created"], false);
  const clock = new FakeClock();
  stats.count({ status: "ignored", reason: "domain", event: "Workspace Created" }, {
    arrived: "Workspace Created",
    now: clock.now() - 12_000,
    ms: 7,
  });
  const lastSeen = stats.lastSeen;
  const health = () => Promise.resolve({ ...stateWith().health, counts: stats.counts, lastSeen });
  const page = await (await ask("/", { accept: BROWSER, ...basic("read") }, { stats, clock, health })).text();
  assert.match(page, /Ready\. Last webhook 12 s ago, but no event since the start\./);
  assert.match(page, /<time datetime="2026-01-02T03:03:53\.000Z" title="12 s ago">03:03:53<\/time>/);
  assert.match(page, /events 0, nothing to do 1, failed 0; at most 1 in one minute/);
  assert.match(page, /<td class="number">7<\/td>/);
});
