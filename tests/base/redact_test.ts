import assert from "node:assert/strict";
import fc from "fast-check";
import {
  constant,
  cut,
  escapeControls,
  joined,
  maskEmail,
  plain,
  scrub,
  shownId,
  shownName,
} from "../../lib/base/redact.ts";
import type { Log } from "../../lib/base/log.ts";
import { anyText, RecordingLog } from "../support/fakes.ts";

/** The end of what anybody would take for an address, with the at-sign as it stands in a URL too. */
const ADDRESS = /[a-z0-9._+-](?:@|%40)[a-z0-9-]+(?:\.[a-z0-9-]+)+/i;
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

Deno.test("scrub removes e-mail addresses, secrets and control characters", async (t) => {
  const rows: [what: string, text: string, secrets: string[], shown: string][] = [
    ["harmless words", "metadata is too long", ["k3y"], "metadata is too long"],
    ["nothing", "", ["k3y"], ""],
    ["an address", "no user alice@example.com here", [], "no user (e-mail) here"],
    ["an address in brackets", "<alice@example.com>", [], "<(e-mail)>"],
    ["an address in quotation marks", '"alice@example.com"', [], '"(e-mail)"'],
    ["an address after a name, which could be a part of it", "to email=alice@example.com", [], "to (e-mail)"],
    ["a plus address", "alice+dx@mail.example.com", [], "(e-mail)"],
    ["an address of a URL", "see /?email=alice%40example.com", [], "see (e-mail)"],
    ["an address of a URL in a URL", "alice%2540example.com", [], "(e-mail)"],
    ["a name in quotation marks", 'no "john doe"@example.com here', [], "no (e-mail) here"],
    ["such a name with quotation marks in it", 'no "john \\"x\\" doe"@example.com', [], "no (e-mail)"],
    ["such a name in JSON", '{"to":"\\"john doe\\"@example.com"}', [], '{"to":"(e-mail)"}'],
    ["such a name percent-encoded", "%22john%20doe%22%40example.com", [], "(e-mail)"],
    ["a quotation that has no name", '{"a":"@example"}', [], '{"a":"@example"}'],
    ["an apostrophe", "no o'brien@example.com", [], "no (e-mail)"],
    ["an apostrophe in quotation marks", "no 'o'brien@example.com'", [], "no '(e-mail)'"],
    ["an equals sign", "no a=b@example.com", [], "no (e-mail)"],
    ["a slash", "no dept/alice@example.com", [], "no (e-mail)"],
    ["a wide at-sign", "no alice＠example.com", [], "no (e-mail)"],
    ["a small at-sign", "no alice﹫example.com", [], "no (e-mail)"],
    ["a wide at-sign percent-encoded", "alice%EF%BC%A0example.com", [], "(e-mail)"],
    ["an at-sign as JSON may spell it", "alice\\u0040example.com", [], "(e-mail)"],
    [
      "at-signs as HTML spells them",
      "a&#64;b.example c&#x40;d.example e&commat;f.example",
      [],
      "(e-mail) (e-mail) (e-mail)",
    ],
    ["two at-signs", "victim@gmail.com@example.com", [], "(e-mail)"],
    ["a local part of any length", `${"a".repeat(150)}@example.com`, [], "(e-mail)"],
    ["lone at-signs", "@ a@ @b 50%40 @alice", [], "@ a@ @b 50%40 @alice"],
    ["an address in capitals", "ALICE@EXAMPLE.COM", [], "(e-mail)"],
    ["an address as long as can be", `${"a".repeat(64)}@${"b.".repeat(94)}com`, [], "(e-mail)"],
    ["an address without dots", "root@localhost", [], "(e-mail)"],
    ["an address beyond ASCII", "józef@bücher.example", [], "(e-mail)"],
    ["two addresses", "a@example.com, b@example.com", [], "(e-mail), (e-mail)"],
    ["a secret", "key k3y-9 is wrong", ["k3y-9"], "key (removed) is wrong"],
    ["a secret three times", "k3yk3y k3y", ["k3y"], "(removed)(removed) (removed)"],
    ["two secrets", "old and new", ["old", "new"], "(removed) and (removed)"],
    ["a secret with signs of patterns", "a.c$&", [".c$&"], "a(removed)"],
    ["an empty secret, which is none", "abc", [""], "abc"],
    ["a secret in an address", "k3y@example.com", ["k3y"], "(removed)@example.com"],
    ["a forged line", "ok\r\nERROR forged", [], "ok\\u{d}\\u{a}ERROR forged"],
    ["a terminal's colours", "\x1b[31mred", [], "\\u{1b}[31mred"],
    ["a turned direction", "a\u202eb", [], "a\\u{202e}b"],
    ["a lone surrogate", "a\ud800b", [], "a\\u{d800}b"],
    ["later controls", "a\x80b\x9fc", [], "a\\u{80}b\\u{9f}c"],
  ];
  for (const [what, text, secrets, shown] of rows) {
    await t.step(what, () => assert.equal(scrub(text, secrets), shown));
  }
});

Deno.test("scrub removes every secret whole, also one that holds another", () => {
  assert.doesNotMatch(scrub("the key is abcdef", ["abc", "abcdef"]), /abc|def/);
});

Deno.test("scrub cuts to 200 code points, and never through a secret or an address", async (t) => {
  const rows: [what: string, text: string, shown: string][] = [
    ["200 stay", "€".repeat(200), "€".repeat(200)],
    ["201 do not", "€".repeat(201), "€".repeat(199) + "…"],
    ["200 astral ones stay", "𝒳".repeat(200), "𝒳".repeat(200)],
    ["201 astral ones do not", "𝒳".repeat(201), "𝒳".repeat(199) + "…"],
    ["an address over the end", "x".repeat(195) + " alice@example.com", "x".repeat(195) + " (e-…"],
    ["a secret over the end", "x".repeat(195) + " k3y-k3y-k3y", "x".repeat(195) + " (re…"],
  ];
  for (const [what, text, shown] of rows) {
    await t.step(what, () => assert.equal(scrub(text, ["k3y-k3y-k3y"]), shown));
  }
});

Deno.test("scrub shows no half of an address, wherever it stops looking", () => {
  // Removed, these make room for all that is looked at.
  const long = `${"x".repeat(128)}@${"y".repeat(255)} `.repeat(4);
  for (let before = 0; before < 100; before++) {
    const shown = scrub(`${long}${"z".repeat(before)} alice.adler@example.com ${"z".repeat(1000)}`, [], 200);
    assert.doesNotMatch(shown, /al|le\./, `${before} before it`);
  }
});

Deno.test("scrub shows no half of a quoted name, wherever it stops looking", () => {
  const long = `${"x".repeat(128)}@${"y".repeat(255)} `.repeat(4);
  for (let before = 0; before < 100; before++) {
    const shown = scrub(
      `${long}${"z".repeat(before)} "alice adler x"@example.com ${"z".repeat(1000)}`,
      [],
      200,
    );
    assert.doesNotMatch(shown, /alice|adler/, `${before} before it`);
  }
});

Deno.test("scrub says with … that words are missing, also when what it removed made room", () => {
  const long = `${"x".repeat(100)}@${"example".repeat(20)}.com `;
  assert.match(scrub(long.repeat(9) + "and the reason", []), /…$/);
});

Deno.test("of any text, scrub shows no address, no secret and no control character", () => {
  const alphabet = [..."abcdefghijklmnopqrstuvwxyz0123456789"];
  const word = fc.string({ unit: fc.constantFrom(...alphabet), minLength: 1, maxLength: 20 });
  const local = fc.oneof(
    word,
    fc.tuple(word, fc.constantFrom("'", "=", "+", "/", "."), word).map((parts) => parts.join("")),
    fc.tuple(word, word).map(([a, b]) => `"${a} ${b}"`),
  );
  const address = fc.tuple(local, fc.constantFrom("@", "%40", "＠"), word).map(([a, at, b]) =>
    `${a}${at}${b}.example`
  );
  const secret = fc.string({ unit: fc.constantFrom(...alphabet), minLength: 8, maxLength: 40 })
    .filter((text) => !"(e-mail)(removed)…".includes(text));
  const limit = fc.integer({ min: 1, max: 300 });
  fc.assert(
    fc.property(
      secret,
      address,
      fc.array(anyText(40), { maxLength: 12 }),
      limit,
      (key, email, texts, most) => {
        const text = texts.flatMap((part, i) => [part, i % 2 === 0 ? email : key]).join("");
        const shown = scrub(text, [key], most);
        assert.ok(!shown.includes(email), `${JSON.stringify(shown)} has the address`);
        for (const part of email.split(/[^a-z0-9]+/).filter((part) => part.length > 8)) {
          if (![key, ...texts].some((other) => other.includes(part))) {
            assert.ok(!shown.includes(part), `${JSON.stringify(shown)} has a part of ${email}`);
          }
        }
        assert.ok(!shown.includes(key), `${JSON.stringify(shown)} has the secret`);
        assert.doesNotMatch(shown, ADDRESS);
        assert.doesNotMatch(shown, CONTROL);
        assert.ok([...shown].length <= most, `${[...shown].length} code points, not ${most}`);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("scrub comes to an end with text made to be slow", async (t) => {
  const size = 65_536;
  const rows: [what: string, text: string][] = [
    ["letters", "a".repeat(size)],
    ["at-signs", "@".repeat(size)],
    ["letters and at-signs", "a@".repeat(size / 2)],
    ["at-signs of a URL", "a%40".repeat(size / 4)],
    ["percent signs", "%4".repeat(size / 2)],
    ["short words", "a ".repeat(size / 2)],
    ["a long word and a space", "a".repeat(size - 1) + " "],
    ["a long word and a longer one", `${"a".repeat(size)} ${"b".repeat(size * 8)}`],
    ["control characters", "\x1b".repeat(size)],
    ["lone surrogates", "\ud800".repeat(size)],
    ["quotation marks before at-signs", '"@'.repeat(size / 2)],
    ["quoted letters before at-signs", '"a"@'.repeat(size / 4)],
    ["a quotation that never began", `${"a ".repeat(size / 4)}${'"@ '.repeat(size / 8)}`],
    ["backslashes", `${"\\".repeat(size / 2)}"@`.repeat(2)],
    ["escaped quotation marks", '\\"'.repeat(size / 2) + '"@x'],
    ["percent signs in percent signs", "%25".repeat(size / 3)],
    ["apostrophes", "'".repeat(size - 2) + "@x"],
    ["HTML's zeros", "&#0000".repeat(size / 6)],
  ];
  for (const [what, text] of rows) {
    for (const limit of [1, 200, size]) {
      await t.step(`${what}, ${limit} shown`, () => {
        const shown = scrub(text, ["a@a"], limit);
        assert.ok([...shown].length <= limit);
        assert.doesNotMatch(shown, ADDRESS);
      });
    }
  }
});

Deno.test("escapeControls spells what a terminal or a log would act on, and nothing else", async (t) => {
  const rows: [text: string, escaped: string][] = [
    ["plain – “words”, 漢字 😀", "plain – “words”, 漢字 😀"],
    ["\0\t\n\r\x7f\x85", "\\u{0}\\u{9}\\u{a}\\u{d}\\u{7f}\\u{85}"],
    ["\u200b\u2028\u2029\u2066\ufeff", "\\u{200b}\\u{2028}\\u{2029}\\u{2066}\\u{feff}"],
    ["\u{e0041}", "\\u{e0041}"],
    ["\udc00\ud800", "\\u{dc00}\\u{d800}"],
  ];
  for (const [text, escaped] of rows) {
    await t.step(escaped, () => assert.equal(escapeControls(text), escaped));
  }
});

Deno.test("cut leaves what fits, and ends what does not in …, at a code point", () => {
  fc.assert(
    fc.property(anyText(40), fc.integer({ min: 1, max: 45 }), (text, limit) => {
      const points = [...text];
      const expected = points.length <= limit ? text : points.slice(0, limit - 1).join("") + "…";
      assert.equal(cut(text, limit), expected);
    }),
    { numRuns: 500 },
  );
});

Deno.test("maskEmail leaves the first character and the domain", async (t) => {
  const rows: [email: string, masked: string][] = [
    ["alice@example.com", "a…@example.com"],
    ["a@example.com", "a…@example.com"],
    ["𝒳y@example.com", "𝒳…@example.com"],
    ['"a@b"@example.com', '"…@example.com'],
    ["@example.com", "(hidden)"],
    ["alice", "(hidden)"],
    ["", "(hidden)"],
    ["\nalice@example.com\x1b[31m", "\\u{a}…@example.com\\u{1b}[31m"],
  ];
  for (const [email, masked] of rows) {
    await t.step(JSON.stringify(email), () => assert.equal(maskEmail(email), masked));
  }
});

Deno.test("only words of the program's own, numbers and redacted text make redacted text", () => {
  assert.equal(
    plain`it has ${5} of ${shownName("Welcome alice@example.com")}: ${true}`,
    "it has 5 of Welcome (e-mail): true",
  );
  assert.equal(plain`a\tb`, "a\tb");
  assert.equal(constant("fixed"), "fixed");
  assert.equal(joined([plain`a`, plain`b`]), "a, b");
  assert.equal(joined([plain`a`, plain`b`], "; "), "a; b");
  const received: string = "alice@example.com";
  // @ts-expect-error: text from outside is not redacted
  plain`it is ${received}`;
  // @ts-expect-error: nor is it a constant
  constant(received);
  // @ts-expect-error: nor can it be joined
  joined([received]);
});

Deno.test("names are shown up to 60 and ids up to 64 characters, without addresses", () => {
  assert.equal(shownName("n".repeat(61)), "n".repeat(59) + "…");
  assert.equal(shownName("for alice@example.com"), "for (e-mail)");
  assert.equal(shownId("i".repeat(65)), "i".repeat(63) + "…");
});

Deno.test("the compiler lets literals and redacted texts into what is told, and no text from outside", () => {
  const outside: string = "alice@example.com";
  const recording = new RecordingLog();
  const log: Log = recording;
  log.write("INFO", "webhook", "words of the program", {
    reason: Math.random() < 2 ? "busy" : "draining",
    ms: 1,
  });
  log.write("INFO", "webhook", plain`${"words"} with ${scrub(outside, [])} and ${1}`, {
    seen: scrub(outside, []),
  });
  // @ts-expect-error: a text from outside is no message
  log.write("INFO", "webhook", outside);
  // @ts-expect-error: nor is a template that holds one
  log.write("INFO", "webhook", `told: ${outside}` as const);
  // @ts-expect-error: nor a field
  log.write("INFO", "webhook", "words", { seen: outside });
  // @ts-expect-error: nor a part of words
  plain`told: ${outside}`;
  // @ts-expect-error: nor a piece of a constant
  constant("told: ", `${outside}` as const);
  assert.equal(recording.entries.length, 5);
  assert.equal(plain`${"a"}${1}b${true}`, "a1btrue");
});
