import assert from "node:assert/strict";
import { TrustedAge } from "../../lib/outbox/trusted_age.ts";

const CASES = [
  { what: "not set", now: 1_500, expected: 1_500 },
  { what: "set ahead", now: 99_000, expected: 1_500 },
  { what: "set ahead for ever", now: Infinity, expected: 1_500 },
  { what: "set back", now: 200, expected: 200 },
];

for (const { what, now, expected } of CASES) {
  Deno.test(`half a second after the start, by a clock that was ${what}, ages go up to ${expected}`, () => {
    assert.equal(new TrustedAge(1_000, 70).at(now, 570), expected);
  });
}
