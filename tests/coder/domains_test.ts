import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDomains } from "../../lib/coder/domains.ts";

function rulesOf(list: string) {
  const parsed = parseDomains(list);
  return "rules" in parsed ? parsed.rules : assert.fail(parsed.errors.join("\n"));
}

Deno.test("a domain is meant as it is written, its sub-domains only with a star", async (t) => {
  const rows: [list: string, meant: string[], notMeant: string[]][] = [
    ["example.com", ["example.com", "EXAMPLE.com", "example.com."], [
      ...["sub.example.com", "notexample.com", "example.com.evil.test", "example.org", "com", "", "."],
    ]],
    ["*.example.com", ["a.example.com", "a.b.example.com", "A.Example.Com", "a.example.com."], [
      ...["example.com", ".example.com", "aexample.com", "example.com.evil.test", "com", "", "."],
    ]],
    [" @Example.COM. ;*.b.example\nc.example,,", ["example.com", "x.b.example", "c.example"], ["b.example"]],
    ["example.com, *.example.com", ["example.com", "a.example.com"], ["example.org"]],
    ["*.corp", ["mail.corp"], ["corp"]],
    ["bücher.example, a_b.example, xn--bcher-kva.example", [
      "bücher.example",
      "BÜCHER.example",
      "a_b.example",
    ], []],
  ];
  for (const [list, meant, notMeant] of rows) {
    await t.step(JSON.stringify(list), () => {
      const rules = rulesOf(list);
      for (const domain of meant) assert.ok(rules.has(domain), domain);
      for (const domain of notMeant) assert.ok(!rules.has(domain), domain);
    });
  }
});

const FORM = "write domains like example.com, or *.example.com for its sub-domains";
const EVERYBODY = "leave EMAIL_DOMAINS out if everybody is meant";

Deno.test("an entry that can match nobody is an error that says what to write", async (t) => {
  const rows: [entry: string, shown: string, write: string][] = [
    ["example", "example", FORM],
    [".example.com", ".example.com", "write *.example.com for its sub-domains, example.com for itself"],
    ["*example.com", "*example.com", "write *.example.com for its sub-domains, example.com for itself"],
    ["*.*.example.com", "*.*.example.com", FORM],
    ["example.*", "example.*", FORM],
    ["https://example.com", "https://example.com", "write example.com"],
    ["https://Example.com:8080/x", "https://Example.com:8080/x", "write example.com"],
    ["https://u:s3cret@example.com/", "(hidden)@example.com/", FORM],
    ["https://example.com/?token=s3cret", "https://example.com/?(hidden)", "write example.com"],
    ["postgres://u:p@db.example/x?password=s3cret", "(hidden)@db.example/x?(hidden)", FORM],
    ["alice@example.com", "(hidden)@example.com", "write example.com"],
    ["alice@@example.com", "(hidden)@example.com", FORM],
    ["*@example.com", "(hidden)@example.com", "write example.com"],
    ["a b", "a b", FORM],
    ["example.com example.org", "example.com example.org", FORM],
    ["- example.com", "- example.com", FORM],
    ["-a.example", "-a.example", FORM],
    ["a..example", "a..example", FORM],
    ["192.0.2.1", "192.0.2.1", FORM],
    ["[192.0.2.1]", "[192.0.2.1]", FORM],
    [`${"a".repeat(64)}.example`, `${"a".repeat(64)}.example`, FORM],
    ["@", "@", FORM],
    [".", ".", FORM],
    ...["*", "all", "any", "everybody", "false", "None", "off"].map((word) =>
      [word, word, EVERYBODY] as [string, string, string]
    ),
  ];
  for (const [entry, shown, write] of rows) {
    await t.step(entry, () => {
      assert.deepEqual(parseDomains(`example.org, ${entry}`), {
        errors: [`'${shown}' can match nobody: ${write}`],
      });
    });
  }
  await t.step("no entry", () => {
    assert.deepEqual(parseDomains(" ,;\n"), { errors: [`no domain is named: ${FORM}`] });
  });
});

Deno.test("what is accepted matches somebody, and nobody else", () => {
  const label = fc.stringMatching(/^[a-z0-9]{1,5}$/);
  const domain = fc.tuple(label, label, fc.constantFrom("example", "test")).map((labels) => labels.join("."));
  fc.assert(fc.property(domain, domain, (one, other) => {
    assert.equal(rulesOf(one).has(other), one === other);
    assert.equal(rulesOf(`*.${one}`).has(other), other.endsWith(`.${one}`));
    assert.ok(rulesOf(`*.${one}`).has(`x.${one}`));
  }));
});
