import assert from "node:assert/strict";
import { mock } from "node:test";
import { startPlatformX } from "../support/platformx.ts";
import type { NetworkFailure, Verdict } from "../../lib/platformx/verdict.ts";
import { type Attempt, attemptAt } from "../../lib/platformx/client.ts";
import { eventually } from "../support/eventually.ts";
import { EVENT, FakeClock, settled, watched } from "../support/fakes.ts";

const KEY = "k3y-never-to-be-seen";
const UNCUT = new AbortController().signal;
const clock = new FakeClock();

function attemptTo(url: string, fetchIt: typeof fetch = fetch, cut = UNCUT): Attempt {
  const key = { current: KEY };
  return attemptAt({ url, key, userAgent: "coder-platformx/0", clock, fetch: fetchIt, cut });
}

const notSent = (seen: NetworkFailure): Verdict => ({ kind: "later", cause: "platformx", seen });
const lost = (seen: string): Verdict => ({ kind: "unknown", seen });

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
      lost("status 200"),
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
  const halfAnAnswer = () =>
    new Response(new ReadableStream({ start: (body) => body.enqueue(new TextEncoder().encode('{"ok":')) }));
  const rows: [what: string, fetchIt: (signal: AbortSignal) => Promise<Response>, verdict: Verdict][] = [
    ["no answer", rejectedOnAbort, lost("timed_out")],
    [
      "half an answer",
      (signal) => Promise.resolve(new Response(endedOnAbort(halfAnAnswer().body!, signal))),
      lost("status 200"),
    ],
  ];
  for (const [what, fetchIt, verdict] of rows) {
    await t.step(what, async () => {
      let now = 0;
      mock.method(performance, "now", () => now);
      mock.timers.enable({ apis: ["setTimeout"] });
      try {
        const attempt = attemptTo("http://127.0.0.1/", (_, init) => fetchIt(init!.signal!));
        const ended = watched(attempt(EVENT));
        await settled();
        mock.timers.tick(now = 9_999);
        await settled();
        assert.deepEqual([ended.value], [undefined], "ended too early");
        now = 10_000;
        mock.timers.tick(1);
        await settled();
        assert.deepEqual(ended.value, verdict);
      } finally {
        mock.timers.reset();
        mock.restoreAll();
      }
    });
  }
});

/** As `fetch` does it: rejects with the signal's reason. */
function rejectedOnAbort(signal: AbortSignal): Promise<Response> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

function endedOnAbort(body: ReadableStream<Uint8Array>, signal: AbortSignal): ReadableStream<Uint8Array> {
  const through = new TransformStream<Uint8Array, Uint8Array>();
  body.pipeTo(through.writable, { signal }).catch(() => {});
  return through.readable;
}

Deno.test("the real fetch is ended when its time is over", async () => {
  await using platformX = await startPlatformX();
  platformX.misbehave({ kind: "silent" });
  const key = { current: KEY };
  const attempt = attemptAt({
    url: platformX.url,
    key,
    userAgent: "coder-platformx/0",
    clock,
    fetch,
    timeout: 20,
    cut: UNCUT,
  });
  assert.deepEqual(await attempt(EVENT), lost("timed_out"));
  assert.equal(platformX.requests, 1);
});

Deno.test("a cut ends an attempt at once", async (t) => {
  await t.step("while it waits for the answer", async () => {
    await using platformX = await startPlatformX();
    platformX.misbehave({ kind: "lost" });
    const cut = new AbortController();
    const attempt = watched(attemptTo(platformX.url, fetch, cut.signal)(EVENT));
    await eventually(() => platformX.requests > 0, "the attempt");
    cut.abort();
    await eventually(() => attempt.value !== undefined, "its end");
    assert.deepEqual(attempt.value, lost("cut_off"));
  });
  await t.step("before it began", async () => {
    await using platformX = await startPlatformX();
    assert.deepEqual(await attemptTo(platformX.url, fetch, AbortSignal.abort())(EVENT), lost("cut_off"));
    assert.equal(platformX.requests, 0);
  });
  await t.step("and one that has ended is not touched any more", async () => {
    await using platformX = await startPlatformX({ key: KEY });
    const cut = new AbortController();
    let signal: AbortSignal | undefined | null;
    const attempt = attemptTo(platformX.url, (input, init) => {
      signal = init?.signal;
      return fetch(input, init);
    }, cut.signal);
    assert.deepEqual(await attempt(EVENT), { kind: "delivered" });
    cut.abort();
    assert.equal(signal?.aborted, false);
  });
});

Deno.test("failures are told apart by what Deno says, in the words of its versions", async (t) => {
  const head = `error sending request for url (https://api.example.com/events.track?${KEY})`;
  const proxyRefuses: Verdict = { kind: "later", cause: "url", seen: "proxy_refused" };
  const rows: [words: string, verdict: Verdict][] = [
    [
      `${head}: client error (Connect): tcp connect error: Connection refused (os error 111)`,
      notSent("connection_failed"),
    ],
    [
      `${head}: client error (Connect): tcp connect error: Network is unreachable (os error 101)`,
      notSent("connection_failed"),
    ],
    [
      `${head}: client error (Connect): dns error: failed to lookup address information`,
      notSent("name_not_found"),
    ],
    [`${head}: client error (Connect): proxy authentication required`, proxyRefuses],
    [`${head}: client error (Connect): unsuccessful tunnel`, proxyRefuses],
    [`${head}: client error (Connect): invalid peer certificate: Expired`, notSent("tls_failed")],
    [`${head}: client error (Connect): tls handshake eof`, notSent("tls_failed")],
    [
      `${head}: client error (SendRequest): connection error: Connection reset by peer (os error 104)`,
      lost("connection_lost"),
    ],
    [
      `${head}: client error (SendRequest): connection error: peer closed connection without sending TLS close_notify`,
      lost("connection_lost"),
    ],
    [
      `${head}: client error (SendRequest): http2 error: stream error received: refused stream`,
      lost("connection_lost"),
    ],
    ["Failed opening CA file: No such file or directory (os error 2)", notSent("tls_failed")],
    ["Unable to add pem file to certificate store: InvalidLength(1)", notSent("tls_failed")],
    [
      'Unknown certificate store "mine" specified (allowed: "system,mozilla")',
      notSent("tls_failed"),
    ],
    ["something new", lost("unknown_failure")],
    [`Invalid header value: "Bearer ${KEY}"`, lost("unknown_failure")],
  ];
  for (const [words, verdict] of rows) {
    const errors = [
      new TypeError(words),
      new TypeError("fetch failed", { cause: new Error(words) }),
    ];
    for (const [index, error] of errors.entries()) {
      await t.step(`Deno ${["2.4", "2.9"][index]}: ${words.replace(head, "…")}`, async () => {
        const attempt = attemptTo("https://api.example.com/", () => Promise.reject(error));
        assert.deepEqual(await attempt(EVENT), verdict);
      });
    }
  }
  await t.step("not even an error", async () => {
    const attempt = attemptTo("https://api.example.com/", () => Promise.reject("broken"));
    assert.deepEqual(await attempt(EVENT), lost("unknown_failure"));
  });
});
