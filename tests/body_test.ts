import assert from "node:assert/strict";
import fc from "fast-check";
import { BODY_LIMIT, BODY_TIMEOUT, declaresTooMuch, readBody } from "../lib/body.ts";

const NEVER = new AbortController().signal;
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
  return readBody(arriving(chunks).request, LONG, NEVER);
}

/** JSON text of exactly so many bytes. */
function jsonOf(bytes: number): string {
  return `"${"a".repeat(bytes - 2)}"`;
}

Deno.test("the limits are one MiB and 15 seconds", () => {
  assert.equal(BODY_LIMIT, 1_048_576);
  assert.equal(BODY_TIMEOUT, 15_000);
});

Deno.test("a length is too much when it is declared and over the limit", async (t) => {
  const rows: [length: string | undefined, tooMuch: boolean][] = [
    [undefined, false],
    ["0", false],
    ["1048576", false],
    ["1048577", true],
    ["99999999999999999999999", true],
    ["", false],
    ["many", false],
  ];
  for (const [length, tooMuch] of rows) {
    await t.step(String(length), () => {
      const headers = new Headers(length === undefined ? {} : { "content-length": length });
      assert.equal(declaresTooMuch(headers), tooMuch);
    });
  }
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
  assert.deepEqual(await readBody(requestWith(null), LONG, NEVER), { kind: "invalid_json" });
});

Deno.test("a body of exactly the limit is read, one byte more is too much", async (t) => {
  for (const [bytes, kind] of [[BODY_LIMIT, "json"], [BODY_LIMIT + 1, "too_large"]] as const) {
    await t.step(`${bytes} bytes, as a whole`, async () => {
      assert.equal((await readBody(requestWith(jsonOf(bytes)), LONG, NEVER)).kind, kind);
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
  assert.deepEqual(await readBody(request, LONG, NEVER), { kind: "too_large" });
  assert.equal(seen.pulls, 5);
  assert.ok(seen.cancelled);
});

Deno.test("a body that stalls is too slow after the time for it, and no more of it is read", async (t) => {
  for (const chunks of [[], ["{"], ['{"a":1}']]) {
    await t.step(JSON.stringify(chunks), async () => {
      const { request, seen } = arriving(chunks, "stalls");
      assert.deepEqual(await readBody(request, 20, NEVER), { kind: "too_slow" });
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
  assert.deepEqual(await readBody(requestWith(stream), 30, NEVER), { kind: "too_slow" });
  assert.ok(cancelled);
});

Deno.test("a body is cut off when work must end, at once and without being read on", async () => {
  const cut = new AbortController();
  const { request, seen } = arriving(["{"], "stalls");
  const body = readBody(request, LONG, cut.signal);
  cut.abort();
  assert.deepEqual(await body, { kind: "cut_off" });
  assert.ok(seen.cancelled);
});

Deno.test("a body that was read is not undone by a later cut", async () => {
  const cut = new AbortController();
  const body = await readBody(arriving(["1"]).request, LONG, cut.signal);
  cut.abort();
  assert.deepEqual(body, { kind: "json", value: 1 });
});

Deno.test("a connection that breaks is no JSON", async () => {
  const { request } = arriving(['{"a":1}'], "breaks");
  assert.deepEqual(await readBody(request, LONG, NEVER), { kind: "invalid_json" });
});

Deno.test({
  name: "whatever the end, no timer and no listener stays behind",
  sanitizeOps: true,
  sanitizeResources: true,
  fn: async () => {
    const cut = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = cut.signal;
    cut.signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(cut.signal, args);
    };
    cut.signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(cut.signal, args);
    };
    await readBody(arriving(["1"]).request, LONG, cut.signal);
    await readBody(arriving(["{"]).request, LONG, cut.signal);
    await readBody(arriving([], "breaks").request, LONG, cut.signal);
    await readBody(arriving([], "stalls").request, 1, cut.signal);
    assert.equal(listeners, 0);
  },
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
