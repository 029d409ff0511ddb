/** Caddy in front of the executable: webhooks pass, what stalls is cut, and nothing redirects. */
import assert from "node:assert/strict";
import { startPlatformX } from "../support/platformx.ts";
import { BODY_TIMEOUT } from "../../lib/http/body.ts";
import { assertServes, settingsFor, startExecutable } from "../compiled/executable.ts";
import { needs, openFolder, run } from "../support/process.ts";
import { PlainSocket } from "../support/socket.ts";
import { type Caddy, startCaddy } from "./systemd_caddy.ts";
import { fileOf } from "../support/files.ts";

Deno.test("Caddy finds the Caddyfile valid, and in its own form", async () => {
  await needs("caddy", "install Debian's package caddy");
  const file = fileOf("deploy/caddy/Caddyfile");
  await using home = await openFolder();
  const caddy = ["env", `HOME=${home.path}`, "caddy"];
  const valid = await run([...caddy, "validate", "--adapter", "caddyfile", "--config", file]);
  assert.equal(valid.code, 0, valid.stderr);
  const formed = await run([...caddy, "fmt", file]);
  assert.equal(formed.stdout, await Deno.readTextFile(file));
});

/** The executable with Caddy before it. */
async function inFront(
  readBody: string,
  trial: (
    to: { readonly caddy: Caddy; readonly client: Deno.HttpClient; readonly url: string },
  ) => Promise<void>,
): Promise<void> {
  await needs("caddy", "install Debian's package caddy");
  await using platformX = await startPlatformX();
  await using service = await startExecutable(settingsFor(platformX));
  await using caddy = await startCaddy(new URL(service.url).host, { readBody });
  using client = Deno.createHttpClient({ caCerts: [caddy.ca] });
  const url = `https://127.0.0.1:${caddy.port}/`;
  await assertServes(url, platformX, client);
  await trial({ caddy, client, url });
}

Deno.test("a webhook goes through Caddy to PlatformX, other paths and methods do not reach the service, nor does too much", async () => {
  await inFront("30s", async ({ client, url }) => {
    const rows = [
      { path: "", method: "PUT", body: "{}", status: 404 },
      { path: "metrics", method: "GET", body: null, status: 404 },
      { path: "/", method: "POST", body: "{}", status: 404 },
      { path: "", method: "POST", body: "x".repeat(1_048_577), status: 413 },
      { path: "?details", method: "GET", body: null, status: 200 },
    ];
    for (const { path, method, body, status } of rows) {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(url + path, { client, method, body, headers, redirect: "manual" });
      await answer.body?.cancel();
      // Caddy 2.6 says 502 for a body that is too large, unless the service was quicker with its 413.
      const told = status === 413 && answer.status === 502 ? 413 : answer.status;
      assert.equal(told, status, `${method} /${path}`);
    }
  });
});

/** Senders that do not come to an end: what they send first, and then again and again. */
const STALLED = [
  { name: "drips", first: "", again: "x" },
  { name: "stops", first: "{", again: "" },
];

Deno.test("a body that drips or stops is answered with the service's 408, and Caddy closes the connection", async () => {
  await inFront("20s", async ({ caddy }) => { // the service gives a body 15 s
    await Promise.all(STALLED.map(async ({ name, first, again }) => {
      const head =
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n";
      using socket = await PlainSocket.open(caddy.port, head + first, [caddy.ca]);
      // It may close just now.
      const timer = setInterval(() => void socket.send(again).catch(() => {}), 100);
      const answer = await socket.receive().finally(() => clearInterval(timer));
      assert.match(answer, /^HTTP\/1\.1 408 [^]*"reason":"too_slow"/, name);
    }));
  });
});

Deno.test("Caddy waits longer for a body than for a header and for the service's 408", async () => {
  const text = await Deno.readTextFile(fileOf("deploy/caddy/Caddyfile"));
  const seconds = (name: string) => Number(new RegExp(`^\\s*${name} (\\d+)s$`, "m").exec(text)?.[1]);
  assert.ok(seconds("read_body") * 1000 >= seconds("read_header") * 1000 + BODY_TIMEOUT + 1000);
});

Deno.test("plain HTTP is never answered with a redirect: nothing listens for it, and the port of HTTPS says 400", async () => {
  await inFront("30s", async ({ caddy }) => {
    await assert.rejects(
      Deno.connect({ hostname: "127.0.0.1", port: caddy.plainPort }),
      Deno.errors.ConnectionRefused,
    );
    const answer = await fetch(`http://127.0.0.1:${caddy.port}/`, {
      method: "POST",
      body: "{}",
      redirect: "manual",
    });
    await answer.body?.cancel();
    assert.equal(answer.status, 400);
  });
});
