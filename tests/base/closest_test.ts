import assert from "node:assert/strict";
import { closest } from "../../lib/base/closest.ts";
import { entriesOf } from "../../lib/base/entries.ts";

Deno.test("the closest word is the one with the fewest edits, and nothing is closest to what differs too much", async (t) => {
  const words = ["check", "serve", "outbox", "events", "explain"];
  const rows: [word: string, found: string | undefined, edits?: number][] = [
    ["check", "check", 0],
    ["chek", "check", 1],
    ["chcek", undefined],
    ["servr", "serve", 1],
    ["outbx", "outbox", 1],
    ["eventz", "events", 1],
    ["explian", "explain", 2],
    ["start", undefined],
    ["", undefined],
    ["x", undefined],
  ];
  for (const [word, found, edits] of rows) {
    await t.step(word, () => {
      assert.deepEqual(closest(word, words), found === undefined ? undefined : { word: found, edits });
    });
  }
  assert.equal(closest("check", []), undefined);
  assert.deepEqual(closest("cat", ["cut", "car"]), { word: "cut", edits: 1 }, "the earliest of several");
});

Deno.test("comma, semicolon and line break separate the entries of a list", async (t) => {
  const rows: [list: string, entries: string[]][] = [
    ["a, b", ["a", "b"]],
    ["a;b\nc\r\nd\re", ["a", "b", "c", "d", "e"]],
    [" two words ,, ;\n", ["two words"]],
    ["", []],
  ];
  for (const [list, entries] of rows) {
    await t.step(JSON.stringify(list), () => assert.deepEqual(entriesOf(list), entries));
  }
});
