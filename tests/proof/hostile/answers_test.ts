import assert from "node:assert/strict";
import { systemClock } from "../../../lib/runtime/system_clock.ts";
import { constant } from "../../../lib/base/redact.ts";
import { gzipSync } from "node:zlib";
import { attemptAt } from "../../../lib/platformx/client.ts";
import { denoClient } from "../../../lib/runtime/deno_client.ts";
import type { Verdict } from "../../../lib/platformx/verdict.ts";
import { EVENT } from "../../support/fakes.ts";
import { startPlatformX } from "../../support/platformx.ts";
import { answer, flood, redirectTo, type Write } from "./answers.ts";
import { vitalsOf } from "../vitals.ts";
import { startService, tell } from "./clients.ts";

const MEGABYTE = 1024 * 1024;

/** Far above what is read of an answer and what lies in buffers on the way; far below what is sent. */
const TAKEN = 16 * MEGABYTE;

/** How much more memory the service may ever have needed than at the start: less than one of the answers. */
const MEMORY = 1.8;

const PADDED = `{"ok":true,"padding":"`;
const SPACES = " ".repeat(65_536);

/** Answers, and what the webhook is answered. Each is given to every attempt. */
const ROWS: readonly (readonly [what: string, write: Write, told: string])[] = [
  ["100 MB that say ok", async (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${100 * MEGABYTE}\r\n\r\n${PADDED}`);
    await flood(socket, SPACES, 100 * MEGABYTE);
  }, "unavailable url"],
  ["100 MB that refuse", async (socket) => {
    socket.write(`HTTP/1.1 422 No\r\ncontent-length: ${100 * MEGABYTE}\r\n\r\n{"ok":false,"error":"`);
    await flood(socket, SPACES, 100 * MEGABYTE);
  }, "unavailable url"],
  ["no end, in chunks", async (socket) => {
    socket.write(
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n15\r\n${PADDED}`.slice(0, -1) + '"\r\n',
    );
    await flood(socket, `10000\r\n${SPACES}\r\n`);
  }, "unavailable platformx"],
  ["no end, in chunks behind a length", async (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 10\r\ntransfer-encoding: chunked\r\n\r\n`);
    await flood(socket, `10000\r\n${SPACES}\r\n`);
  }, "unavailable url"],
  ["no end, without a length", async (socket) => {
    socket.write(`HTTP/1.1 500 No\r\n\r\n`);
    await flood(socket, SPACES);
  }, "unavailable platformx"],
  ["200 MB of zeros in gzip", (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${BOMB.length}\r\n\r\n`);
    socket.write(BOMB);
  }, "unavailable url"],
  ["an answer in gzip that is none", (socket) => {
    socket.write(answer("200 OK", '{"ok":true}', "content-encoding: gzip\r\n"));
  }, "unavailable platformx"],
  ["a length that is too short", (socket) => {
    socket.write(answer("200 OK", '{"ok"') + ":true}");
  }, "unavailable url"],
  ["a length that is none", (socket) => {
    socket.end(answer("200 OK", '{"ok":true}').replace("11", "eleven"));
  }, "unavailable platformx"],
  ["two lengths", (socket) => {
    socket.end(answer("200 OK", '{"ok":true}', "content-length: 5\r\n"));
  }, "unavailable platformx"],
  ["a chunk whose size overflows", (socket) => {
    socket.end(
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n{"ok":true}\r\n0\r\n\r\n',
    );
  }, "unavailable platformx"],
  ["a header of 2 MB", async (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nx: ");
    await flood(socket, SPACES, 2 * MEGABYTE);
    socket.end('\r\ncontent-length: 11\r\n\r\n{"ok":true}');
  }, "unavailable platformx"],
  ["headers without end", async (socket) => {
    socket.write("HTTP/1.1 200 OK\r\n");
    await flood(socket, "x-flood: y\r\n".repeat(5_000));
  }, "unavailable platformx"],
  ["broken in the head by a reset", (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nx: ");
    socket.resetAndDestroy();
  }, "unavailable platformx"],
  ["a switch to another protocol", (socket) => {
    socket.end('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n{"ok":true}');
  }, "unavailable url"],
  ["HTTP/0.9", (socket) => void socket.end('{"ok":true}'), "unavailable platformx"],
  ["HTTP/2 that nobody asked for", (socket) => {
    socket.end(new Uint8Array([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  }, "unavailable platformx"],
  ["an answer before the question, for the next one", (socket) => {
    // The second is for whoever sends next over this connection: it must not be believed.
    socket.write(answer("422 No", '{"ok":false,"error":"no"}') + answer("200 OK", '{"ok":true}'));
  }, "refused"],
];

const BOMB = gzipSync(new Uint8Array(200 * MEGABYTE));

Deno.test("whatever PlatformX answers, the webhook gets the right answer, in bounded memory", async (t) => {
  await using platformX = await startPlatformX({ key: "key", requestsPerMinute: Infinity });
  await using service = await startService({
    GETDX_API_URL: platformX.url,
    GETDX_API_KEY: "key",
    GETDX_RATE_LIMIT: "0",
    DELIVERY_DEADLINE: "1s",
  });
  assert.equal(await tell(service), "forwarded");
  const before = (await vitalsOf(service.pid)).peak;
  for (const [what, write, told] of ROWS) {
    await t.step(what, async () => {
      const { written } = platformX;
      platformX.misbehave({ kind: "raw", write }, Infinity);
      assert.equal(await tell(service), told);
      const taken = platformX.written - written;
      assert.ok(taken < TAKEN, `${taken} bytes were taken`);
      platformX.behave();
      // A pause may have begun: the first event that is taken ends it.
      for (let now = ""; now !== "forwarded";) {
        now = await tell(service);
        assert.match(now, /^(forwarded|unavailable platformx|unavailable url)$/);
        if (now !== "forwarded") await new Promise((resolve) => setTimeout(resolve, 100));
      }
    });
  }
  const { peak } = await vitalsOf(service.pid);
  assert.ok(peak < before * MEMORY, `${before} MB before, ${peak} MB at most`);
  assert.doesNotMatch(service.log, /"internal_error"/);
});

Deno.test("redirects are not followed, to wherever they lead", async (t) => {
  await using elsewhere = await startPlatformX({ hostname: "127.0.0.2" });
  await using platformX = await startPlatformX();
  const at = `127.0.0.2:${elsewhere.port}`;
  const locations = [
    `http://${at}/`,
    `//${at}/`,
    "http://169.254.169.254/latest/meta-data/",
    "file:///etc/passwd",
  ];
  for (const status of [300, 301, 302, 303, 305, 307, 308]) {
    for (const location of locations) {
      await t.step(`${status} to ${location.replace(/\d+\/$/, "…")}`, async () => {
        platformX.misbehave(redirectTo(status, location));
        const verdict = { kind: "later", cause: "url", seen: `status ${status}` };
        assert.deepEqual(await attemptTo(platformX.port)(EVENT), verdict);
      });
    }
  }
  assert.deepEqual([elsewhere.requests, elsewhere.written], [0, 0]);
});

const UNCUT = new AbortController().signal;

/** An attempt with less patience than the ten seconds of the service. */
function attemptTo(port: number, timeout = 10_000) {
  const clock = systemClock;
  const key = { current: "key" };
  return attemptAt({
    url: `http://127.0.0.1:${port}/`,
    key,
    userAgent: "coder-platformx/0",
    clock,
    send: denoClient(() => undefined),
    cut: UNCUT,
    timeout,
  });
}

Deno.test("an answer that drips, or never comes to its beginning, ends with the attempt's time", async (t) => {
  const timedOut: Verdict = { kind: "unknown", seen: constant("timed_out") };
  const cutBody: Verdict = { kind: "unknown", seen: constant("status 200") };
  const drips = (text: string, head = ""): Write => async (socket) => {
    socket.write(head);
    for (let i = 0; socket.writable; i = (i + 1) % text.length) {
      socket.write(text[i]!);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const rows: [what: string, write: Write, verdict: Verdict][] = [
    ["no answer", () => {}, timedOut],
    ["a head that drips", drips("x: y\r\n", "HTTP/1.1 200 OK\r\n"), timedOut],
    ["a body that drips", drips(" ", "HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n"), cutBody],
    ["interim answers without end", async (socket) => {
      await flood(socket, "HTTP/1.1 100 Continue\r\n\r\n".repeat(100));
    }, timedOut],
    ["early hints that drip", drips("HTTP/1.1 103 Early\r\nlink: x\r\n\r\n"), timedOut],
  ];
  for (const [what, write, verdict] of rows) {
    await t.step(what, async () => {
      await using platformX = await startPlatformX();
      platformX.misbehave({ kind: "raw", write }, Infinity);
      assert.deepEqual(await attemptTo(platformX.port, 300)(EVENT), verdict);
      assert.equal(platformX.requests, 1);
    });
  }
});
