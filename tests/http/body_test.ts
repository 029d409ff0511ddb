import assert from "node:assert/strict";
import { mock } from "node:test";
import fc from "fast-check";
import { type Body, BODY_LIMIT, BODY_TIMEOUT, BodyReader } from "../../lib/http/body.ts";
import { systemClock } from "../../lib/runtime/system_clock.ts";
import { declaredLength } from "../../lib/runtime/read_at_most.ts";

const NEVER = new AbortController().signal;
const ROOM = () => true;
/** Milliseconds; no test takes that long unless it fails. */
const LONG = 60_000;

type Chunks = readonly (Uint8Array | string)[];

/** A body that arrives in these chunks, and then ends, waits for ever, or breaks; it tells what was asked of it. */
function arriving(chunks: Chunks, then: "ends" | "stalls" | "breaks" = "ends") {
  const seen = { pulls: 0, cancelled: false };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks[seen.pulls++];
      if (chunk !== undefined) {
        return controller.enqueue(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
      }
      if (then === "ends") controller.close();
      if (then === "breaks") controller.error(new TypeError("connection reset"));
      if (then === "stalls") return new Promise(() => {});
    },
    cancel() {
      seen.cancelled = true;
    },
  }, { highWaterMark: 0 });
  return { request: requestWith(stream), seen };
}

function requestWith(body: BodyInit | null): Request {
  return new Request("http://localhost/", { method: "POST", body });
}

function read(chunks: Chunks) {
  return new BodyReader(LONG, NEVER, systemClock).read(arriving(chunks).request, NaN, ROOM);
}

/** JSON text of exactly so many bytes. */
function jsonOf(bytes: number): string {
  return `"${"a".repeat(bytes - 2)}"`;
}

Deno.test("the limits are one MiB and 15 seconds", () => {
  assert.equal(BODY_LIMIT, 1_048_576);
  assert.equal(BODY_TIMEOUT, 15_000);
});

Deno.test("the length of a body is what its sender declares, if that is a number", async (t) => {
  const rows: [header: string | undefined, length: number][] = [
    [undefined, NaN],
    ["0", 0],
    ["1048577", 1_048_577],
    ["99999999999999999999999", 1e23],
    ["many", NaN],
    ["-1", NaN],
    ["0x10", NaN],
    ["10, 10", NaN],
    ["", NaN],
  ];
  for (const [header, length] of rows) {
    await t.step(String(header), () => {
      const headers = new Headers(header === undefined ? {} : { "content-length": header });
      assert.equal(declaredLength(headers), length);
    });
  }
  await t.step("10, and in chunks as well", () => {
    const headers = new Headers({ "content-length": "10", "transfer-encoding": "chunked" });
    assert.equal(declaredLength(headers), NaN);
  });
});

Deno.test("JSON in UTF-8 is decoded, however it is cut into chunks", async (t) => {
  const rows: [chunks: Chunks, value: unknown][] = [
    [['{"a":1}'], { a: 1 }],
    [["{", '"a"', ":1", "}"], { a: 1 }],
    [["", "[", "", "]", ""], []],
    [[' \n\t"spaced" \r\n'], "spaced"],
    [["null"], null],
    [['"', new Uint8Array([0xe7, 0xa7]), new Uint8Array([0x98]), '"'], "秘"],
    [[new Uint8Array([0xef, 0xbb, 0xbf]), '{"marked":true}'], { marked: true }],
    [['"\\ud800"'], "\ud800"],
    [['{"a":1,"a":2}'], { a: 2 }],
  ];
  for (const [chunks, value] of rows) {
    await t.step(JSON.stringify(chunks), async () => {
      assert.deepEqual(await read(chunks), { kind: "json", value });
    });
  }
});

Deno.test("what is no JSON in UTF-8 is told as such", async (t) => {
  const rows: Chunks[] = [
    [],
    [""],
    ["  "],
    ["{"],
    ['{"a":1'],
    ["{'a':1}"],
    ['{"a":1,}'],
    ['{"a":1} {"b":2}'],
    ['{"a":NaN}'],
    ["undefined"],
    ["<html></html>"],
    ['"a\nb"'],
    [new Uint8Array([0x22, 0xff, 0x22])],
    [new Uint8Array([0x22, 0xc3, 0x22])],
    // A surrogate and an overlong slash, as only careless encoders write them.
    [new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22])],
    [new Uint8Array([0x22, 0xc0, 0xaf, 0x22])],
    // UTF-16, with and without its mark.
    [new Uint8Array([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00])],
    [new Uint8Array([0x7b, 0x00, 0x7d, 0x00])],
  ];
  for (const chunks of rows) {
    await t.step(JSON.stringify(chunks), async () => {
      assert.deepEqual(await read(chunks), { kind: "invalid_json" });
    });
  }
});

Deno.test("a request without a body holds no JSON", async () => {
  assert.deepEqual(await new BodyReader(LONG, NEVER, systemClock).read(requestWith(null), NaN, ROOM), {
    kind: "invalid_json",
  });
});

Deno.test("a body of exactly the limit is read, one byte more is too much", async (t) => {
  for (const [bytes, kind] of [[BODY_LIMIT, "json"], [BODY_LIMIT + 1, "too_large"]] as const) {
    await t.step(`${bytes} bytes, as a whole`, async () => {
      assert.equal(
        (await new BodyReader(LONG, NEVER, systemClock).read(requestWith(jsonOf(bytes)), NaN, ROOM)).kind,
        kind,
      );
    });
    await t.step(`${bytes} bytes, in chunks`, async () => {
      const text = jsonOf(bytes);
      const chunks = Array.from({ length: 17 }, (_, i) => text.slice(i * 65_536, (i + 1) * 65_536));
      assert.equal((await read(chunks)).kind, kind);
    });
  }
});

Deno.test("bytes are counted, not characters", async () => {
  const text = `"${"秘".repeat(BODY_LIMIT / 3)}"`;
  assert.ok(text.length < BODY_LIMIT / 2);
  assert.deepEqual(await read([text]), { kind: "too_large" });
});

Deno.test("a chunked body over the limit is not read any further", async () => {
  const quarter = new Uint8Array(BODY_LIMIT / 4);
  const { request, seen } = arriving([...Array(4).fill(quarter), "x", ...Array(1_000).fill(quarter)]);
  assert.deepEqual(await new BodyReader(LONG, NEVER, systemClock).read(request, NaN, ROOM), {
    kind: "too_large",
  });
  assert.equal(seen.pulls, 5);
  assert.ok(seen.cancelled);
});

Deno.test("a body that stalls is too slow after the time for it, and no more of it is read", async (t) => {
  for (const chunks of [[], ["{"], ['{"a":1}']]) {
    await t.step(JSON.stringify(chunks), async () => {
      const { request, seen } = arriving(chunks, "stalls");
      assert.deepEqual(await new BodyReader(20, NEVER, systemClock).read(request, NaN, ROOM), {
        kind: "too_slow",
      });
      assert.equal(seen.pulls, chunks.length + 1);
      assert.ok(seen.cancelled);
    });
  }
});

Deno.test("a body that trickles in for ever is too slow all the same", async () => {
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      controller.enqueue(new TextEncoder().encode(" "));
    },
    cancel: () => void (cancelled = true),
  });
  assert.deepEqual(await new BodyReader(30, NEVER, systemClock).read(requestWith(stream), NaN, ROOM), {
    kind: "too_slow",
  });
  assert.ok(cancelled);
});

Deno.test("a body is cut off when work must end, at once and without being read on", async () => {
  const cut = new AbortController();
  const { request, seen } = arriving(["{"], "stalls");
  const body = new BodyReader(LONG, cut.signal, systemClock).read(request, NaN, ROOM);
  cut.abort();
  assert.deepEqual(await body, { kind: "cut_off" });
  assert.ok(seen.cancelled);
});

Deno.test("a body that was read is not undone by a later cut", async () => {
  const cut = new AbortController();
  const body = await new BodyReader(LONG, cut.signal, systemClock).read(arriving(["1"]).request, NaN, ROOM);
  cut.abort();
  assert.deepEqual(body, { kind: "json", value: 1 });
});

Deno.test("a connection that breaks is no JSON", async () => {
  const { request } = arriving(['{"a":1}'], "breaks");
  assert.deepEqual(await new BodyReader(LONG, NEVER, systemClock).read(request, NaN, ROOM), {
    kind: "invalid_json",
  });
});

Deno.test({
  name: "whatever the end, one listener serves all, and no timer stays behind when work has ended",
  sanitizeOps: true,
  sanitizeResources: true,
  fn: async () => {
    const cut = new AbortController();
    const added = mock.method(cut.signal, "addEventListener");
    const bodies = new BodyReader(20, cut.signal, systemClock);
    for (let i = 0; i < 3; i++) {
      await bodies.read(arriving(["1"]).request, NaN, ROOM);
      await bodies.read(arriving(["{"]).request, NaN, ROOM);
      await bodies.read(arriving([], "breaks").request, NaN, ROOM);
      await bodies.read(arriving([], "stalls").request, NaN, ROOM);
    }
    assert.equal(added.mock.callCount(), 1);
    cut.abort();
  },
});

Deno.test("a body whose length is declared is read in one go, with the same ends", async (t) => {
  const declared = (chunks: Chunks, then: "ends" | "stalls" | "breaks" = "ends") =>
    arriving(chunks, then).request;
  const cut = new AbortController();
  const rows: [what: string, request: Request, body: Body][] = [
    ["JSON", declared(['{"a"', ":1}"]), { kind: "json", value: { a: 1 } }],
    ["no JSON", declared(["{"]), { kind: "invalid_json" }],
    ["no UTF-8", declared([new Uint8Array([0x22, 0xff, 0x22])]), { kind: "invalid_json" }],
    ["no body", requestWith(null), { kind: "invalid_json" }],
    ["one that breaks", declared(["1"], "breaks"), { kind: "invalid_json" }],
    ["one that stalls", declared(["{"], "stalls"), { kind: "too_slow" }],
  ];
  for (const [what, request, body] of rows) {
    await t.step(
      what,
      async () =>
        assert.deepEqual(await new BodyReader(20, NEVER, systemClock).read(request, 10, ROOM), body),
    );
  }
  await t.step("one that is cut off", async () => {
    const body = new BodyReader(LONG, cut.signal, systemClock).read(declared(["{"], "stalls"), 10, ROOM);
    cut.abort();
    assert.deepEqual(await body, { kind: "cut_off" });
  });
});

Deno.test("property: what was written as JSON is read again, wherever the chunks are cut", async () => {
  await fc.assert(
    fc.asyncProperty(fc.json({ stringUnit: "binary" }), fc.array(fc.nat()), async (text, cuts) => {
      const bytes = new TextEncoder().encode(text);
      const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
      const chunks = ends.map((end, i) => bytes.slice(ends[i - 1] ?? 0, end));
      assert.deepEqual(await read(chunks), {
        kind: "json",
        value: JSON.parse(new TextDecoder().decode(bytes)),
      });
    }),
  );
});

Deno.test("a body of unknown length for which there is no room is not read any further", async () => {
  const { request, seen } = arriving(["1", "2", "3", "4"]);
  let room = 2;
  const take = (bytes: number) => (room -= bytes) >= 0;
  assert.deepEqual(await new BodyReader(LONG, NEVER, systemClock).read(request, NaN, take), {
    kind: "no_room",
  });
  assert.equal(seen.pulls, 3);
  assert.ok(seen.cancelled);
});
