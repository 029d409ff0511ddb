import assert from "node:assert/strict";
import type { ProxyOptions } from "../support/proxy.ts";
import { check, CREDENTIALS, HOST, openScene, sendOne, toldBy, without } from "./proxy_scene.ts";

Deno.test("without DENO_CERT the certificate is not trusted: 503, the log says what to do, and with it the same webhook arrives", async () => {
  await using scene = await openScene({ credentials: CREDENTIALS });
  const { platformX } = scene;
  const untrusting = without(scene.settings, "DENO_CERT");

  const { answer, entries } = await sendOne(untrusting);
  assert.deepEqual(answer, [503, "platformx"]);
  assert.equal(platformX.requests, 0);
  const { level, message, seen } = toldBy(entries, "paused");
  assert.deepEqual([level, seen], ["WARNING", "tls_failed"]);
  assert.match(message, /let DENO_CERT name its CA's certificate \(PEM\)/);
  const way = await check(untrusting);
  assert.match(way.get("TLS")!, /^failed: .*not trusted -> .*set DENO_CERT to its CA/);

  assert.deepEqual((await sendOne(scene.settings)).answer, [200, "forwarded"]);
  assert.equal(platformX.events.length, 1);
});

const CA_FAULTS: readonly (readonly [name: string, path: string, found: RegExp])[] = [
  ["names nothing", "", /^failed: DENO_CERT is set to nothing/],
  [
    "names a file that is not there",
    "/nowhere/ca.pem",
    /^failed: the file of DENO_CERT: there is no such file/,
  ],
];

for (const [name, path, found] of CA_FAULTS) {
  Deno.test(`DENO_CERT ${name}: nothing is sent, no event is taken for sent, and check says so`, async () => {
    await using scene = await openScene({ credentials: CREDENTIALS });
    const settings = { ...scene.settings, DENO_CERT: path };
    const { answer, entries } = await sendOne(settings);
    assert.deepEqual(answer, [503, "platformx"]);
    assert.equal(toldBy(entries, "paused").seen, "tls_failed");
    assert.equal(scene.proxy.seen, "");
    assert.match((await check(settings)).get("extra CA")!, found);
  });
}

const PROXY_FAULTS: readonly {
  readonly name: string;
  readonly options: Partial<ProxyOptions>;
  readonly reason: string;
  readonly event: string;
  readonly level: string;
  readonly seen: string;
  readonly found: RegExp;
}[] = [
  {
    name: "asks for other credentials (407)",
    options: { credentials: "user:another" },
    ...{ reason: "url", event: "wrong_url", level: "ERROR", seen: "proxy_refused" },
    found: /^failed: the proxy is reached, .* -> Put credentials into the proxy's variable/,
  },
  {
    name: "reaches nobody (502)",
    options: { refusesWith: "502 Bad Gateway" },
    ...{ reason: "platformx", event: "paused", level: "WARNING", seen: "proxy_failed" },
    found: /^failed: the proxy is reached, and does not reach the other end/,
  },
];

for (const { name, options, reason, event, level, seen, found } of PROXY_FAULTS) {
  Deno.test(`a proxy that ${name}: 503, a loud log without its credentials, and the same from check`, async () => {
    await using scene = await openScene(options);
    const { answer, entries } = await sendOne(scene.settings);
    assert.deepEqual(answer, [503, reason]);
    const told = toldBy(entries, event);
    assert.deepEqual([told.level, told.seen], [level, seen]);
    assert.match(
      told.message,
      /(?:perhaps a proxy: check it and the proxy variables|see the proxy's own log)/,
    );
    assert.equal(scene.platformX.requests, 0);
    assert.ok(scene.proxy.requests.every((line) => line === `CONNECT ${HOST}:443 HTTP/1.1`));
    const way = await check(scene.settings);
    assert.equal(way.get("proxy"), `ok: 127.0.0.1:${scene.proxy.port}, by HTTPS_PROXY`);
    assert.match(way.get("connection (TCP)")!, found);
  });
}

Deno.test("a proxy that is not there: 503, a loud log without its credentials, and the same from check", async () => {
  await using scene = await openScene();
  await scene.proxy[Symbol.asyncDispose]();
  const { answer, entries } = await sendOne(scene.settings);
  assert.deepEqual(answer, [503, "platformx"]);
  const { level, message, seen } = toldBy(entries, "paused");
  assert.deepEqual([level, seen], ["WARNING", "connection_failed"]);
  assert.match(message, /whether this machine reaches PlatformX: 'coder-platformx check'/);
  const way = await check(scene.settings);
  assert.match(
    way.get("connection (TCP)")!,
    /^failed: the proxy is not reached -> Correct the proxy's variable/,
  );
});
