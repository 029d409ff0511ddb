import assert from "node:assert/strict";
import { platformxFindings } from "../../lib/check/platformx.ts";
import type { ProxySeen } from "../../lib/runtime/proxy.ts";
import type { Answer, OutgoingRequest, Send } from "../../lib/runtime/runtime.ts";
import { reach, type Reached } from "../../lib/check/reach.ts";
import { systemClock } from "../../lib/runtime/system_clock.ts";
import type { FileText } from "../../lib/config/given.ts";
import { trustFindings } from "../../lib/check/tls_trust.ts";

const DX = "https://api.getdx.com/events.track";
const DIRECT: ProxySeen = { way: { kind: "direct" }, unusable: [] };
const PROXIED: ProxySeen = {
  way: { kind: "proxy", variable: "HTTPS_PROXY", scheme: "http", host: "px:3128" },
  unusable: [],
};

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
    [{ ...ANSWER, status: 403 }, DIRECT, "ok ok ok note", /filter/],
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
    [
      { kind: "failure", failure: "proxy_failed" },
      PROXIED,
      "ok failed skipped skipped",
      /does not reach the other end/,
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
      const found = platformxFindings(reached, { url: DX, proxy, trustFails: false });
      const told = steps.map((step) => found.find(({ name }) => name === step)!);
      assert.deepEqual(told.map(({ state }) => state).join(" "), states);
      const trouble = told.find(({ state }) =>
        state === "failed" || state === "warning" || state === "note"
      ) ??
        told.at(-1)!;
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
      const found = platformxFindings(ANSWER, { url, proxy, trustFails: false });
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

Deno.test("where trust itself is broken, no step of the way is blamed for it", () => {
  const reached = { kind: "failure", failure: "tls_failed" } as const;
  const found = platformxFindings(reached, { url: DX, proxy: DIRECT, trustFails: true });
  assert.deepEqual(found.map(({ state }) => state), ["ok", "skipped", "skipped", "skipped", "skipped"]);
});

/** An answer as the runtime gives it. */
function answered(status: number, body: string, date?: string): Answer {
  const headers = new Headers(date === undefined ? {} : { date });
  return { kind: "response", status, headers, body };
}

Deno.test("the request has no key, no body and no wish to be redirected", async () => {
  let seen: OutgoingRequest | undefined;
  const times = [1_000, 1_250];
  const reached = await reach({
    url: DX,
    userAgent: "agent/1",
    clock: { ...systemClock, now: () => times.shift()! },
    send: (request) => {
      seen = request;
      return Promise.resolve(answered(401, '{"ok":false}', "then"));
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
  const { signal: _, ...request } = seen!;
  assert.deepEqual(request, {
    method: "GET",
    url: DX,
    headers: { accept: "application/json", "user-agent": "agent/1" },
    limit: 65_536,
  });
});

Deno.test("a request that gets no answer ends by itself", async () => {
  const send: Send = ({ signal }) =>
    new Promise((resolve) =>
      signal.addEventListener("abort", () => resolve({ kind: "failure", failure: signal.reason }))
    );
  const base = { url: DX, userAgent: "agent/1", clock: systemClock };
  assert.deepEqual(await reach({ ...base, send, timeout: 1 }), { kind: "failure", failure: "timed_out" });
});

Deno.test("only JSON with ok is taken for PlatformX", async (t) => {
  const rows: [body: string, isPlatformX: boolean][] = [
    ['{"ok":true}', true],
    ['{"ok":"yes"}', false],
    ["[]", false],
    ["null", false],
    ["<html>", false],
    ["", false],
  ];
  for (const [body, isPlatformX] of rows) {
    await t.step(body, async () => {
      const send = () => Promise.resolve(answered(200, body));
      const reached = await reach({ url: DX, userAgent: "agent/1", clock: systemClock, send });
      assert.equal(reached.kind === "answer" && reached.isPlatformX, isPlatformX);
    });
  }
});
