import assert from "node:assert/strict";
import { ConnectRelay } from "../../lib/runtime/connect_relay.ts";
import { denoClient } from "../../lib/runtime/deno_client.ts";
import type { NetworkFailure } from "../../lib/runtime/runtime.ts";
import { issueCertificate } from "../support/certificates.ts";
import { startPlatformX } from "../support/platformx.ts";
import { freePort, openFolder } from "../support/process.ts";
import { startProxy } from "../support/proxy.ts";
import { runModule } from "../support/service.ts";
import { PlainSocket } from "../support/socket.ts";

const FAR = "https://platformx.example.com/events.track";

/** An address that a test may ask for by itself. */
const NEAR = "https://localhost/events.track";

/** A POST through this proxy; this process trusts no certificate of a test, so no tunnel is of use to it. */
function sendThrough(proxy: string) {
  const send = denoClient((name) => name === "HTTPS_PROXY" ? proxy : undefined);
  return send({
    method: "POST",
    url: NEAR,
    headers: {},
    body: "{}",
    limit: 100,
    signal: new AbortController().signal,
  });
}

Deno.test("why a proxy lets nobody through is told by kind, each time anew", async (t) => {
  const rows: [refusesWith: string, failure: NetworkFailure][] = [
    ["407 Proxy Authentication Required", "proxy_refused"],
    ["403 Forbidden", "proxy_refused"],
    ["500 Internal Server Error", "proxy_failed"],
    ["502 Bad Gateway", "proxy_failed"],
    ["503 Service Unavailable", "proxy_failed"],
    ["504 Gateway Timeout", "proxy_failed"],
    ["404 Not Found", "proxy_failed"],
    ["302 Found", "proxy_failed"],
    ["no status", "proxy_failed"],
  ];
  for (const [refusesWith, failure] of rows) {
    await t.step(refusesWith, async () => {
      await using proxy = await startProxy({ leadsTo: 1, refusesWith });
      for (let i = 1; i <= 2; i++) {
        assert.deepEqual(await sendThrough(`http://127.0.0.1:${proxy.port}`), { kind: "failure", failure });
        assert.equal(proxy.requests.length, i);
      }
    });
  }
  await t.step("wrong credentials", async () => {
    await using proxy = await startProxy({ leadsTo: 1, credentials: "user:right" });
    const failed = await sendThrough(`http://user:wrong@127.0.0.1:${proxy.port}`);
    assert.deepEqual(failed, { kind: "failure", failure: "proxy_refused" });
  });
});

Deno.test("a proxy that cannot be connected to is told by kind: no answer can be sent about it", async (t) => {
  await using plain = await startPlatformX();
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const closing = (async () => {
    for await (const connection of silent) connection.close();
  })().catch(() => {});
  const rows: [what: string, proxy: string, failure: NetworkFailure][] = [
    ["nobody listens", `http://127.0.0.1:${freePort()}`, "connection_failed"],
    ["no such name", "http://name.invalid:8080", "name_not_found"],
    ["no TLS, where an https: proxy was meant", `https://127.0.0.1:${plain.port}`, "tls_failed"],
    ["it closes each connection", `http://127.0.0.1:${silent.addr.port}`, "proxy_failed"],
  ];
  for (const [what, proxy, failure] of rows) {
    await t.step(what, async () => {
      assert.deepEqual(await sendThrough(proxy), { kind: "failure", failure });
    });
  }
  silent.close();
  await closing;
});

Deno.test("the relay connects to the one address it was made for, and for nobody else", async (t) => {
  await using proxy = await startProxy({ leadsTo: 1, credentials: "user:secret" });
  const relay = new ConnectRelay(`http://user:secret@127.0.0.1:${proxy.port}`, FAR);
  const rows = [
    "CONNECT other.example.com:443 HTTP/1.1\r\nhost: x\r\n\r\n",
    "CONNECT platformx.example.com:4430 HTTP/1.1\r\nhost: x\r\n\r\n",
    "CONNECT platformx.example.com:443.example.org HTTP/1.1\r\nhost: x\r\n\r\n",
    "GET http://platformx.example.com/ HTTP/1.1\r\nhost: x\r\n\r\n",
    "\r\n\r\n",
    `CONNECT platformx.example.com:443 HTTP/1.1\r\nx: ${"x".repeat(20_000)}\r\n\r\n`,
  ];
  for (const request of rows) {
    await t.step(request.slice(0, 60), async () => {
      using socket = await PlainSocket.open(Number(new URL(relay.address).port), request);
      assert.equal(await socket.receive(), "");
      assert.deepEqual(proxy.requests, []);
    });
  }
});

/** Posts once through the proxy, and prints what came of it. */
const POST = `
  import { denoClient } from "project/lib/runtime/deno_client.ts";
  const { url, proxy, times } = JSON.parse(Deno.env.get("ASKED"));
  const send = denoClient((name) => name === "HTTPS_PROXY" ? proxy : undefined);
  const { signal } = new AbortController();
  const answers = [];
  for (let i = 0; i < times; i++) {
    const answer = await send({ method: "POST", url, headers: { own: "1" }, body: "{}", limit: 1e6, signal });
    answers.push(answer.kind === "failure" ? answer.failure : [answer.status, answer.body.length]);
  }
  console.log(JSON.stringify(answers));
  Deno.exit();
`;

Deno.test("through the tunnel the far end is reached, with one POST each, and never sees the proxy's credentials", async (t) => {
  await using folder = await openFolder();
  const { cert, key, caFile } = await issueCertificate(folder.path, ["DNS:platformx.example.com", "IP:::1"]);
  const rows: [
    what: string,
    url: string,
    target: string,
    http2: boolean,
    given: string,
    credentials: string,
  ][] = [
    ["HTTP/1.1", FAR, "platformx.example.com:443", false, "user:secret", "user:secret"],
    ["HTTP/2", FAR, "platformx.example.com:443", true, "user:secret", "user:secret"],
    ["an IPv6 address", "https://[::1]:8443/", "[::1]:8443", false, "user:secret", "user:secret"],
    ["percent signs", FAR, "platformx.example.com:443", false, "us%40er:p%3A%25w", "us@er:p:%w"],
    ["a percent sign of its own", FAR, "platformx.example.com:443", false, "user:100%", "user:100%"],
  ];
  for (const [what, url, target, http2, given, credentials] of rows) {
    await t.step(what, async () => {
      await using far = await startPlatformX({ tls: { cert, key }, http2 });
      far.misbehave({ kind: "answer", status: 200, body: "x".repeat(500_000) }, Infinity);
      await using proxy = await startProxy({ leadsTo: far.port, credentials });
      const asked = { url, proxy: `http://${given}@127.0.0.1:${proxy.port}`, times: 3 };
      const { code, stdout, stderr } = await runModule(POST, {
        environment: { ASKED: JSON.stringify(asked), DENO_CERT: caFile },
        permissions: ["--allow-net", "--allow-env", "--allow-read"],
      });
      assert.equal(code, 0, stderr);
      assert.deepEqual(JSON.parse(stdout), [[200, 500_000], [200, 500_000], [200, 500_000]]);
      assert.deepEqual(proxy.requests, [`CONNECT ${target} HTTP/1.1`], "a tunnel for each");
      assert.equal(far.received.length, 3);
      for (const { headers } of far.received) {
        assert.equal(headers.get("own"), "1");
        assert.doesNotMatch(JSON.stringify([...headers]), /proxy|Basic/i);
      }
    });
  }
});
