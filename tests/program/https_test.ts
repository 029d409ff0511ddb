import assert from "node:assert/strict";
import { FIXED_CERTIFICATE } from "../support/certificates.ts";
import { startPlatformX } from "../support/platformx.ts";
import { freePort } from "../support/process.ts";
import { runProgram, startProgram } from "../support/service.ts";

const { cert: CERTIFICATE, key: PRIVATE_KEY } = FIXED_CERTIFICATE;
const TLS = { TLS_CERT_FILE: "cert.pem", TLS_KEY_FILE: "key.pem" };
const FILES = { "cert.pem": CERTIFICATE, "key.pem": PRIVATE_KEY };

/** Asks for the health of what listens at a port, with further settings. */
function healthcheck(
  port: number,
  environment: Record<string, string> = {},
  files: Record<string, string> = {},
) {
  return runProgram(["healthcheck"], {
    environment: { HOST: "127.0.0.1", PORT: String(port), ...environment },
    files,
  });
}

Deno.test("with a certificate the service speaks HTTPS, and nothing else", async () => {
  const environment = { DRY_RUN: "true", ...TLS };
  await using program = await startProgram({ environment, files: FILES });
  assert.equal(program.url, `https://127.0.0.1:${program.port}/`);
  using client = Deno.createHttpClient({ caCerts: [CERTIFICATE] });
  const health = await fetch(program.url, { client });
  assert.equal((await health.json()).status, "ok");
  const headers = { "content-type": "application/json" };
  const webhook = await fetch(program.url, { client, method: "POST", headers, body: "{" });
  assert.equal((await webhook.json()).reason, "invalid_json");
  await assert.rejects(fetch(`http://127.0.0.1:${program.port}/`));
});

Deno.test("a certificate or key that is none ends the service, and tells which settings to look at", async (t) => {
  const noCertificate = "- TLS_CERT_FILE must name a file with a certificate chain as PEM\n";
  const noKey = "- TLS_KEY_FILE must name a file with a private key as PEM\n";
  const broken = CERTIFICATE.replace(/\n[A-Za-z0-9+/=]{20,}/, "\n!");
  const rows: [what: string, files: Record<string, string>, code: number, said: string][] = [
    ["no certificate", { ...FILES, "cert.pem": "no certificate" }, 2, noCertificate],
    ["no key", { ...FILES, "key.pem": "no key" }, 2, noKey],
    ["exchanged", { "cert.pem": PRIVATE_KEY, "key.pem": CERTIFICATE }, 2, noCertificate + noKey],
    [
      "broken",
      { ...FILES, "cert.pem": broken },
      1,
      "TLS_CERT_FILE and TLS_KEY_FILE must hold a certificate chain and its key, as PEM",
    ],
  ];
  for (const [what, files, expected, said] of rows) {
    await t.step(what, async () => {
      const environment = { HOST: "127.0.0.1", PORT: "0", DRY_RUN: "true", WEBHOOK_SECRET: "s", ...TLS };
      const { code, stdout, stderr } = await runProgram([], { environment, files });
      assert.equal(code, expected);
      assert.ok(stderr.includes(said), stderr);
      assert.ok(!stdout.includes("listening"));
    });
  }
});

Deno.test("healthcheck ends with 0 while the service is alive, however it is reached", async (t) => {
  const rows: [how: string, environment: Record<string, string>, files: Record<string, string>][] = [
    ["over HTTP", {}, {}],
    ["over HTTPS, whatever the certificate's name", TLS, FILES],
    ["at every address", { HOST: "0.0.0.0" }, {}],
    ["with secrets", { WEBHOOK_SECRET: "s3cret", READ_SECRET: "read" }, {}],
    ["past proxies", { HTTP_PROXY: "http://127.0.0.1:1", HTTPS_PROXY: "http://127.0.0.1:1" }, {}],
  ];
  for (const [how, environment, files] of rows) {
    await t.step(how, async () => {
      await using program = await startProgram({ environment: { DRY_RUN: "1", ...environment }, files });
      const ended = await healthcheck(program.port, environment, files);
      assert.deepEqual(ended, { code: 0, stdout: "ok\n", stderr: "" });
    });
  }
});

Deno.test("healthcheck ends with 1 when nothing, or something else, answers", async (t) => {
  await t.step("nothing", async () => {
    const port = freePort();
    const { code, stdout, stderr } = await healthcheck(port);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, new RegExp(`^Nothing answers at 127\\.0\\.0\\.1:${port}: is the service running`));
  });
  const rows: [answer: string, words: RegExp][] = [
    [
      "HTTP/1.1 503 Service Unavailable\r\n\r\n",
      /answers 503: it is shutting down, or another program is there/,
    ],
    ["HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n", /answers 302/],
    ["SSH-2.0-OpenSSH_9.6\r\n", /^Nothing answers at/],
    ["", /^Nothing answers at/],
  ];
  for (const [answer, words] of rows) {
    await t.step(JSON.stringify(answer), async () => {
      await using other = await startPlatformX();
      other.misbehave({ kind: "raw", write: (socket) => void socket.end(answer) }, Infinity);
      const { code, stdout, stderr } = await healthcheck(other.port);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, words);
    });
  }
  await t.step("HTTPS is expected and HTTP answers", async () => {
    await using program = await startProgram({ environment: { DRY_RUN: "true" } });
    assert.equal((await healthcheck(program.port, TLS, FILES)).code, 1);
  });
});

Deno.test("healthcheck ends with 2 when the configuration is not usable", async () => {
  const { code, stdout, stderr } = await runProgram(["healthcheck"], { environment: { PORT: "http" } });
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /PORT must be a whole number/);
});
