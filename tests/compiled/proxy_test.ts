import assert from "node:assert/strict";
import { STAND_IN_KEY, startPlatformX } from "../support/platformx.ts";
import type { Environment } from "../support/program.ts";
import { startProxy } from "../support/proxy.ts";
import { runExecutable, settingsFor, startExecutable } from "./executable.ts";
import { check, CREDENTIALS, HOST, openScene, sendOne, USER_INFO } from "./proxy_scene.ts";

const WAYS: readonly {
  readonly name: string;
  readonly credentials?: string;
  readonly change: (settings: Environment) => Environment;
  readonly by: string;
}[] = [
  {
    name: "a proxy without credentials",
    change: ({ HTTPS_PROXY, ...others }) => ({
      ...others,
      HTTPS_PROXY: HTTPS_PROXY!.replace(`${USER_INFO}@`, ""),
    }),
    by: "HTTPS_PROXY",
  },
  {
    name: "a proxy with credentials",
    credentials: CREDENTIALS,
    change: (settings) => settings,
    by: "HTTPS_PROXY",
  },
  {
    name: "lower case",
    credentials: CREDENTIALS,
    change: ({ HTTPS_PROXY, ...others }) => ({ ...others, https_proxy: HTTPS_PROXY! }),
    by: "https_proxy",
  },
  {
    name: "ALL_PROXY",
    credentials: CREDENTIALS,
    change: ({ HTTPS_PROXY, ...others }) => ({ ...others, ALL_PROXY: HTTPS_PROXY! }),
    by: "ALL_PROXY",
  },
];

for (const { name, credentials, change, by } of WAYS) {
  Deno.test(`an event goes to PlatformX through the proxy, and the proxy sees neither key nor event: ${name}`, async () => {
    await using scene = await openScene(credentials === undefined ? {} : { credentials });
    const { platformX, proxy } = scene;
    const settings = change(scene.settings);

    const { answer } = await sendOne(settings);
    assert.deepEqual(answer, [200, "forwarded"]);
    assert.equal(platformX.events.length, 1);
    assert.deepEqual(proxy.requests, [`CONNECT ${HOST}:443 HTTP/1.1`]);
    const [head = ""] = proxy.seen.split("\r\n\r\n", 1);
    assert.equal(/^proxy-authorization: basic /im.test(head), credentials !== undefined, head);
    for (const hidden of [STAND_IN_KEY, "alice@example.com", "events.track"]) {
      assert.ok(!proxy.seen.includes(hidden), hidden);
    }

    const way = await check(settings);
    assert.equal(way.get("proxy"), `ok: 127.0.0.1:${proxy.port}, by ${by}`);
    assert.equal(way.get("TLS"), "ok: the certificate is trusted");
    assert.equal(way.get("extra CA"), "ok: 1 certificate in DENO_CERT");
  });
}

Deno.test("NO_PROXY: the event goes past the proxy", async () => {
  await using scene = await openScene();
  const settings = {
    ...scene.settings,
    GETDX_API_URL: scene.platformX.url,
    NO_PROXY: "example.com,127.0.0.0/8",
  };
  const { answer } = await sendOne(settings);
  assert.deepEqual(answer, [200, "forwarded"]);
  const way = await check(settings);
  assert.equal(way.get("proxy"), "ok: none: NO_PROXY excepts this host from HTTPS_PROXY");
  assert.equal(scene.platformX.events.length, 1);
  assert.equal(scene.proxy.seen, "");
});

Deno.test("DENO_TLS_CA_STORE=system: a CA that the machine trusts is trusted", async () => {
  await using scene = await openScene({ credentials: CREDENTIALS });
  const { DENO_CERT, ...others } = scene.settings;
  const settings = { ...others, DENO_TLS_CA_STORE: "system", SSL_CERT_FILE: DENO_CERT! };
  const { answer } = await sendOne(settings);
  assert.deepEqual(answer, [200, "forwarded"]);
  const way = await check(settings);
  assert.equal(way.get("CA store"), "ok: system, by DENO_TLS_CA_STORE");
  assert.equal(way.get("TLS"), "ok: the certificate is trusted");
});

Deno.test("HTTP_PROXY: for an address with http the proxy passes the request on, and the service warns", async () => {
  await using platformX = await startPlatformX();
  await using proxy = await startProxy({ leadsTo: platformX.port, credentials: CREDENTIALS });
  const settings = {
    ...settingsFor(platformX),
    GETDX_API_URL: `http://${HOST}/events.track`,
    HTTP_PROXY: `http://${USER_INFO}@127.0.0.1:${proxy.port}`,
  };
  const { answer, entries } = await sendOne(settings);
  assert.deepEqual(answer, [200, "forwarded"]);
  assert.equal(platformX.events.length, 1);
  assert.deepEqual(proxy.requests, [`POST http://${HOST}/events.track HTTP/1.1`]);
  assert.ok(entries.some(({ message }) => /^GETDX_API_URL is http: the key .* unencrypted/.test(message)));
  assert.equal((await check(settings)).get("proxy"), `ok: 127.0.0.1:${proxy.port}, by HTTP_PROXY`);
});

Deno.test("healthcheck and check ask the service itself past any proxy", async () => {
  await using proxy = await startProxy({ leadsTo: 0, refusesWith: "502 Bad Gateway" });
  const address = `http://${USER_INFO}@127.0.0.1:${proxy.port}`;
  const settings = { HOST: "127.0.0.1", DRY_RUN: "1", HTTP_PROXY: address, ALL_PROXY: address };
  await using service = await startExecutable(settings);
  const environment = { ...settings, PORT: String(service.port) };
  const { code, stdout } = await runExecutable(["healthcheck"], { environment });
  assert.deepEqual([code, stdout], [0, "ok\n"]);
  const checked = await runExecutable(["check"], { environment });
  assert.match(checked.stdout, /in use by this service, which says: ok/);
  assert.deepEqual(proxy.requests, []);
});
