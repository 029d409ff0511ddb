import assert from "node:assert/strict";
import { platformxFindings } from "../../lib/check/platformx.ts";
import { type ProxySeen, proxyTo, type Way } from "../../lib/check/proxy.ts";
import { reach, type Reached } from "../../lib/check/reach.ts";
import type { FileText } from "../../lib/config/given.ts";
import { trustFindings } from "../../lib/check/tls_trust.ts";

const DX = "https://api.getdx.com/events.track";
const DIRECT: ProxySeen = { way: { kind: "direct" }, unusable: [] };
const PROXIED: ProxySeen = { way: { kind: "proxy", variable: "HTTPS_PROXY", host: "px:3128" }, unusable: [] };

/** The environment a row describes: NAME=value, separated by spaces. */
function environmentOf(row: string): (name: string) => string | undefined {
  const entries = new Map(row.split(" ").map((entry) => entry.split(/=(.*)/s) as [string, string]));
  return (name) => entries.get(name);
}

Deno.test("the proxy told is the one that Deno takes, without credentials", async (t) => {
  const proxy = (variable: string, host: string): Way => ({ kind: "proxy", variable, host });
  const excepted: Way = { kind: "excepted", variable: "ALL_PROXY" };
  const direct: Way = { kind: "direct" };
  const rows: [environment: string, url: string, way: Way, unusable?: string[]][] = [
    ["", DX, direct],
    ["HTTPS_PROXY=http://px:3128", DX, proxy("HTTPS_PROXY", "px:3128")],
    ["https_proxy=http://px:3128/", DX, proxy("https_proxy", "px:3128")],
    ["https_proxy=http://b:1 HTTPS_PROXY=http://a:1", DX, proxy("HTTPS_PROXY", "a:1")],
    ["HTTPS_PROXY=http://a:1 all_proxy=socks5://b:1", DX, proxy("all_proxy", "b:1")],
    ["HTTPS_PROXY=px:3128", DX, proxy("HTTPS_PROXY", "px:3128")],
    ["HTTPS_PROXY=https://user:pass@[fd00::1]:3128", DX, proxy("HTTPS_PROXY", "[fd00::1]:3128")],
    ["HTTP_PROXY=http://px:3128", DX, direct],
    ["HTTPS_PROXY=http://px:3128", "http://dx.example/", direct],
    ["http_proxy=http://px:3128", "http://dx.example/", proxy("http_proxy", "px:3128")],
    ["HTTPS_PROXY=", DX, direct],
    ["HTTPS_PROXY=ftp://px:3128", DX, direct, ["HTTPS_PROXY"]],
    ["HTTPS_PROXY=http://user:pa/ss@px:3128", DX, direct, ["HTTPS_PROXY"]],
    ["HTTPS_PROXY=http://user:p@ss@px:3128", DX, direct, ["HTTPS_PROXY"]],
    ["HTTPS_PROXY=http://user@px:3128 https_proxy=http://b:1", DX, proxy("https_proxy", "b:1"), [
      "HTTPS_PROXY",
    ]],
    ["ALL_PROXY=http://a:1 NO_PROXY=getdx.com", DX, excepted],
    ["ALL_PROXY=http://a:1 NO_PROXY=.getdx.com", DX, excepted],
    ["ALL_PROXY=http://a:1 no_proxy=x,api.getdx.com", DX, excepted],
    ["ALL_PROXY=http://a:1 NO_PROXY=*", DX, excepted],
    ["ALL_PROXY=http://a:1 NO_PROXY=dx.com", DX, proxy("ALL_PROXY", "a:1")],
    ["ALL_PROXY=http://a:1 NO_PROXY= no_proxy=getdx.com", DX, proxy("ALL_PROXY", "a:1")],
    ["ALL_PROXY=http://a:1 NO_PROXY=10.0.0.0/8", "https://10.2.3.4/", excepted],
    ["ALL_PROXY=http://a:1 NO_PROXY=10.0.0.0/8", "https://11.2.3.4/", proxy("ALL_PROXY", "a:1")],
    ["ALL_PROXY=http://a:1 NO_PROXY=10.2.3.4", "https://10.2.3.4/", excepted],
    ["ALL_PROXY=http://a:1 NO_PROXY=fd00::1", "https://[fd00::1]/", excepted],
    ["ALL_PROXY=http://a:1 NO_PROXY=*", "https://10.2.3.4/", proxy("ALL_PROXY", "a:1")],
  ];
  for (const [environment, url, way, unusable = []] of rows) {
    await t.step(`${environment} ${url}`, () => {
      assert.deepEqual(proxyTo(url, environmentOf(environment)), { way, unusable });
    });
  }
});

const ANSWER: Reached = {
  kind: "answer",
  status: 404,
  isPlatformX: false,
  date: null,
  askedAt: 0,
  answeredAt: 0,
};

Deno.test("a failure is told at the step where it happens, and no later step is called well", async (t) => {
  const steps = ["name (DNS)", "connection (TCP)", "TLS", "answer (HTTP)"];
  const rows: [reached: Reached, proxy: ProxySeen, states: string, words: RegExp][] = [
    [ANSWER, DIRECT, "ok ok ok ok", /answered 404/],
    [{ ...ANSWER, isPlatformX: true, status: 403 }, DIRECT, "ok ok ok ok", /PlatformX answers 403/],
    [{ ...ANSWER, status: 403 }, DIRECT, "ok ok ok warning", /A filter/],
    [{ ...ANSWER, status: 302 }, DIRECT, "ok ok ok warning", /Redirects/],
    [{ ...ANSWER, status: 503 }, DIRECT, "ok ok ok warning", /trouble/],
    [{ ...ANSWER, status: 407 }, PROXIED, "ok ok ok failed", /credentials/],
    [{ kind: "failure", failure: "name_not_found" }, DIRECT, "failed skipped skipped skipped", /DNS/],
    [
      { kind: "failure", failure: "name_not_found" },
      PROXIED,
      "failed skipped skipped skipped",
      /proxy's name/,
    ],
    [{ kind: "failure", failure: "connection_failed" }, DIRECT, "ok failed skipped skipped", /firewall/],
    [
      { kind: "failure", failure: "connection_failed" },
      PROXIED,
      "ok failed skipped skipped",
      /the proxy is not/,
    ],
    [
      { kind: "failure", failure: "proxy_refused" },
      PROXIED,
      "ok failed skipped skipped",
      /the proxy is reached.*credentials/,
    ],
    [{ kind: "failure", failure: "tls_failed" }, DIRECT, "ok ok failed skipped", /DENO_CERT/],
    [{ kind: "failure", failure: "connection_lost" }, DIRECT, "ok ok ok failed", /broke/],
    [{ kind: "failure", failure: "timed_out" }, DIRECT, "skipped skipped skipped failed", /within 10 s/],
    [
      { kind: "failure", failure: "unknown_failure" },
      DIRECT,
      "skipped skipped skipped failed",
      /could not be made/,
    ],
  ];
  for (const [reached, proxy, states, words] of rows) {
    await t.step(`${JSON.stringify(reached)} ${proxy.way.kind}`, () => {
      const found = platformxFindings(reached, { url: DX, proxy });
      const told = steps.map((step) => found.find(({ name }) => name === step)!);
      assert.deepEqual(told.map(({ state }) => state).join(" "), states);
      const trouble = told.find(({ state }) => state === "failed" || state === "warning") ?? told.at(-1)!;
      assert.match(`${trouble.detail} ${trouble.todo}`, words);
      assert.equal(trouble.todo === undefined, trouble.state === "ok");
    });
  }
});

Deno.test("what is odd about address and proxy is told, the rest of the address is not", async (t) => {
  const rows: [url: string, proxy: ProxySeen, name: string, words: RegExp | undefined][] = [
    [DX, DIRECT, "address", undefined],
    ["https://gw.example/dx?token=t0ken", DIRECT, "address", /^its path is not \/events\.track$/],
    [DX, DIRECT, "proxy", /^none$/],
    [DX, PROXIED, "proxy", /^px:3128, by HTTPS_PROXY$/],
    [DX, { way: { kind: "excepted", variable: "HTTPS_PROXY" }, unusable: [] }, "proxy", /^none: NO_PROXY/],
    [DX, { way: { kind: "direct" }, unusable: ["https_proxy"] }, "https_proxy", /^set, but passed over/],
    [DX, PROXIED, "connection (TCP)", /^through the proxy to api\.getdx\.com$/],
    ["http://127.0.0.1:1/events.track", DIRECT, "name (DNS)", /^not needed$/],
    ["http://127.0.0.1:1/events.track", DIRECT, "TLS", /^not used/],
  ];
  for (const [url, proxy, name, words] of rows) {
    await t.step(`${url} ${name}`, () => {
      const found = platformxFindings(ANSWER, { url, proxy });
      const detail = found.find((finding) => finding.name === name)?.detail;
      if (words === undefined) assert.equal(detail, undefined);
      else assert.match(detail ?? "", words);
      assert.ok(!JSON.stringify(found).includes("t0ken"));
    });
  }
});

Deno.test("extra certificate authorities are counted", async (t) => {
  const pem = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";
  const rows: [
    environment: Readonly<Record<string, string>>,
    extraCa: FileText | undefined,
    found: string,
  ][] = [
    [{}, undefined, "extra CA ok none: DENO_CERT is not set"],
    [{ DENO_CERT: "" }, undefined, "extra CA failed DENO_CERT is set to nothing: no connection can be made"],
    [{ DENO_CERT: "/ca" }, { text: pem }, "extra CA ok 1 certificate in DENO_CERT"],
    [{ DENO_CERT: "/ca" }, { text: pem + pem }, "extra CA ok 2 certificates in DENO_CERT"],
    [{ DENO_CERT: "/ca" }, { text: "x" }, "extra CA failed the file of DENO_CERT holds no certificate"],
    [
      { DENO_CERT: "/ca" },
      { cause: "there is no such file" },
      "extra CA failed the file of DENO_CERT: there is no such file",
    ],
    [{ DENO_TLS_CA_STORE: "system" }, undefined, "CA store ok system, by DENO_TLS_CA_STORE"],
    [
      { DENO_TLS_CA_STORE: "mine" },
      undefined,
      "CA store failed DENO_TLS_CA_STORE is not usable: no connection can be made",
    ],
  ];
  for (const [environment, extraCa, expected] of rows) {
    await t.step(expected, () => {
      const found = trustFindings({ environment: new Map(Object.entries(environment)), extraCa });
      const { name, state, detail } = found.at(-1)!;
      assert.equal(`${name} ${state} ${detail}`, expected);
    });
  }
});

Deno.test("the request has no key, no body and no wish to be redirected", async () => {
  let seen: { readonly url: unknown; readonly init: RequestInit } | undefined;
  const times = [1_000, 1_250];
  const reached = await reach({
    url: DX,
    userAgent: "agent/1",
    now: () => times.shift()!,
    fetch: (url, init = {}) => {
      seen = { url, init };
      return Promise.resolve(Response.json({ ok: false }, { status: 401, headers: { date: "then" } }));
    },
  });
  assert.deepEqual(reached, {
    kind: "answer",
    status: 401,
    date: "then",
    askedAt: 1_000,
    answeredAt: 1_250,
    isPlatformX: true,
  });
  const { signal: _, ...init } = seen!.init;
  assert.equal(seen!.url, DX);
  assert.deepEqual(init, {
    headers: { accept: "application/json", "user-agent": "agent/1" },
    redirect: "manual",
  });
});

Deno.test("a request that gets no answer ends by itself, and is named by its kind", async () => {
  const waiting: typeof fetch = (_, init) =>
    new Promise((_, reject) => init!.signal!.addEventListener("abort", () => reject(init!.signal!.reason)));
  const failing: typeof fetch = () => Promise.reject(new TypeError("https://user:pw@host secret"));
  const base = { url: DX, userAgent: "agent/1", now: () => 0 };
  assert.deepEqual(await reach({ ...base, fetch: waiting, timeout: 1 }), {
    kind: "failure",
    failure: "timed_out",
  });
  assert.deepEqual(await reach({ ...base, fetch: failing }), { kind: "failure", failure: "unknown_failure" });
});

Deno.test("only JSON with ok is taken for PlatformX", async (t) => {
  const rows: [body: BodyInit | null, isPlatformX: boolean][] = [
    ['{"ok":true}', true],
    ['{"ok":"yes"}', false],
    ["[]", false],
    ["null", false],
    ["<html>", false],
    [null, false],
    [`{"ok":true,"x":"${"x".repeat(70_000)}"}`, false],
  ];
  for (const [body, isPlatformX] of rows) {
    await t.step(String(body).slice(0, 20), async () => {
      const fetch = () => Promise.resolve(new Response(body));
      const reached = await reach({ url: DX, userAgent: "agent/1", now: () => 0, fetch });
      assert.equal(reached.kind === "answer" && reached.isPlatformX, isPlatformX);
    });
  }
});
