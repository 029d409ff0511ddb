import assert from "node:assert/strict";
import fc from "fast-check";
import { alignColumns, wrap } from "../../lib/cli/columns.ts";

Deno.test("columns are aligned by their longest cell, with two spaces between", () => {
  const rows = [["NAME", "WHOSE", "NOTE"], ["Workspace Created", "owner", "n"], [
    "x",
    "recipient",
    "a longer note",
  ]];
  assert.equal(
    alignColumns(rows),
    [
      "NAME               WHOSE      NOTE",
      "Workspace Created  owner      n",
      "x                  recipient  a longer note",
    ].join("\n"),
  );
});

Deno.test("no line ends in spaces", () => {
  const lines = alignColumns([["a", "b", ""], ["long", "", ""], ["", "", "end"], ["", "", ""]]).split("\n");
  assert.deepEqual(lines, ["a     b", "long", "         end", ""]);
});

Deno.test("no rows make no text, one column makes its cells", () => {
  assert.equal(alignColumns([]), "");
  assert.equal(alignColumns([["a"], ["bb"]]), "a\nbb");
});

Deno.test("a character counts once, however many code units it has", () => {
  const lines = alignColumns([["😀😀", "|"], ["é", "|"], ["abc", "|"]]).split("\n");
  assert.deepEqual(lines, ["😀😀   |", "é    |", "abc  |"]);
});

Deno.test("with a width the last column is wrapped under itself", () => {
  const rows = [["NAME", "FOUND"], ["a", "one two three four five six"], ["b", `${"x".repeat(25)} y`]];
  assert.deepEqual(alignColumns(rows, 26).split("\n"), [
    "NAME  FOUND",
    "a     one two three four",
    "      five six",
    "b     xxxxxxxxxxxxxxxxxxxx",
    "      xxxxx y",
  ]);
});

Deno.test("property: wrapped lines fit, and hold every word", () => {
  const text = fc.array(fc.string({ minLength: 1, maxLength: 90 }).map((word) => word.replaceAll(/\s/g, "x")))
    .map((words) => words.join(" "));
  fc.assert(fc.property(text, fc.integer({ min: 0, max: 60 }), (text, indent) => {
    const wrapped = wrap(text, { width: 80, indent });
    for (const line of wrapped.split("\n")) assert.ok([...line].length <= 80, line);
    assert.equal(wrapped.replaceAll(/\s/g, ""), text.replaceAll(/\s/g, ""));
  }));
});
