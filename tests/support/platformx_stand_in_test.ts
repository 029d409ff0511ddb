import assert from "node:assert/strict";
import {
  type Misbehaviour,
  type ReceivedEvent,
  STAND_IN_KEY,
  type StandIn,
  startPlatformX,
} from "../../tools/demo/platformx.ts";

const EVENT: ReceivedEvent = {
  name: "Workspace Created",
  email: "ada@example.com",
  timestamp: "1780000000",
  metadata: { workspace: "analysis" },
};

function send(url: string, event: unknown = EVENT, init: RequestInit = {}): Promise<Response> {
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

standInTest("an event sent over HTTP is taken, announced and answered ok", async () => {
  const announced: ReceivedEvent[] = [];
  await using platformX = startPlatformX({ onEvent: (event) => announced.push(event) });

  const second = { ...EVENT, email: "grace@example.com" };
  const answers = [await send(platformX.url), await send(platformX.url, second)];

  assert.match(platformX.url, /^http:\/\/127\.0\.0\.1:\d+\/events\.track$/);
  for (const answer of answers) {
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), "application/json");
    assert.deepEqual(await answer.json(), { ok: true });
  }
  assert.deepEqual(platformX.events, [EVENT, second]);
  assert.deepEqual(announced, platformX.events);
  assert.equal(platformX.requests, 2);
});

standInTest("what the rules refuse is answered over HTTP and not taken", async () => {
  await using platformX = startPlatformX({ key: "another" });
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
  assert.deepEqual(platformX.events, []);
  assert.equal(platformX.requests, 4);
});

standInTest(
  "above the rate limit the answer is 429 with Retry-After and the event is not taken",
  async () => {
    let now = 0;
    await using platformX = startPlatformX({ requestsPerMinute: 2, now: () => now });
    const wrongKey = { headers: { authorization: "Bearer no" } };
    const rows: [
      atSeconds: number,
      event: unknown,
      init: RequestInit,
      status: number,
      retryAfter: string | null,
    ][] = [
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
  },
);

Deno.test("a given answer is sent as it is and the event is not taken", async (t) => {
  const rows: [Misbehaviour & { kind: "answer" }, type: string | null][] = [
    [{ kind: "answer", status: 500 }, null],
    [{ kind: "answer", status: 204 }, null],
    [{ kind: "answer", status: 200, body: '{"ok":false}' }, "application/json"],
    [{ kind: "answer", status: 502, body: "<p>", headers: { "Content-Type": "text/html" } }, "text/html"],
    [{ kind: "answer", status: 429, body: "", headers: { "retry-after": "7" } }, "application/json"],
    [{ kind: "answer", status: 302, headers: { location: "/elsewhere" } }, null],
  ];
  await using platformX = startPlatformX();
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
      assert.deepEqual(platformX.events, []);
    });
  }
});

standInTest("misbehaviours are used up one after the other, then the rules hold again", async () => {
  await using platformX = startPlatformX();
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

  platformX.misbehave({ kind: "answer", status: 502 }, Infinity);
  platformX.misbehave({ kind: "answer", status: 500 });
  assert.deepEqual(await statuses(3), [502, 502, 502]);
  platformX.behave();
  assert.deepEqual(await statuses(2), [200, 200]);
  assert.equal(platformX.requests, 10);
});

standInTest("a misbehaviour that cannot be done is an error at once", async () => {
  await using platformX = startPlatformX();
  for (const times of [0, -1, 1.5, NaN]) {
    assert.throws(() => platformX.misbehave({ kind: "silent" }, times), {
      name: "RangeError",
      message: `times must be a positive whole number or Infinity: current value is ${times}`,
    });
  }
  assert.throws(() => platformX.misbehave({ kind: "answer", status: 99 }), RangeError);
  assert.throws(() => platformX.misbehave({ kind: "answer", status: 204, body: "x" }), TypeError);
  const answer = await send(platformX.url);
  assert.deepEqual([answer.status, await answer.json()], [200, { ok: true }]);
});

for (
  const [what, ms, status, taken] of [
    [{ kind: "late", ms: 5000 }, 5000, 200, 1],
    [{ kind: "lost" }, 60_000, 504, 1],
    [{ kind: "silent" }, 60_000, 504, 0],
  ] as const
) {
  standInTest(
    `${what.kind}: the event is ${taken ? "" : "not "}taken, and no answer for ${ms} ms`,
    async () => {
      await using platformX = startPlatformX();
      const { answer, timer } = await sendAndHold(platformX, what);
      assert.equal(timer.ms, ms);
      assert.deepEqual(platformX.events, taken ? [EVENT] : []);

      timer.fire();
      assert.equal((await answer).status, status);
      await (await answer).body?.cancel();
      const next = await send(platformX.url);
      assert.deepEqual(await next.json(), { ok: true });
      assert.deepEqual(platformX.events, taken ? [EVENT, EVENT] : [EVENT]);
    },
  );

  standInTest(`${what.kind}: a caller that goes away leaves nothing behind`, async () => {
    await using platformX = startPlatformX();
    const caller = new AbortController();
    const { answer, timer } = await sendAndHold(platformX, what, { signal: caller.signal });
    caller.abort();
    await assert.rejects(answer, { name: "AbortError" });
    timer.fire();
    assert.equal(platformX.events.length, taken);
    const next = await send(platformX.url);
    assert.deepEqual(await next.json(), { ok: true });
  });

  standInTest(`${what.kind}: closing breaks the connection and leaves nothing behind`, async () => {
    const platformX = startPlatformX();
    const { answer } = await sendAndHold(platformX, what, { startTimer: true });
    await Promise.all([platformX.close(), assert.rejects(answer, TypeError)]);
    assert.equal(platformX.events.length, taken);
  });
}

standInTest("a lost event that the rules refuse is not taken", async () => {
  await using platformX = startPlatformX();
  const { answer, timer } = await sendAndHold(platformX, { kind: "lost" }, { event: without("name") });
  assert.deepEqual(platformX.events, []);
  timer.fire();
  await (await answer).body?.cancel();
});

standInTest("after closing, connections are refused, and closing again does nothing", async () => {
  const platformX = startPlatformX();
  const { hostname, port } = new URL(platformX.url);
  await (await send(platformX.url)).body?.cancel(); // leaves an idle connection in the pool
  await Promise.all([platformX.close(), platformX.close()]);
  await platformX.close();
  await assert.rejects(Deno.connect({ hostname, port: Number(port) }), Deno.errors.ConnectionRefused);
  await assert.rejects(send(platformX.url), TypeError);
  assert.deepEqual([platformX.events, platformX.requests], [[EVENT], 1]);
});

for (const kind of ["as usual", "late", "lost"] as const) {
  standInTest(
    `closed while it takes an event (${kind}): the event is taken, its sender gets no answer`,
    async () => {
      const closed = Promise.withResolvers<void>();
      const platformX = startPlatformX({ onEvent: () => closed.resolve(platformX.close()) });
      if (kind === "late") platformX.misbehave({ kind, ms: 60_000 });
      if (kind === "lost") platformX.misbehave({ kind });
      await assert.rejects(send(platformX.url), TypeError);
      await closed.promise;
      assert.deepEqual(platformX.events, [EVENT]);
    },
  );
}

standInTest("the port of a closed stand-in can be used again", async () => {
  await using first = startPlatformX();
  const port = Number(new URL(first.url).port);
  await (await send(first.url)).body?.cancel();
  assert.throws(() => startPlatformX({ port }), Deno.errors.AddrInUse);
  await first.close();
  for (const key of ["second", "third"]) {
    await using next = startPlatformX({ port, key });
    assert.equal(next.url, first.url);
    const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
    assert.deepEqual(await (await send(next.url, EVENT, { headers })).json(), { ok: true });
    assert.deepEqual(next.events, [EVENT]);
  }
  assert.deepEqual(first.events, [EVENT]);
});

interface Held {
  readonly answer: Promise<Response>;
  /** The timer after which the stand-in answers. It does not run by itself, so that no test has to wait. */
  readonly timer: { readonly ms: number; fire(): void };
}

/** Sends an event that the stand-in holds; returns when it does. `startTimer`: its timer runs as usual. */
async function sendAndHold(
  platformX: StandIn,
  what: Misbehaviour,
  options: { signal?: AbortSignal; event?: unknown; startTimer?: boolean } = {},
): Promise<Held> {
  const { signal = null, event = EVENT, startTimer = false } = options;
  const setTimeout = globalThis.setTimeout;
  const started = Promise.withResolvers<Held["timer"]>();
  const capture = (fire: () => void, ms: number) => {
    started.resolve({ ms, fire });
    return startTimer ? setTimeout(fire, ms) : undefined;
  };
  try {
    globalThis.setTimeout = capture as unknown as typeof setTimeout;
    platformX.misbehave(what);
    const answer = send(platformX.url, event, { signal });
    const timer = await Promise.race([started.promise, answer.then(() => assert.fail("answered at once"))]);
    return { answer, timer };
  } finally {
    globalThis.setTimeout = setTimeout;
  }
}
