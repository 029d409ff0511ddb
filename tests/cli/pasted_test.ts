import assert from "node:assert/strict";
import { pastedJson } from "../../lib/cli/pasted.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const utf16 = (text: string, first: readonly number[]) =>
  new Uint8Array([...first, ...[...text].flatMap((character) => [character.charCodeAt(0), 0])]);

Deno.test("JSON is read as it stands, or from between what was pasted with it", async (t) => {
  const value = { a: "{}" };
  const json = JSON.stringify(value, null, 2);
  const rows: [text: string, around: string | undefined][] = [
    [json, undefined],
    [`\ufeff${json}\n`, undefined],
    ["```json\n" + json + "\n```\n", "fences"],
    ["  ~~~\n" + json + "\n~~~", "fences"],
    [`2026-11-28T01:02:03Z coderd: webhook body=${json}`, "text"],
    [`The body:\n${json}\nThanks`, "text"],
  ];
  for (const [text, around] of rows) {
    await t.step(text, () => {
      assert.deepEqual(pastedJson(utf8(text)), around === undefined ? { value } : { value, around });
    });
  }
});

Deno.test("what holds no JSON says why and where, and repeats nothing of it", async (t) => {
  const rows: [bytes: Uint8Array, problem: RegExp][] = [
    [utf8(""), /^is empty/],
    [utf8(" \n"), /^is empty/],
    [utf8("{"), /^must be JSON, and breaks its rules at its end: is all of it there\?$/],
    [utf8('{"msg_id": "s3cret'), /at its end/],
    [utf8('{\n  "a": 1,\n  "b": 2 "s3cret": 1\n}'), /breaks its rules in line 3, column 10$/],
    [utf8("s3cret"), /^must be JSON, and breaks its rules$/],
    [utf8("```\n{a: s3cret}\n```"), /^must be JSON, and breaks its rules/],
    [new Uint8Array([0x22, 0xff, 0x22]), /^must be JSON in UTF-8, and is in another encoding$/],
    [utf16('{"a":1}', [0xff, 0xfe]), /another encoding/],
    [utf16('{"a":1}', []), /another encoding/],
  ];
  for (const [bytes, words] of rows) {
    await t.step(`${words}`, () => {
      const pasted = pastedJson(bytes);
      assert.ok("problem" in pasted);
      assert.match(pasted.problem, words);
      assert.doesNotMatch(pasted.problem, /s3cret/);
    });
  }
});
