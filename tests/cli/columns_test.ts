import assert from "node:assert/strict";
import { alignColumns } from "../../lib/cli/columns.ts";

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
