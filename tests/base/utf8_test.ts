import assert from "node:assert/strict";
import fc from "fast-check";
import { jsonBytes, jsonBytesOf, utf8Bytes } from "../../lib/base/utf8.ts";
import { anyText } from "../support/fakes.ts";

const encoder = new TextEncoder();

function measured(text: string): number {
  return encoder.encode(text).length;
}

Deno.test("the bytes of a code point in JSON are those that JSON.stringify writes", () => {
  const beyond = [0x10000, 0x10001, 0x1f600, 0x2ffff, 0x10fffe, 0x10ffff];
  const wrong: string[] = [];
  for (const codePoint of [...Array.from({ length: 0x10000 }, (_, i) => i), ...beyond]) {
    const expected = measured(JSON.stringify(String.fromCodePoint(codePoint))) - 2;
    const bytes = jsonBytesOf(codePoint);
    if (bytes !== expected) wrong.push(`U+${codePoint.toString(16)}: ${bytes}, not ${expected}`);
  }
  assert.deepEqual(wrong, []);
});

Deno.test("the bytes of a text in JSON include its quotation marks", async (t) => {
  const rows: [what: string, text: string, bytes: number][] = [
    ["nothing", "", 2],
    ["letters", "abc", 5],
    ["a quotation mark and a backslash", '"\\', 6],
    ["a line feed, which has a short form", "\n", 4],
    ["a bell, which has none", "\x07", 8],
    ["two bytes", "é", 4],
    ["three bytes", "€", 5],
    ["a pair of surrogates", "𝒳", 6],
    ["a lone high surrogate", "\ud800", 8],
    ["a lone low surrogate before a pair", "\udc00𝒳", 12],
  ];
  for (const [what, text, bytes] of rows) {
    await t.step(what, () => assert.equal(jsonBytes(text), bytes));
  }
});

Deno.test("the bytes of any text in JSON are those that an encoder counts", () => {
  fc.assert(
    fc.property(anyText(60), (text) => assert.equal(jsonBytes(text), measured(JSON.stringify(text)))),
    { numRuns: 500 },
  );
});

Deno.test("the bytes of a well-formed text are those that an encoder counts", () => {
  fc.assert(
    fc.property(anyText(60).map((text) => text.toWellFormed()), (text) => {
      assert.equal(utf8Bytes(text), measured(text));
    }),
    { numRuns: 500 },
  );
});
