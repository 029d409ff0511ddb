import assert from "node:assert/strict";
import type { Look, Outcome } from "./course.ts";
import { verdictOn } from "./verdict.ts";
import { wakeUpsIn } from "../vitals.ts";

const REST: Look = {
  at: 3,
  resident: 70,
  peak: 78,
  descriptors: 32,
  threads: 8,
  wakeUps: 100,
  processor: 400,
  wakeUpsPerSecond: 1,
  processorPerSecond: 0,
  heap: 12,
  timers: 1,
  signals: 6,
};

/** Eight cycles; `change` says what is different in the n-th. */
function looks(change: (cycle: number) => Partial<Look> = () => ({})): Look[] {
  return Array.from({ length: 8 }, (_, cycle) => ({
    ...REST,
    at: 40 * (cycle + 1),
    resident: cycle % 2 === 0 ? 90 : 93,
    heap: cycle % 2 === 0 ? 14 : 14.1,
    ...change(cycle),
  }));
}

const JUDGEMENT = { kills: 0, crashes: 0, acknowledged: 100, lost: [], sentTwice: [4], unexplained: [] };

const WELL: Outcome = {
  mode: "direct",
  rest: REST,
  looks: looks(),
  answers: new Map([["200 forwarded", 100], ["503 unavailable platformx", 20]]),
  misplaced: [],
  faults: [],
  events: 101,
  judgement: JUDGEMENT,
  lost: [],
  deadLetters: 0,
  mostDescriptors: 60,
};

const { heap: _heap, timers: _timers, signals: _signals, ...OUTSIDE } = REST;

const cases: {
  readonly what: string;
  readonly outcome: Partial<Outcome>;
  /** One for each sentence, in order. */
  readonly broken: readonly RegExp[];
}[] = [
  { what: "a course that is flat", outcome: {}, broken: [] },
  {
    what: "a flat course of a compiled program",
    outcome: { rest: OUTSIDE, looks: looks().map(({ at }) => ({ ...OUTSIDE, at })) },
    broken: [],
  },
  {
    what: "a heap that grows by 0.5 MB in each cycle",
    outcome: { looks: looks((cycle) => ({ heap: 14 + cycle / 2 })) },
    broken: [/^the heap grew by 2\.5 MB/],
  },
  {
    what: "a heap that grows in the warm-up only",
    outcome: { looks: looks((cycle) => ({ heap: 14 + Math.min(cycle, 2) })) },
    broken: [],
  },
  {
    what: "resident memory that grows by 5 MB in each cycle",
    outcome: { looks: looks((cycle) => ({ resident: 90 + 5 * cycle })) },
    broken: [/^resident memory grew by 25\.0 MB/],
  },
  {
    what: "a thread more in each cycle",
    outcome: { looks: looks((cycle) => ({ threads: 8 + cycle })) },
    broken: [/^the number of threads grew by 5\.0/],
  },
  {
    what: "one descriptor left behind at the end",
    outcome: { looks: looks((cycle) => ({ descriptors: cycle === 7 ? 33 : 32 })) },
    broken: [/^1 descriptors were left behind after 320 s$/],
  },
  {
    what: "timers left behind",
    outcome: { looks: looks((cycle) => ({ timers: cycle === 7 ? 13 : 1 })) },
    broken: [/^12 timers were left behind after 320 s$/],
  },
  {
    what: "signals left behind",
    outcome: { looks: looks((cycle) => ({ signals: cycle === 7 ? 60 : 6 })) },
    broken: [/^54 signals were left behind after 320 s$/],
  },
  {
    what: "a process that does not come to rest any more",
    outcome: { looks: looks((cycle) => ({ wakeUpsPerSecond: cycle < 3 ? 1 : 40 })) },
    broken: [/^it wakes up 40\.0 times a second .* before the load it was 1\.0$/],
  },
  {
    what: "a process that was woken once",
    outcome: { looks: looks((cycle) => ({ wakeUpsPerSecond: cycle < 7 ? 1 : 40 })) },
    broken: [],
  },
  { what: "a lost event", outcome: { lost: [7] }, broken: [/^happening 7 was answered 2xx/] },
  {
    what: "a second event without a cause",
    outcome: { judgement: { ...JUDGEMENT, unexplained: ["happening 4: event 2 of 2"] } },
    broken: [/^happening 4: event 2 of 2$/],
  },
  { what: "an answer out of place", outcome: { misplaced: ["HEAD: 500"] }, broken: [/^HEAD: 500$/] },
  { what: "a fault in the log", outcome: { faults: ["panic"] }, broken: [/^in the log: panic$/] },
  {
    what: "a run in which nothing was acknowledged",
    outcome: { judgement: { ...JUDGEMENT, acknowledged: 0 } },
    broken: [/^nothing was acknowledged/],
  },
  { what: "a course too short for a trend", outcome: { looks: looks().slice(0, 1) }, broken: [] },
];

for (const { what, outcome, broken } of cases) {
  Deno.test(`soak: ${what} is ${broken.length === 0 ? "fine" : "told"}`, () => {
    const verdict = verdictOn({ ...WELL, ...outcome });
    assert.equal(verdict.broken.length, broken.length, verdict.text);
    broken.forEach((sentence, index) => {
      assert.match(verdict.broken[index]!, sentence);
      assert.ok(verdict.text.includes(`BROKEN: ${verdict.broken[index]}`), verdict.text);
    });
  });
}

Deno.test("soak: the verdict in words", async (t) => {
  await t.assertSnapshot(verdictOn({ ...WELL, lost: Array.from({ length: 12 }, (_, n) => n) }).text);
});

Deno.test("soak: wake-ups are those of every thread, and not the times a thread was interrupted", () => {
  const thread = (count: number) =>
    `Name:\tdeno\nvoluntary_ctxt_switches:\t${count}\nnonvoluntary_ctxt_switches:\t999\n`;
  assert.deepEqual(wakeUpsIn(thread(12) + thread(3)), [12, 3]);
});
