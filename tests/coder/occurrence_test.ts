import assert from "node:assert/strict";
import fc from "fast-check";
import {
  assign,
  type Assignment,
  firstMessageOf,
  type Occurrence,
  type Occurrences,
  settle,
} from "../../lib/coder/occurrence.ts";

const WINDOW = 1_000;

/** Copies that came one after another, as `recipient message`: "A1" is message A1 to recipient A. */
class Arrivals {
  occurrences: Occurrences = [];
  held: ReadonlySet<number> = new Set();

  /** Takes a copy at `now` on a frozen record, and returns what came of it. */
  take(name: string, now = 0): Assignment {
    const copy = { recipient: name[0]!, messageId: name, arrivedAt: 1_780_000_000_000 + now };
    const isHeld = (occurrence: Occurrence) => this.held.has(occurrence.number);
    const taken = assign(deepFreeze(this.occurrences), deepFreeze(copy), { now, window: WINDOW, isHeld });
    this.occurrences = taken.occurrences;
    return taken;
  }

  /** What became of copies, without time passing: `1` a new occurrence, `=1` a further copy of it, `~1` a retry. */
  numbers(names: string): string {
    const marks = { new: "", copy: "=", retry: "~" };
    return names.split(" ").map((name) => {
      const { kind, occurrence } = this.take(name);
      return `${marks[kind]}${occurrence.number}`;
    }).join(" ");
  }
}

Deno.test("of one identity the last 500 occurrences are remembered, however many come", () => {
  const arrivals = new Arrivals();
  for (let number = 1; number <= 502; number++) {
    assert.equal(arrivals.take(`A${number}`).occurrence.number, number);
  }
  assert.equal(arrivals.occurrences.length, 500);
  assert.equal(arrivals.take("A3").kind, "retry");
  assert.equal(arrivals.take("A2").kind, "new");
  assert.deepEqual([arrivals.occurrences[0]!.number, arrivals.occurrences.at(-1)!.number], [4, 503]);
});

Deno.test("a recipient's k-th different message is a copy of occurrence k", async (t) => {
  const rows: [what: string, copies: string, numbers: string, events: number][] = [
    ["one copy", "A1", "1", 1],
    ["three administrators", "A1 B1 C1", "1 =1 =1", 1],
    ["ten copies", "A1 B1 C1 D1 E1 F1 G1 H1 I1 J1", "1 =1 =1 =1 =1 =1 =1 =1 =1 =1", 1],
    ["one told twice", "A1 A2", "1 2", 2],
    ["A A B B", "A1 A2 B1 B2", "1 2 =1 =2", 2],
    ["A B A B C", "A1 B1 A2 B2 C1", "1 =1 2 =2 =1", 2],
    ["A B B A", "A1 B1 B2 A2", "1 =1 2 =2", 2],
    ["one falls behind", "A1 A2 A3 B1 A4 B2", "1 2 3 =1 4 =2", 4],
    ["a retry", "A1 A1 A1", "1 ~1 ~1", 1],
    ["a retry of the first of two", "A1 A2 A1 A2", "1 2 ~1 ~2", 2],
    ["a retry among others", "A1 B1 A1 C1 B1", "1 =1 ~1 =1 ~1", 1],
    ["retries between", "A1 A1 A2 A1 B1 A2 B1 B2", "1 ~1 2 ~1 =1 ~2 ~1 =2", 2],
  ];
  for (const [what, copies, numbers, events] of rows) {
    await t.step(`${what}: ${copies}`, () => {
      const arrivals = new Arrivals();
      assert.equal(arrivals.numbers(copies), numbers);
      assert.deepEqual(arrivals.occurrences.map(({ number }) => number), range(events));
    });
  }
});

Deno.test("one message id sent to two recipients is a copy for each of them", () => {
  const memory = { now: 0, window: WINDOW, isHeld: () => false };
  const first = assign([], { recipient: "A", messageId: "same", arrivedAt: 0 }, memory);
  const second = assign(first.occurrences, { recipient: "B", messageId: "same", arrivedAt: 0 }, memory);
  assert.deepEqual([second.kind, second.occurrence.number], ["copy", 1]);
});

Deno.test("the first copy fixes what an occurrence remembers, and later ones are added to it", () => {
  const arrivals = new Arrivals();
  arrivals.take("B1", 100);
  arrivals.take("A1", 200);
  const { occurrence } = arrivals.take("B1", 300);
  assert.deepEqual(occurrence, {
    number: 1,
    since: 100,
    arrivedAt: 1_780_000_000_100,
    copies: ["B", "B1", "A", "A1"],
    settled: false,
  });
  assert.equal(firstMessageOf(occurrence), "B1");
  assert.deepEqual(arrivals.occurrences, [occurrence]);
});

Deno.test("an occurrence is forgotten a window after its first copy, whatever came since", () => {
  const arrivals = new Arrivals();
  arrivals.take("A1", 0);
  for (const [copy, now] of [["B1", 400], ["A1", 800], ["C1", 999]] as const) {
    assert.equal(arrivals.take(copy, now).occurrence.since, 0, `${copy} at ${now}`);
  }
  const late = arrivals.take("D1", WINDOW);
  assert.equal(late.occurrence.since, WINDOW);
  assert.deepEqual(arrivals.occurrences, [late.occurrence]);
});

Deno.test("each occurrence has its own window", () => {
  const arrivals = new Arrivals();
  arrivals.take("A1", 0);
  arrivals.take("A2", 600);
  arrivals.take("A3", 900);
  assert.equal(arrivals.take("A3", 1_000).occurrence.number, 3);
  assert.deepEqual(arrivals.occurrences.map(({ number }) => number), [2, 3]);
  assert.equal(arrivals.take("A3", 1_600).kind, "retry");
  assert.deepEqual(arrivals.occurrences.map(({ number }) => number), [3]);
  assert.equal(arrivals.take("A4", 1_601).occurrence.number, 4);
});

Deno.test("a late copy that comes just after occurrence 1 was forgotten still folds into occurrence 2", () => {
  const arrivals = new Arrivals();
  arrivals.take("A1", 0);
  arrivals.take("B1", 1);
  arrivals.take("A2", 990);
  const { kind, occurrence } = arrivals.take("B2", 1_005);
  assert.deepEqual([kind, occurrence.number, occurrence.since], ["copy", 2, 990]);
  assert.equal(arrivals.occurrences.length, 1);
});

Deno.test("an occurrence that is being worked on is not forgotten, nor what came after it", () => {
  const arrivals = new Arrivals();
  arrivals.take("A1", 0);
  arrivals.take("A2", 10);
  arrivals.held = new Set([1]);
  assert.equal(arrivals.take("A1", 50_000).kind, "retry");
  assert.equal(arrivals.take("B1", 50_000).occurrence.number, 1);
  assert.equal(arrivals.take("A2", 50_000).kind, "retry");

  arrivals.held = new Set([2]);
  assert.equal(arrivals.take("A2", 50_001).kind, "retry");
  assert.deepEqual(arrivals.occurrences.map(({ number }) => number), [2]);

  arrivals.held = new Set();
  const anew = arrivals.take("A2", 50_002);
  assert.equal(anew.kind, "new");
  assert.equal(anew.occurrence.since, 50_002);
});

Deno.test("settling marks one occurrence, and a later copy keeps the mark", () => {
  const arrivals = new Arrivals();
  arrivals.numbers("A1 A2");
  const [first, second] = arrivals.occurrences;
  arrivals.occurrences = settle(deepFreeze(arrivals.occurrences), 2);
  assert.deepEqual(arrivals.occurrences, [first, { ...second, settled: true }]);
  assert.equal(arrivals.take("A2").occurrence.settled, true);
  arrivals.take("B1");
  assert.equal(arrivals.take("B2").occurrence.settled, true);
  assert.equal(arrivals.take("B3").occurrence.settled, false);
});

const anyCopy = fc.tuple(fc.constantFrom("A", "B", "C", "D"), fc.integer({ min: 1, max: 6 })).map((
  [recipient, n],
) => `${recipient}${n}`);

Deno.test("property: while nothing is forgotten, k counts a recipient's different messages", () => {
  fc.assert(fc.property(fc.array(anyCopy, { maxLength: 40 }), (copies) => {
    const arrivals = new Arrivals();
    const told: Record<string, string[]> = { A: [], B: [], C: [], D: [] };
    const first: string[] = [];
    for (const copy of copies) {
      const messages = told[copy[0]!]!;
      const isRetry = messages.includes(copy);
      if (!isRetry) messages.push(copy);
      const k = messages.indexOf(copy) + 1;
      const kind = isRetry ? "retry" : first[k] === undefined ? "new" : "copy";
      first[k] ??= copy;

      const taken = arrivals.take(copy);
      assert.deepEqual([taken.occurrence.number, taken.kind], [k, kind]);
      assert.equal(firstMessageOf(taken.occurrence), first[k]);
    }
    const events = Math.max(...Object.values(told).map(({ length }) => length));
    assert.deepEqual(arrivals.occurrences.map(({ number }) => number), range(events));
  }));
});

/** Copies with the time that passed before each, and the numbers held then. */
const anyHistory = fc.array(
  fc.record({
    copy: anyCopy,
    passed: fc.constantFrom(0, 0, 1, 300, 700, WINDOW),
    held: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }).map((numbers) => new Set(numbers)),
  }),
  { maxLength: 40 },
);

Deno.test("property: a record of one recipient's copies alone gives the same answer", () => {
  fc.assert(fc.property(anyHistory, (history) => {
    const full = new Arrivals();
    let now = 0;
    for (const { copy, passed, held } of history) {
      now += passed;
      const own = new Arrivals();
      own.occurrences = full.occurrences.map((occurrence) => ({
        ...occurrence,
        copies: only(copy[0]!, occurrence),
      }));
      full.held = own.held = held;

      const [one, other] = [full.take(copy, now), own.take(copy, now)];
      const restricted = { ...one.occurrence, copies: only(copy[0]!, one.occurrence) };
      assert.deepEqual([other.kind, other.occurrence], [one.kind, restricted]);
      assert.deepEqual(
        own.occurrences.map(({ number }) => number),
        full.occurrences.map(({ number }) => number),
      );
    }
  }));
});

Deno.test("property: with forgetting, no recipient's two messages share an occurrence, and none outlives its window", () => {
  fc.assert(fc.property(anyHistory, (history) => {
    const arrivals = new Arrivals();
    let now = 0;
    for (const { copy, passed, held } of history) {
      now += passed;
      arrivals.held = held;
      const before = arrivals.occurrences;
      const { kind, occurrence } = arrivals.take(copy, now);
      const known = before.find(({ copies }) => copies.includes(copy));
      if (known !== undefined && now - known.since < WINDOW) {
        assert.deepEqual([occurrence.number, kind], [known.number, "retry"]);
      }
      assert.ok(arrivals.occurrences.includes(occurrence));
      const oldest = arrivals.occurrences[0]!;
      assert.ok(now - oldest.since < WINDOW || held.has(oldest.number));
      for (const [i, { number, copies }] of arrivals.occurrences.entries()) {
        assert.equal(number, oldest.number + i);
        const recipients = copies.filter((_, at) => at % 2 === 0);
        assert.equal(new Set(recipients).size, recipients.length);
      }
    }
  }));
});

function only(recipient: string, { copies }: Occurrence): readonly string[] {
  const at = copies.findIndex((text, i) => i % 2 === 0 && text === recipient);
  return at < 0 ? [] : copies.slice(at, at + 2);
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i + 1);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
