import assert from "node:assert/strict";
import { constant, inFull } from "../../lib/base/redact.ts";
import { startPlatformX } from "../support/platformx.ts";
import type { Answer, NetworkFailure, Send } from "../../lib/runtime/runtime.ts";
import type { Verdict } from "../../lib/platformx/verdict.ts";
import { type Attempt, attemptAt } from "../../lib/platformx/client.ts";
import { eventually } from "../support/eventually.ts";
import { denoClient } from "../../lib/runtime/deno_client.ts";
import { EVENT, FakeClock, watched } from "../support/fakes.ts";

const KEY = "k3y-never-to-be-seen";
const UNCUT = new AbortController().signal;
const clock = new FakeClock();
const realSend = denoClient(() => undefined);

/** Attempts at `url`: by Deno's client unless another one is given. */
function attemptTo(
  url: string,
  { send = realSend, cut = UNCUT }: { send?: Send; cut?: AbortSignal } = {},
): Attempt {
  const key = { current: KEY };
  return attemptAt({ url, key, userAgent: "coder-platformx/0", clock, send, cut });
}

const notSent = (seen: NetworkFailure): Verdict => ({
  kind: "later",
  cause: "platformx",
  seen: constant(seen),
});
const lost = (seen: string): Verdict => ({ kind: "unknown", seen: inFull(seen) });

/** A server that treats each connection like this, and then closes it; its port. */
function tcpServer(onConnection: (connection: Deno.TcpConn) => Promise<void>) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      await onConnection(connection).catch(() => {});
      try {
        connection.close();
      } catch {
        // The other end was faster.
      }
    }
  })();
  return {
    port: listener.addr.port,
    [Symbol.asyncDispose]: () => {
      listener.close();
      return serving.catch(() => {});
    },
  };
}

/** Reads what comes first, and writes this. */
function answering(text: string): (connection: Deno.TcpConn) => Promise<void> {
  return async (connection) => {
    await connection.read(new Uint8Array(65_536));
    await connection.write(new TextEncoder().encode(text));
  };
}

function closedPort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

Deno.test("no connection: PlatformX did not see the event", async (t) => {
  const tls = {
    cert: await Deno.readTextFile(new URL("../fixtures/tls_cert.pem", import.meta.url)),
    key: await Deno.readTextFile(new URL("../fixtures/tls_key.pem", import.meta.url)),
  };
  const served: string[] = [];
  const handler = (request: Request) => {
    served.push(request.url);
    return Response.json({ ok: true });
  };
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  await using plain = Deno.serve(options, handler);
  await using untrusted = Deno.serve({ ...options, ...tls }, handler);
  await using closing = tcpServer(() => Promise.resolve());
  const rows: [what: string, url: string, seen: NetworkFailure][] = [
    ["nobody listens", `http://127.0.0.1:${closedPort()}/`, "connection_failed"],
    ["nobody listens for HTTPS", `https://127.0.0.1:${closedPort()}/`, "connection_failed"],
    ["the address's own words do not matter", `http://127.0.0.1:${closedPort()}/ssl`, "connection_failed"],
    ["no such name", "http://name.invalid/", "name_not_found"],
    ["a certificate of an unknown issuer", `https://127.0.0.1:${untrusted.addr.port}/`, "tls_failed"],
    ["the other end speaks no TLS", `https://127.0.0.1:${plain.addr.port}/`, "tls_failed"],
    ["closed instead of a handshake", `https://127.0.0.1:${closing.port}/`, "tls_failed"],
  ];
  for (const [what, url, seen] of rows) {
    await t.step(what, async () => assert.deepEqual(await attemptTo(url)(EVENT), notSent(seen)));
  }
  assert.deepEqual(served, []);
});

Deno.test("no whole answer: PlatformX may have taken the event", async (t) => {
  const rows: [what: string, answer: string, verdict: Verdict][] = [
    ["closed without an answer", "", lost("connection_lost")],
    ["closed in the head", "HTTP/1.1 200 O", lost("connection_lost")],
    ["no HTTP", "220 mail.example.com ESMTP\r\n\r\n", lost("connection_lost")],
    ["closed in the body", 'HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"ok":true}', lost("status 200")],
    [
      "closed in a chunk",
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nb\r\n{"ok":true}',
      lost("status 200"),
    ],
    // 70,000 bytes: the length says nothing, and so much is not read.
    [
      "longer in chunks than its length and the limit",
      'HTTP/1.1 200 OK\r\ncontent-length: 11\r\ntransfer-encoding: chunked\r\n\r\nb\r\n{"ok":true}\r\n' +
      `11170\r\n${" ".repeat(70_000)}\r\n0\r\n\r\n`,
      { kind: "later", cause: "url", seen: constant("status 200") },
    ],
  ];
  for (const [what, answer, verdict] of rows) {
    await t.step(what, async () => {
      await using server = tcpServer(answering(answer));
      assert.deepEqual(await attemptTo(`http://127.0.0.1:${server.port}/`)(EVENT), verdict);
    });
  }
});

Deno.test("an attempt lasts ten seconds at most, its answer's body included", async (t) => {
  const half: Answer = {
    kind: "response",
    status: 200,
    headers: new Headers(),
    body: "",
    bodyEnd: "cut_off",
  };
  const rows: [what: string, ended: (why: NetworkFailure) => Answer, verdict: Verdict][] = [
    ["no answer", (failure) => ({ kind: "failure", failure }), lost("timed_out")],
    ["half an answer", () => half, lost("status 200")],
  ];
  for (const [what, ended, verdict] of rows) {
    await t.step(what, async () => {
      const send: Send = ({ signal }) =>
        new Promise((resolve) => signal.addEventListener("abort", () => resolve(ended(signal.reason))));
      const attempt = watched(attemptTo("http://127.0.0.1/", { send })(EVENT));
      await clock.advance(9_999);
      assert.deepEqual([attempt.value], [undefined], "ended too early");
      await clock.advance(1);
      assert.deepEqual(attempt.value, verdict);
    });
  }
});

Deno.test("the real client is ended when its time is over", async () => {
  await using platformX = await startPlatformX();
  platformX.misbehave({ kind: "silent" });
  const attempt = watched(attemptTo(platformX.url)(EVENT));
  await eventually(() => platformX.requests > 0, "the request");
  await clock.advance(10_000);
  await eventually(() => attempt.value !== undefined, "its end");
  assert.deepEqual(attempt.value, lost("timed_out"));
  assert.equal(platformX.requests, 1);
});

Deno.test("a cut ends an attempt at once", async (t) => {
  await t.step("while it waits for the answer", async () => {
    await using platformX = await startPlatformX();
    platformX.misbehave({ kind: "lost" });
    const cut = new AbortController();
    const attempt = watched(attemptTo(platformX.url, { cut: cut.signal })(EVENT));
    await eventually(() => platformX.requests > 0, "the attempt");
    cut.abort();
    await eventually(() => attempt.value !== undefined, "its end");
    assert.deepEqual(attempt.value, lost("cut_off"));
  });
  await t.step("before it began", async () => {
    await using platformX = await startPlatformX();
    assert.deepEqual(
      await attemptTo(platformX.url, { cut: AbortSignal.abort("cut_off") })(EVENT),
      lost("cut_off"),
    );
    assert.equal(platformX.requests, 0);
  });
  await t.step("and one that has ended is not touched any more", async () => {
    await using platformX = await startPlatformX({ key: KEY });
    const cut = new AbortController();
    let signal: AbortSignal | undefined;
    const send: Send = (request) => {
      signal = request.signal;
      return realSend(request);
    };
    const attempt = attemptTo(platformX.url, { send, cut: cut.signal });
    assert.deepEqual(await attempt(EVENT), { kind: "delivered" });
    cut.abort();
    assert.equal(signal?.aborted, false);
  });
});
