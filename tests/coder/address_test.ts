import assert from "node:assert/strict";
import fc from "fast-check";
import { addressOf, domainOf } from "../../lib/coder/address.ts";
import { anyText } from "../support/fakes.ts";

Deno.test("one address is taken, in lower case, and nothing else is", async (t) => {
  const rows: [text: string, address?: string][] = [
    ["alice@example.com", "alice@example.com"],
    ["Alice.Adler+dx@Mail.Example.COM", "alice.adler+dx@mail.example.com"],
    ["o'brien@example.com", "o'brien@example.com"],
    ["a=b@example.com", "a=b@example.com"],
    ["JÓZEF@bücher.example", "józef@bücher.example"],
    ["root@localhost", "root@localhost"],
    ["prebuilds@system", "prebuilds@system"],
    ['"a@b"@example.com', '"a@b"@example.com'],
    ['"a\\"b"@example.com', '"a\\"b"@example.com'],
    ["a@[192.0.2.1]", "a@[192.0.2.1]"],
    // From here on, it is none.
    ["alice"],
    ["@example.com"],
    ["alice@"],
    ["@"],
    [""],
    ["victim@gmail.com,alice@example.com"],
    ["victim@gmail.com;alice@example.com"],
    ["victim@gmail.com\n@example.com"],
    ["victim@gmail.com@example.com"],
    ["victim＠gmail.com@example.com"],
    ["alice＠example.com"],
    ["Alice <alice@example.com>"],
    ["<alice@example.com>"],
    ["alice adler@example.com"],
    ['"alice adler"@example.com'],
    ["alice\u00a0adler@example.com"],
    ["alice@exam\tple.com"],
    ["alice@example.com\0"],
    ["al\u200bice@example.com"],
    ["al\u202eice@example.com"],
    ["alice\u2028@example.com"],
    ["alice\u0085@example.com"],
    ["alice\ud800@example.com"],
    ['"alice@example.com'],
    ['alice"@example.com'],
    ['a@"b@example.com"'],
    ['"a"b@evil.test"@example.com'],
  ];
  for (const [text, address] of rows) {
    await t.step(JSON.stringify(text), () => assert.equal(addressOf(text), address));
  }
});

Deno.test("of any text, an address has one part behind the at-sign, and nothing that separates addresses", () => {
  const part = fc.oneof(anyText(10), fc.constantFrom("@", ",", " ", "<", ">", '"', "a", "example.com"));
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }).map((parts) => parts.join("")), (text) => {
      const address = addressOf(text);
      if (address === undefined) return;
      assert.equal(address, text.toLowerCase());
      assert.doesNotMatch(address, /[\s,<>\p{Cc}]/u);
      assert.equal(address.replace(/^"(?:[^"\\]|\\.)+"/, "").split("@").length, 2);
      assert.ok(domainOf(address) !== "" && address.endsWith(`@${domainOf(address)}`));
    }),
    { numRuns: 3_000, examples: [["alice@example.com"]] },
  );
});
