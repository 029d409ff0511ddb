/**
 * The expected values are those of python-dotenv 1.2.4 (`dotenv.parser.parse_stream`), but where a row says otherwise;
 * with it, 20,000 texts made of such pieces were read alike, names in quotes over two lines aside.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type DotenvLine, parseDotenv } from "../../lib/config/dotenv.ts";

/** Rows: text, and its settings as `NAME: value`; `!kind` is a line that sets nothing. */
const ROWS:
  readonly (readonly [text: string, ...settings: (readonly [name: string, value: string] | string)[]])[] = [
    // A comment only at a line's start or after a blank.
    ["K=pa55#w0rd", ["K", "pa55#w0rd"]],
    ["K=abc # note", ["K", "abc"]],
    ["K=abc\t#note", ["K", "abc"]],
    ["K=abc #", ["K", "abc"]],
    ["K=#note", ["K", "#note"]],
    ["K=# note", ["K", "# note"]],
    ["K= # note", ["K", ""]],
    ["K=a # b # c", ["K", "a"]],
    ["# c\n\n  # d\nK=v", ["K", "v"]],
    ['K="a#b" # c', ["K", "a#b"]],
    ['K="a #b"', ["K", "a #b"]],
    ['K="a"#c', ["K", "a"]],
    ["K=a\u00a0#b", ["K", "a"]],
    // Names and blanks.
    ["K=", ["K", ""]],
    ["K==v", ["K", "=v"]],
    ["K=a=b==", ["K", "a=b=="]],
    [" K = v ", ["K", "v"]],
    ["export K=v", ["K", "v"]],
    ["export\t K='v'", ["K", "v"]],
    ["exportK=v", ["exportK", "v"]],
    ["export=1", ["export", "1"]],
    ["'K'=v", ["K", "v"]],
    ["'K L'=v", ["K L", "v"]],
    ['"K"=v', ['"K"', "v"]],
    ["K-1.x=v", ["K-1.x", "v"]],
    // Quotes and escapes.
    ['K=""', ["K", ""]],
    ["K=''", ["K", ""]],
    ["K=it's", ["K", "it's"]],
    ['K=a "b"', ["K", 'a "b"']],
    ["K=`a`", ["K", "`a`"]],
    [`K="it's"`, ["K", "it's"]],
    [`K='say "x"'`, ["K", 'say "x"']],
    [String.raw`K=a\nb`, ["K", String.raw`a\nb`]],
    [String.raw`K="a\nb\tc\"d\'e\\f\a\b\f\r\v"`, ["K", "a\nb\tc\"d'e\\f\x07\b\f\r\v"]],
    [String.raw`K="\$x \z"`, ["K", String.raw`\$x \z`]],
    [String.raw`K='a\nb\'c\\d'`, ["K", String.raw`a\nb'c` + "\\d"]],
    // Nothing is expanded; python-dotenv replaces it afterwards.
    ["K=${X}/$Y", ["K", "${X}/$Y"]],
    // Lines.
    ["K=a\r\nL=b\r\n", ["K", "a"], ["L", "b"]],
    ["K=a\rL=b", ["K", "a"], ["L", "b"]],
    ["\ufeffK=v", ["K", "v"]],
    ['K="a\nb"\nL=c', ["K", "a\nb"], ["L", "c"]],
    ["K='a\r\n#b' # c\nL=d", ["K", "a\r\n#b"], ["L", "d"]],
    ["K=v\nK=w", ["K", "v"], ["K", "w"]],
    [""],
    ["\n \n"],
    // What python-dotenv passes over is told here; a name alone is None there.
    ["K", "!no_setting"],
    ["export K\nL=v", "!no_setting", ["L", "v"]],
    ["K: v\nL=w", "!no_setting", ["L", "w"]],
    ["K : v", "!no_setting"],
    ["a b=c", "!no_setting"],
    ["=v", "!no_setting"],
    ["set K=v", "!no_setting"],
    ['K="abc', "!unclosed_quote"],
    ["K='abc\nL=1", "!unclosed_quote", ["L", "1"]],
    [String.raw`K="a\"`, "!unclosed_quote"],
    ['K="a" b\nL=c', "!text_after_quote", ["L", "c"]],
    ['K="a\nb" c\nL=d', "!text_after_quote", ["L", "d"]],
  ];

Deno.test("a .env is read as python-dotenv reads it", async (t) => {
  for (const [text, ...settings] of ROWS) {
    await t.step(JSON.stringify(text), () => {
      const found = parseDotenv(text).map((line) =>
        line.kind === "setting" ? [line.name, line.value] : `!${line.kind}`
      );
      assert.deepEqual(found, settings);
    });
  }
});

Deno.test("lines are counted as an editor counts them", () => {
  const text = '# 1\r\nA=2\n\n"4\nB="5\n6"\rC=7\nD="8\nE=9 \nF="10" x\n';
  const lines = parseDotenv(text).map((
    line,
  ) => [line.line, line.kind === "no_setting" ? line.text : line.name]);
  assert.deepEqual(lines, [[2, "A"], [4, '"4'], [5, "B"], [7, "C"], [8, "D"]]);
});

Deno.test("single quotes mark a value that is meant as it stands", () => {
  const literal = (text: string) =>
    parseDotenv(text).map((line) => line.kind === "setting" && line.isLiteral);
  assert.deepEqual(literal("A='x'\nB=\"x\"\nC=x\nD=''"), [true, false, false, true]);
});

Deno.test("no text makes the parser throw, and what is written in quotes comes back", () => {
  const piece = fc.constantFrom("K", "=", "'", '"', "\\", "#", " ", "\n", "\r", "export ", "é", "${X}");
  fc.assert(fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
    const lines = parseDotenv(pieces.join(""));
    assert.ok(lines.every(({ line }, i) => line >= 1 && (i === 0 || line >= lines[i - 1]!.line)));
  }));
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (value) => {
    const escaped = value.replace(/[\\']/g, "\\$&");
    const expected: DotenvLine = { kind: "setting", line: 1, name: "K", value, isLiteral: true };
    assert.deepEqual(parseDotenv(`K='${escaped}' # note\n`), [expected]);
  }));
});
