import assert from "node:assert/strict";
import {
  boolean,
  duration,
  integer,
  list,
  matching,
  oneOf,
  type Parser,
  secret,
} from "../../lib/config/parsers.ts";

/** A row: the parser, texts with their values, the rule, and texts that break it. */
interface Row {
  readonly parser: Parser<unknown>;
  readonly good: readonly (readonly [text: string, value: unknown])[];
  readonly rule: string;
  readonly bad: readonly string[];
}

const ROWS: Record<string, Row> = {
  "a duration": {
    parser: duration("1s", "2d"),
    good: [
      ["1000ms", 1_000],
      ["1500ms", 1_500],
      ["1s", 1_000],
      ["90s", 90_000],
      ["1m", 60_000],
      ["24h", 86_400_000],
      ["1d", 86_400_000],
      ["2d", 172_800_000],
      ["172800s", 172_800_000],
      ["010s", 10_000],
    ],
    rule: "must be a whole number and one of ms, s, m, h, d, from 1s to 2d",
    bad: [
      "",
      "0s",
      "999ms",
      "172801s",
      "3d",
      "10",
      "s",
      "1.5h",
      "1,5h",
      "-1s",
      "+1s",
      "1e3s",
      "10 s",
      "1w",
      "1y",
    ]
      .concat("1sec", "1h30m", "0x10s", "١s", "1s\n", "Infinityd", "99999999999999999999s"),
  },
  "a duration that may be nothing": {
    parser: duration("0s", "10m"),
    good: [["0s", 0], ["0ms", 0], ["10m", 600_000]],
    rule: "must be a whole number and one of ms, s, m, h, d, from 0s to 10m",
    bad: ["600001ms", "-0s"],
  },
  "a whole number": {
    parser: integer(0, 65535),
    good: [["0", 0], ["8080", 8080], ["65535", 65535], ["00080", 80]],
    rule: "must be a whole number from 0 to 65535",
    bad: [
      "",
      "65536",
      "-1",
      "+1",
      "1.0",
      "1e3",
      "0x50",
      "80 80",
      "1_000",
      "http",
      "NaN",
      "Infinity",
      "٣",
      "9999999999999",
    ],
  },
  "a boolean": {
    parser: boolean,
    good: [["true", true], ["1", true], ["false", false], ["0", false]],
    rule: "must be true, false, 1 or 0",
    bad: ["", "yes", "no", "on", "off", "t", "f", "2", "-1", "00", "true false", "null", "undefined"],
  },
  "a boolean that is a name every object has": {
    parser: boolean,
    good: [],
    rule: "must be true, false, 1 or 0",
    bad: ["constructor", "__proto__"],
  },
  "one of a few words": {
    parser: oneOf({ text: "text", JSON: "json" }),
    good: [["text", "text"], ["TEXT", "text"], ["json", "json"], ["JSON", "json"]],
    rule: "must be one of text, JSON",
    bad: ["", "tex", "texts", "text,json", "constructor", "toString", "__proto__"],
  },
  "a secret": {
    parser: secret(),
    good: [["s3cret", "s3cret"], ["pâss wörd", "pâss wörd"], ["falsey", "falsey"], ["00", "00"]],
    rule: "must not be a word that switches something on or off: leave it out to have none",
    bad: ["false", "TRUE", "on", "Off", "yes", "no", "y", "n", "0", "1", "none", "null", "nil", "undefined"]
      .concat("enabled", "disable", "disabled", "default", "unset"),
  },
  "a secret with a pattern": {
    parser: secret(/^[a-z]+$/, "must be letters"),
    good: [["abc", "abc"]],
    rule: "must be letters",
    bad: ["a b", "a1", "a\n"],
  },
  "a secret of one line": {
    parser: secret(),
    good: [["a b", "a b"]],
    rule: "must be one line without control characters",
    bad: ["a\nb", "a\tb", "a\x00", "a\x85"],
  },
  "a list": {
    parser: list("a, b"),
    good: [["a, b", "a, b"], ["it's, a [b] c", "it's, a [b] c"], ["a;\nb", "a;\nb"]],
    rule: "must be written without brackets and quotation marks, like a, b",
    bad: ["[a, b]", "['a']", '["a", "b"]', "{a}", `"a", b`, "a; 'b'", "a\n'b", "a, b]", 'a", "b'],
  },
  "a text with a pattern": {
    parser: matching(/^[a-z]+$/, "must be lower-case letters"),
    good: [["abc", "abc"]],
    rule: "must be lower-case letters",
    bad: ["", "aB", "a b", "ab1"],
  },
};

for (const [what, { parser, good, rule, bad }] of Object.entries(ROWS)) {
  Deno.test(`${what} is read, or its rule told`, async (t) => {
    for (const [text, value] of good) {
      await t.step(`'${text}' is ${value}`, () => assert.deepEqual(parser(text), { value }));
    }
    for (const text of bad) {
      await t.step(`${JSON.stringify(text)} is not`, () => assert.deepEqual(parser(text), { rule }));
    }
  });
}

Deno.test("a pattern gives the same answer every time", () => {
  const parser = matching(/^a/, "must begin with a");
  assert.deepEqual([parser("a"), parser("a"), parser("a")], Array(3).fill({ value: "a" }));
});
