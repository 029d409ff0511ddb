import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Authenticator } from "../../lib/http/auth.ts";
import { prefersHtml } from "../../lib/http/negotiate.ts";
import { outcomeOf } from "../status/states.ts";
import { basic, BROWSER, FROM_CODER, readingApp } from "./reading.ts";

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
      const response = await readingApp().ask("/", { ...(accept === null ? {} : { accept }), ...secret });
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

const READERS = new Authenticator(["send", "read"]);

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
  // Only ?details asks for the secret; the link to it keeps what was asked for.
  ["/?only=failed", undefined, READERS, "public"],
  ["/?message=m", "wrong", READERS, "public"],
  ["/?message=m&details", undefined, READERS, 401],
  ["/", undefined, new Authenticator([]), "details"],
  ["/?details", undefined, new Authenticator([]), "details"],
];

for (const [path, secret, readers, shown] of ACCESS) {
  const who = readers.isOpen ? "anybody, without a secret set" : secret ?? "nobody in particular";
  Deno.test(`GET ${path} shows ${who}: ${shown}`, async () => {
    const { ask } = readingApp({ readers });
    const credentials = secret === undefined ? {} : basic(secret);
    const response = await ask(path, { accept: BROWSER, ...credentials });
    const body = await response.text();
    assert.equal(response.status, shown === 401 ? 401 : 200);
    assert.equal(response.headers.get("vary"), "Accept");
    const asks = response.headers.get("www-authenticate")?.startsWith("Basic realm=");
    assert.equal(asks, shown === 401 || undefined);
    assert.match(body, /^<!DOCTYPE html>/);
    if (shown === 401) assert.match(body, /<p class="say" role="status">The secret is missing or wrong\./);
    else assert.equal(body.includes("<svg"), shown === "details");
    if (shown === "public" && path.includes("=")) {
      assert.match(body, new RegExp(`href="\\?details&amp;${path.slice(2)}"`));
    }
    const head = await ask(path, { accept: BROWSER, ...credentials }, { method: "HEAD" });
    const { "content-length": length, ...headers } = Object.fromEntries(head.headers);
    assert.deepEqual([head.status, headers], [response.status, Object.fromEntries(response.headers)]);
    assert.equal(Number(length), new TextEncoder().encode(body).length);
    // Without a browser it is JSON.
    const json = await ask(path, credentials);
    assert.equal(json.status, response.status);
    const { reason, attention } = await json.json();
    assert.deepEqual([reason, attention === undefined], [
      shown === 401 ? "unauthorized" : undefined,
      shown !== "details",
    ]);
  });
}

/** Paths at which there is nothing, and the way from there to the page. */
const NOWHERE: readonly (readonly [path: string, up: string])[] = [
  ["/hook", "./"],
  ["/a/b", "../"],
  ["/a/b/", "../../"],
  ["/%3Cscript%3E", "./"],
  ["//", "../"],
  [`/${"a/".repeat(5_000)}`, "./"],
];

for (const [path, up] of NOWHERE) {
  Deno.test(`a browser at ${path.slice(0, 20)} is shown the way, anybody else JSON`, async () => {
    const { ask, stats } = readingApp();
    const response = await ask(path, { accept: BROWSER });
    assert.equal(response.status, 404);
    const page = await response.text();
    assert.match(page, /There is nothing at this address/);
    assert.equal(/<a href="([^"]*)"/.exec(page)?.[1], up);
    if (path.length < 100) assert.equal(new URL(up, `http://a${path}`).pathname, "/");
    assert.equal(response.headers.get("refresh"), null);
    assert.ok(page.length < 10_000, "the path is shown in full");
    assert.equal((await (await ask(path)).json()).reason, "not_found");
    assert.deepEqual(stats.webhooks, [], "who reads is not counted");
  });
}

Deno.test("the policy allows the page's own style sheet, by its hash, and nothing else", async () => {
  for (
    const [path, headers] of [["/", {}], ["/", basic("read")], ["/?details", {}], ["/hook", {}]] as const
  ) {
    const response = await readingApp().ask(path, { accept: BROWSER, ...headers });
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
  const refresh = async (path: string, headers: Record<string, string>) =>
    (await readingApp().ask(path, headers)).headers.get("refresh");
  assert.equal(await refresh("/", { accept: BROWSER }), "15");
  assert.equal(await refresh("/?still", { accept: BROWSER }), null);
  assert.equal(await refresh("/?details", { accept: BROWSER }), null, "a page that asks for a secret");
  assert.equal(await refresh("/", {}), null);
});

Deno.test("while draining, page and JSON are 503 for everybody, and the state is not asked", async () => {
  const options = { draining: AbortSignal.abort(), status: () => assert.fail("asked") };
  for (const path of ["/", "/?details"]) {
    for (const method of ["GET", "HEAD"]) {
      const { ask } = readingApp(options);
      const page = await ask(path, { accept: BROWSER }, { method });
      assert.equal(page.status, 503);
      assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
      assert.equal(page.headers.get("retry-after"), "1");
      assert.equal(page.headers.get("vary"), "Accept");
      assert.match(await page.text(), method === "HEAD" ? /^$/ : /Shutting down\./);
      const json = await ask(path, {}, { method });
      assert.equal(json.status, 503);
      assert.equal(json.headers.get("vary"), "Accept");
      const text = await json.text();
      assert.equal(method === "HEAD" ? text : JSON.parse(text).reason, method === "HEAD" ? "" : "draining");
    }
  }
});

Deno.test("the page shows what was counted: the last webhook, its outcome and its time", async () => {
  const { ask, clock, stats } = readingApp();
  const outcome = outcomeOf({ status: "ignored", reason: "domain" });
  stats.count(outcome, { now: clock.now() - 12_000, ms: 7, fromCoder: true });
  const page = await (await ask("/", { accept: BROWSER, ...basic("read") })).text();
  assert.match(page, /Ready\. Last webhook 12 s ago, but no event since the start\./);
  assert.match(
    page,
    /<time datetime="2026-01-02T03:03:53\.000Z"[^>]*>03:03:53 <small>12 s ago<\/small><\/time>/,
  );
  assert.match(page, /events 0, nothing to do 1, failed 0; at most 1 in one minute/);
});

/** Requests with the header of Coder's webhooks, and what they are answered: each counts towards `turned_away`. */
const TURNED_AWAY:
  readonly (readonly [method: string, path: string, headers: Record<string, string>, number])[] = [
    ["POST", "/", { "content-type": "application/json" }, 401],
    ["POST", "/hook", {}, 404],
    ["POST", "/", { ...basic("send"), "content-type": "text/plain" }, 415],
    ["POST", "/", { ...basic("send"), "content-type": "application/json", "content-length": "9999999" }, 413],
    ["GET", "/", {}, 421],
    ["HEAD", "/", { accept: BROWSER }, 421],
    ["GET", "/login", { accept: BROWSER }, 404],
    ["GET", "/metrics", {}, 421],
  ];

for (const [method, path, headers, status] of TURNED_AWAY) {
  Deno.test(`a webhook of Coder's that arrives as ${method} ${path} and is answered ${status} makes the page say so`, async () => {
    const { ask, stats } = readingApp();
    const body = method === "POST" ? { body: "{}" } : {};
    for (let times = 1; times <= 3; times++) {
      assert.equal((await ask(path, { ...headers, ...FROM_CODER }, { method, ...body })).status, status);
      const { attention, status: health } = await (await ask("/", basic("read"))).json();
      assert.deepEqual([attention, health], times < 3 ? [[], "ok"] : [["turned_away"], "degraded"]);
    }
    const page = await (await ask("/", { accept: BROWSER, ...basic("read") })).text();
    assert.match(page, /<p class="say" role="status">Coder&#39;s webhooks are turned away\.<\/p>/);
    const found = stats.memory.failed.map(({ messageId }) => messageId);
    assert.deepEqual(found, Array.from({ length: 3 }, () => FROM_CODER["x-message-id"]));
    // One that is taken ends it.
    await ask("/", { ...basic("send"), ...FROM_CODER, "content-type": "application/json" }, {
      method: "POST",
      body: "{}",
    });
    assert.deepEqual((await (await ask("/", basic("read"))).json()).attention, []);
  });
}

Deno.test("strangers' requests make the page say nothing, however many they are", async () => {
  const { ask } = readingApp();
  for (let times = 0; times < 20; times++) await ask("/", {}, { method: "POST", body: "{}" });
  const { attention, counts } = await (await ask("/", basic("read"))).json();
  assert.deepEqual([attention, counts.error], [[], 20]);
});
