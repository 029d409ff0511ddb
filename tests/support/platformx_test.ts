import assert from "node:assert/strict";
import { EVENT } from "./fakes.ts";
import { FIXED_CERTIFICATE as TLS } from "./certificates.ts";
import { eventually } from "./eventually.ts";
import { type Misbehaviour, STAND_IN_KEY, type StandInOptions, startPlatformX } from "./platformx.ts";
import type { ReceivedEvent } from "./platformx_rules.ts";
import { PlainSocket } from "./socket.ts";

type Init = RequestInit & { readonly client?: Deno.HttpClient };

function send(url: string, event: unknown = EVENT, init: Init = {}): Promise<Response> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${STAND_IN_KEY}` };
  return fetch(url, { method: "POST", headers, body: JSON.stringify(event), ...init });
}

/** A test that also fails when it leaves a request, a timer or a socket behind. */
function standInTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: true, sanitizeResources: true });
}

function without(field: keyof ReceivedEvent): unknown {
  return { ...EVENT, [field]: undefined };
}

/** The request on a socket; what else the head holds is each ended by a line break. */
function requestText(more = "", body = JSON.stringify(EVENT)): string {
  const head = `POST /events.track HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${STAND_IN_KEY}\r\n`;
  const length = /^transfer-encoding/im.test(more) ? "" : `Content-Length: ${body.length}\r\n`;
  return `${head}Content-Type: application/json\r\n${length}${more}\r\n${body}`;
}

const SERVERS: readonly (readonly [speaks: string, options: StandInOptions, url: RegExp])[] = [
  ["HTTP/1.1", {}, /^http:\/\/127\.0\.0\.1:\d+\/events\.track$/],
  ["HTTP/1.1 over TLS", { tls: TLS }, /^https:\/\/127\.0\.0\.1:\d+\/events\.track$/],
  ["HTTP/2", { tls: TLS, http2: true }, /^https:\/\/127\.0\.0\.1:\d+\/events\.track$/],
];

for (const [speaks, options, url] of SERVERS) {
  standInTest(`${speaks}: an event is taken, announced, noted and answered ok`, async () => {
    using client = Deno.createHttpClient({ caCerts: [TLS.cert] });
    const announced: ReceivedEvent[] = [];
    await using platformX = await startPlatformX({ ...options, onEvent: (event) => announced.push(event) });
    assert.match(platformX.url, url);
    const second = { ...EVENT, email: "grace@example.com", metadata: { workspace: "Ωmega" } };
    for (const event of [EVENT, second]) {
      const answer = await send(platformX.url, event, { client });
      assert.deepEqual([answer.status, answer.headers.get("content-type")], [200, "application/json"]);
      assert.deepEqual(await answer.json(), { ok: true });
    }
    assert.deepEqual(platformX.events, [EVENT, second]);
    assert.deepEqual(announced, platformX.events);
    const [one, other] = platformX.received;
    assert.deepEqual([one?.connection, other?.connection, platformX.requests], [1, 1, 2]);
    assert.deepEqual([one?.method, one?.path, one?.body], ["POST", "/events.track", JSON.stringify(EVENT)]);
    assert.match(one?.headers.get("user-agent") ?? "", /^Deno\//);
    assert.deepEqual([one?.event, one?.end?.told], [EVENT, true]);
  });

  standInTest(`${speaks}: a request that is broken off has no answer, and the next one has`, async () => {
    using client = Deno.createHttpClient({ caCerts: [TLS.cert] });
    await using platformX = await startPlatformX(options);
    for (const kind of ["closed", "reset", "lost"] as const) {
      platformX.misbehave({ kind });
      const caller = new AbortController();
      // A stream: a text Deno would send again by itself.
      const body = new Blob([JSON.stringify(EVENT)]).stream();
      const answer = assert.rejects(send(platformX.url, EVENT, { client, signal: caller.signal, body }));
      await eventually(() => platformX.requests % 2 === 1, "the request");
      if (kind === "lost") caller.abort();
      await answer;
      assert.deepEqual(await (await send(platformX.url, EVENT, { client })).json(), { ok: true });
    }
    await eventually(() => platformX.open === 0, "the end");
    assert.deepEqual(platformX.received.map(({ end }) => end?.told), [false, true, false, true, false, true]);
    assert.equal(platformX.events.length, 6, "it took them all the same");
  });
}

standInTest("a body in chunks, and every header, are told as they were sent", async () => {
  await using platformX = await startPlatformX();
  const event = JSON.stringify(EVENT);
  const chunk = (part: string) => `${part.length.toString(16)}\r\n${part}\r\n`;
  const more = "Transfer-Encoding: chunked\r\nProxy-Authorization: Basic eDp5\r\nX: a\r\nx: b\r\n";
  using socket = await PlainSocket.open(platformX.port);
  const text = requestText(more, `${chunk(event.slice(0, 9))}${chunk(event.slice(9))}0\r\n\r\n`);
  for (const piece of text.match(/[^]{1,50}/g)!) await socket.send(piece);
  assert.match(await socket.receive(/\}/), /^HTTP\/1\.1 200 [^]*\{"ok":true\}$/);
  assert.deepEqual(platformX.events, [EVENT]);
  const [{ headers } = assert.fail()] = platformX.received;
  assert.deepEqual([headers.get("proxy-authorization"), headers.get("x")], ["Basic eDp5", "a, b"]);
});

standInTest("what the rules refuse is answered over HTTP and not taken", async () => {
  await using platformX = await startPlatformX({ key: "another" });
  const authorized = { headers: { "content-type": "application/json", authorization: "Bearer another" } };
  const answers = [
    await send(platformX.url),
    await send(platformX.url, without("email"), authorized),
    await send(new URL("/", platformX.url).href, EVENT, authorized),
    await fetch(platformX.url),
  ];
  assert.deepEqual(answers.map(({ status }) => status), [401, 422, 404, 404]);
  assert.equal((await answers[1]?.json()).error_details.message, "email must be a non-empty string");
  for (const answer of answers) await answer.body?.cancel().catch(() => {});
  assert.deepEqual([platformX.events, platformX.requests], [[], 4]);
});

standInTest("above the rate limit an event is not taken: 429 with Retry-After", async () => {
  let now = 0;
  await using platformX = await startPlatformX({ requestsPerMinute: 2, now: () => now });
  const wrongKey = { headers: { authorization: "Bearer no" } };
  const rows: [atSeconds: number, event: unknown, init: Init, status: number, retryAfter: string | null][] = [
    [0, EVENT, {}, 200, null],
    [0, EVENT, wrongKey, 401, null], // does not count
    [10, without("name"), {}, 422, null], // counts
    [20, EVENT, {}, 429, "40"],
    [60, EVENT, {}, 200, null],
  ];
  for (const [at, event, init, status, retryAfter] of rows) {
    now = at * 1000;
    const answer = await send(platformX.url, event, init);
    assert.deepEqual([at, answer.status, answer.headers.get("retry-after")], [at, status, retryAfter]);
    assert.equal((await answer.json()).ok, status === 200);
  }
  assert.equal(platformX.events.length, 2);
});

Deno.test("a given answer is sent as it is, and the event is not taken unless it says so", async (t) => {
  const rows: [Misbehaviour & { kind: "answer" }, type: string | null][] = [
    [{ kind: "answer", status: 500 }, null],
    [{ kind: "answer", status: 204 }, null],
    [{ kind: "answer", status: 200, body: '{"ok":false}' }, "application/json"],
    [{ kind: "answer", status: 502, body: "<p>", headers: { "Content-Type": "text/html" } }, "text/html"],
    [{ kind: "answer", status: 429, body: "", headers: { "retry-after": "7" } }, "application/json"],
    [{ kind: "answer", status: 302, headers: { location: "/elsewhere" } }, null],
    [{ kind: "answer", status: 504, taken: true, after: 1 }, null],
  ];
  await using platformX = await startPlatformX();
  for (const [what, type] of rows) {
    await t.step(JSON.stringify(what), async () => {
      platformX.misbehave(what);
      const answer = await send(platformX.url, EVENT, { redirect: "manual" });
      assert.equal(answer.status, what.status);
      assert.equal(await answer.text(), what.body ?? "");
      assert.equal(answer.headers.get("content-type"), type);
      for (const [name, value] of Object.entries(what.headers ?? {})) {
        assert.equal(answer.headers.get(name), value);
      }
      assert.deepEqual(platformX.events, what.taken ? [EVENT] : []);
      assert.deepEqual(platformX.received.at(-1)?.end?.told, !what.taken, "its sender cannot know");
    });
  }
});

standInTest("misbehaviours are used up one after the other, then the rules hold again", async () => {
  await using platformX = await startPlatformX();
  const statuses = async (count: number) => {
    const seen: number[] = [];
    while (seen.length < count) {
      const answer = await send(platformX.url);
      await answer.body?.cancel();
      seen.push(answer.status);
    }
    return seen;
  };
  platformX.misbehave({ kind: "answer", status: 503 }, 2);
  platformX.misbehave({ kind: "answer", status: 500 });
  assert.deepEqual(await statuses(5), [503, 503, 500, 200, 200]);

  platformX.misbehave(
    () => platformX.requests % 2 === 0 ? { kind: "answer", status: 502 } : undefined,
    Infinity,
  );
  platformX.misbehave({ kind: "answer", status: 500 });
  assert.deepEqual(await statuses(3), [502, 200, 502]);
  platformX.behave();
  assert.deepEqual(await statuses(2), [200, 200]);
  assert.equal(platformX.requests, 10);
});

standInTest("a misbehaviour that cannot be done is an error at once", async () => {
  await using platformX = await startPlatformX();
  for (const times of [0, -1, 1.5, NaN]) {
    assert.throws(() => platformX.misbehave({ kind: "silent" }, times), {
      name: "RangeError",
      message: `times must be a positive whole number or Infinity: current value is ${times}`,
    });
  }
  assert.throws(() => platformX.misbehave({ kind: "answer", status: 99 }), RangeError);
  assert.throws(() => platformX.misbehave({ kind: "answer", status: 204, body: "x" }), TypeError);
  assert.deepEqual(await (await send(platformX.url)).json(), { ok: true });
});

const HOLDING: readonly (readonly [what: Misbehaviour, taken: number])[] = [
  [{ kind: "late", ms: 600_000 }, 1],
  [{ kind: "late", ms: new Promise(() => {}) }, 1],
  [{ kind: "lost" }, 1],
  [{ kind: "silent" }, 0],
];

for (const [what, taken] of HOLDING) {
  const kind = what.kind === "late" && typeof what.ms !== "number" ? "late, until told" : what.kind;
  standInTest(`${kind}: ${taken} events taken, no answer, and nothing is left behind`, async () => {
    const platformX = await startPlatformX();
    const held = async (event: unknown, signal: AbortSignal | null = null) => {
      platformX.misbehave(what);
      const answer = send(platformX.url, event, { signal });
      answer.catch(() => {}); // awaited later
      await eventually(() => platformX.open === 1, "the request");
      return () => answer;
    };
    const caller = new AbortController();
    const left = await held(EVENT, caller.signal);
    assert.deepEqual(platformX.events, taken ? [EVENT] : []);
    caller.abort();
    await assert.rejects(left(), { name: "AbortError" });
    await eventually(() => platformX.open === 0, "the end");
    assert.deepEqual(await (await send(platformX.url)).json(), { ok: true });
    const cut = await held(without("name"));
    await Promise.all([platformX.close(), assert.rejects(cut(), TypeError)]);
    assert.equal(platformX.events.length, taken + 1, "what the rules refuse is not taken");
  });
}

standInTest("late: the answer comes when it may", async () => {
  await using platformX = await startPlatformX();
  const released = Promise.withResolvers<void>();
  platformX.misbehave({ kind: "late", ms: released.promise });
  platformX.misbehave({ kind: "late", ms: 1 });
  const first = send(platformX.url);
  await eventually(() => platformX.open === 1, "the request");
  assert.deepEqual(await (await send(platformX.url)).json(), { ok: true });
  released.resolve();
  assert.deepEqual(await (await first).json(), { ok: true });
});

standInTest("closed, reset, raw: callers see just that", async () => {
  await using platformX = await startPlatformX();
  const rows: [Misbehaviour, received: RegExp, isReset: boolean][] = [
    [{ kind: "closed" }, /^$/, false],
    [{ kind: "reset", after: 1 }, /^$/, true],
    [{ kind: "raw", write: (socket) => void socket.end("HTTP/1.1 200 OK\r\nconte") }, /OK\r\nconte$/, false],
  ];
  for (const [what, received, isReset] of rows) {
    platformX.misbehave(what);
    using socket = await PlainSocket.open(platformX.port, requestText());
    assert.match(await socket.receive(), received);
    assert.equal(socket.isReset, isReset);
  }
  assert.equal(platformX.received.map(({ connection }) => connection).join(), "1,2,3");
});

standInTest("what is no HTTP is told so", async () => {
  await using platformX = await startPlatformX();
  using socket = await PlainSocket.open(platformX.port, "\x16\x03\x01");
  assert.match(await socket.receive(), /^HTTP\/1\.1 400 /);
  assert.equal(platformX.requests, 0);
});

standInTest("after closing, connections are refused, and closing again does nothing", async () => {
  const platformX = await startPlatformX();
  const { port, url } = platformX;
  await (await send(url)).body?.cancel(); // leaves an idle connection in the pool
  await Promise.all([platformX.close(), platformX.close()]);
  await platformX.close();
  await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port }), Deno.errors.ConnectionRefused);
  await assert.rejects(send(url), TypeError);
  assert.deepEqual([platformX.events, platformX.requests], [[EVENT], 1]);
});

for (const what of [undefined, { kind: "late", ms: 600_000 }, { kind: "lost" }] as const) {
  const kind = what?.kind ?? "as usual";
  standInTest(`closed while it takes an event (${kind}): its sender gets no answer`, async () => {
    const closed = Promise.withResolvers<void>();
    const platformX = await startPlatformX({ onEvent: () => closed.resolve(platformX.close()) });
    if (what !== undefined) platformX.misbehave(what);
    await assert.rejects(send(platformX.url), TypeError);
    await closed.promise;
    assert.deepEqual(platformX.events, [EVENT]);
  });
}

standInTest("the port of a closed stand-in can be used again, by itself too", async () => {
  await using first = await startPlatformX();
  const { port } = first;
  await (await send(first.url)).body?.cancel();
  await assert.rejects(startPlatformX({ port }), /in use/);
  await first.close();
  {
    await using next = await startPlatformX({ port, key: "second" });
    const headers = { "content-type": "application/json", authorization: "Bearer second" };
    assert.deepEqual(await (await send(first.url, EVENT, { headers })).json(), { ok: true });
    assert.deepEqual(next.events, [EVENT]);
  }
  for (let i = 0; i < 2; i++) await first.listen();
  assert.deepEqual(await (await send(first.url)).json(), { ok: true });
  assert.deepEqual(first.events, [EVENT, EVENT]);
});
