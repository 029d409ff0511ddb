import assert from "node:assert/strict";
import { firstText, fold, NOW } from "../../lib/outbox/occurrence_text.ts";

const TIME = { now: 1_000, agedTo: 1_000, window: 500 };
const ALICE = { recipient: "a", messageId: "1" };

const UNREADABLE = [
  "",
  "{}",
  "null",
  "[1]",
  '[["1", 2, "a", "1"]]',
  '[[1, "then", "a", "1"]]',
  "[[1, 2]]",
  '[[1, 2, "a"]]',
];

for (const text of UNREADABLE) {
  Deno.test(`the text ${text} cannot be read`, () => assert.equal(fold(text, ALICE, TIME), undefined));
}

Deno.test("a first copy's text is what folding a further one expects, and is the same made before the time is known", () => {
  const text = firstText(ALICE, 900);
  assert.equal(text, '[[1,900,"a","1"]]');
  assert.equal(firstText(ALICE, NOW).replace(NOW, "900"), text);
  assert.deepEqual(fold(text, ALICE, TIME), { kind: "retry", isFirst: true, text });
  const folded = fold(text, { recipient: "b", messageId: "2" }, TIME);
  assert.deepEqual(folded, { kind: "copy", isFirst: false, text: '[[1,900,"a","1","b","2"]]' });
});

Deno.test("ages are measured without the jump of a clock that was set ahead; a new occurrence has the clock's time", () => {
  const text = firstText(ALICE, 900);
  assert.equal(fold(text, ALICE, { ...TIME, now: 99_000 })?.kind, "retry");
  const second = fold(text, { recipient: "a", messageId: "2" }, { ...TIME, now: 99_000 });
  assert.equal(second?.text, '[[1,900,"a","1"],[2,99000,"a","2"]]');
  assert.equal(fold(text, ALICE, { ...TIME, now: 1_400, agedTo: 1_400 })?.kind, "new");
});
