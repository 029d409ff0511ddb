import assert from "node:assert/strict";
import { assertEntries, assertTable } from "./entries.ts";

Deno.test("a list that differs is told with the finished lines", async (t) => {
  const rows: [what: string, found: string[], wanted: string[], told: RegExp][] = [
    ["one is missing", ["a", "c"], ["a", "b", "c"], /\n\nPut in below a\n\nb\n$/],
    ["the first is missing", ["b"], ["a", "b"], /\n\nPut in as the first\n\na\n$/],
    ["one is too many", ["a", "b"], ["a"], /\n\nTake out\n\nb\n$/],
    ["one has changed", ["a", "b"], ["a", "B"], /\n\nPut in below a\n\nB\n\nTake out\n\nb\n$/],
    ["the order is another", ["b", "a"], ["a", "b"], /^page\.md\n/],
    ["one is there twice", ["a", "a"], ["a"], /^page\.md\n/],
  ];
  for (const [what, found, wanted, told] of rows) {
    await t.step(what, () => assert.throws(() => assertEntries("page.md", found, wanted), { message: told }));
  }
  assertEntries("page.md", ["a", "b"], ["a", "b"]);
});

Deno.test("a table's missing row is told as a line of Markdown", () => {
  const page = { path: "page.md", head: "Name", text: "| Name | Meaning |\n| - | - |\n| a    | one     |\n" };
  assertTable(page, [["a", "one"]]);
  assert.throws(() => assertTable(page, [["a", "one"], ["b", ""]]), { message: /\n\n\| b \| {2}\|\n$/ });
});
