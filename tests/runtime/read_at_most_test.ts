import assert from "node:assert/strict";
import { readAtMost } from "../../lib/runtime/read_at_most.ts";
import { settled } from "../support/fakes.ts";

/** A stream of these chunks that tells how much of it was read, and whether it was cancelled. */
function streamOf(chunks: readonly string[], end: "closes" | "stays open" | "fails") {
  const seen = { pulled: 0, cancelled: false };
  const left = chunks.map((chunk) => new TextEncoder().encode(chunk));
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = left.shift();
      if (chunk !== undefined) {
        seen.pulled++;
        controller.enqueue(chunk);
      } else if (end === "closes") controller.close();
      else if (end === "fails") controller.error(new Error("broken off"));
      else return new Promise(() => {});
    },
    cancel() {
      seen.cancelled = true;
    },
  }, { highWaterMark: 0 });
  return { stream, seen };
}

Deno.test("a stream up to the limit is read to its end", async (t) => {
  const rows: [what: string, chunks: string[], limit: number, text: string][] = [
    ["nothing", [], 5, ""],
    ["empty chunks", ["", ""], 0, ""],
    ["one chunk", ["abc"], 5, "abc"],
    ["several chunks, in order", ["a", "", "bc", "d"], 5, "abcd"],
    ["exactly the limit in one chunk", ["abcde"], 5, "abcde"],
    ["exactly the limit in several chunks", ["abc", "de"], 5, "abcde"],
  ];
  for (const [what, chunks, limit, text] of rows) {
    await t.step(what, async () => {
      const bytes = await readAtMost(streamOf(chunks, "closes").stream, limit);
      assert.equal(new TextDecoder().decode(bytes), text);
    });
  }
});

Deno.test("no stream at all is an empty one", async () => {
  assert.deepEqual(await readAtMost(null, 0), new Uint8Array());
});

Deno.test("a stream over the limit is given up as soon as that is seen", async (t) => {
  const rows: [what: string, chunks: string[], pulled: number][] = [
    ["in its first chunk", ["abcdef", "g"], 1],
    ["by one byte in a later chunk", ["abc", "de", "f", "g"], 3],
  ];
  for (const [what, chunks, pulled] of rows) {
    await t.step(what, async () => {
      const { stream, seen } = streamOf(chunks, "stays open");
      assert.equal(await readAtMost(stream, 5), undefined);
      assert.deepEqual(seen, { pulled, cancelled: true });
    });
  }
});

Deno.test("a stream that fails makes the reading fail", async () => {
  await assert.rejects(readAtMost(streamOf(["abc"], "fails").stream, 5), { message: "broken off" });
});

Deno.test("an aborted signal ends a reading that would never end", async () => {
  const { stream, seen } = streamOf(["abc"], "stays open");
  const stop = new AbortController();
  const reading = readAtMost(stream, 5, stop.signal);
  await settled();
  stop.abort();
  assert.equal(await reading, undefined);
  assert.deepEqual(seen, { pulled: 1, cancelled: true });
});

Deno.test("nothing is read when the signal was aborted before", async () => {
  const { stream, seen } = streamOf(["abc"], "closes");
  assert.equal(await readAtMost(stream, 5, AbortSignal.abort()), undefined);
  assert.deepEqual(seen, { pulled: 0, cancelled: true });
});

Deno.test("a stream that fails while it is cancelled does not fail anything else", async () => {
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(6)),
    cancel: () => Promise.reject(new Error("not cancelled")),
  });
  assert.equal(await readAtMost(stream, 5), undefined);
  await settled();
});
