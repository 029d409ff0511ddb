import assert from "node:assert/strict";
import { judge, NOTED_WITHIN, tell } from "./judge.ts";
import { type SenderRecord, takenBy, type TakenRecord } from "./records.ts";

/** A webhook, and its answer 10 ms later; status 0: none. */
function posted(at: number, happening: number, message: string, status: number): SenderRecord[] {
  return [{ kind: "post", at, happening, message }, { kind: "answer", at: at + 10, message, status }];
}

/** An event that was taken, and answered 5 ms later, or not. */
function taken(at: number, message: string, answered: boolean): TakenRecord {
  return { at, message, answeredAt: answered ? at + 5 : undefined };
}

const cases: {
  readonly what: string;
  readonly sender: readonly SenderRecord[];
  readonly standIn: readonly TakenRecord[];
  readonly lost?: readonly number[];
  readonly sentTwice?: readonly number[];
  /** Texts, one in each of the sentences. */
  readonly unexplained?: readonly string[];
}[] = [
  {
    what: "one event for a happening of two copies",
    sender: [...posted(0, 1, "a1", 202), ...posted(1, 1, "a2", 200)],
    standIn: [taken(20, "a1", true)],
  },
  {
    what: "a lost event",
    sender: [...posted(0, 1, "a1", 202), ...posted(1, 2, "b1", 202), ...posted(2, 3, "c1", 202)],
    standIn: [taken(20, "a1", true), taken(21, "c1", true)],
    lost: [2],
  },
  {
    what: "nothing lost where nothing was answered 2xx",
    sender: [...posted(0, 1, "a1", 202), ...posted(1, 2, "b1", 503), ...posted(2, 3, "c1", 0)],
    standIn: [taken(20, "a1", true)],
  },
  {
    what: "a doubled event",
    sender: posted(0, 1, "a1", 202),
    standIn: [taken(20, "a1", true), taken(900, "a1", true)],
    sentTwice: [1],
    unexplained: ["happening 1: event 2 of 2"],
  },
  {
    what: "an event of each of two copies",
    sender: [...posted(0, 1, "a1", 202), ...posted(1, 1, "a2", 202)],
    standIn: [taken(20, "a1", true), taken(25, "a2", true)],
    sentTwice: [1],
    unexplained: ["happening 1: event 2 of 2"],
  },
  {
    what: "one lost and one doubled event",
    sender: [...posted(0, 1, "a1", 202), ...posted(1, 2, "b1", 202)],
    standIn: [taken(20, "b1", true), taken(900, "b1", true)],
    lost: [1],
    sentTwice: [2],
    unexplained: ["happening 2: event 2 of 2"],
  },
  {
    what:
      "a second event of what was answered while the database server was away, until the service is killed",
    sender: [...posted(0, 1, "a1", 202), { kind: "crash", at: 10 }, { kind: "kill", at: 2_000 }, {
      kind: "start",
      at: 2_100,
    }],
    standIn: [taken(1_000, "a1", true), taken(2_500, "a1", true)],
    sentTwice: [1],
  },
  {
    what: "a second event after a lost answer",
    sender: posted(0, 1, "a1", 202),
    standIn: [taken(20, "a1", false), taken(900, "a1", true)],
    sentTwice: [1],
  },
  {
    what: "a third event that no longer has an excuse",
    sender: posted(0, 1, "a1", 202),
    standIn: [taken(20, "a1", false), taken(900, "a1", true), taken(1_900, "a1", true)],
    sentTwice: [1],
    unexplained: ["happening 1: event 3 of 3"],
  },
  {
    what: "a second event after a kill right behind the answer",
    sender: [...posted(0, 1, "a1", 202), { kind: "kill", at: 30 }, { kind: "start", at: 100 }],
    standIn: [taken(20, "a1", true), taken(30_020, "a1", true)],
    sentTwice: [1],
  },
  {
    what: "a second event when the first was read after its sender's end",
    sender: [...posted(0, 1, "a1", 202), { kind: "kill", at: 30 }, { kind: "start", at: 100 }],
    standIn: [taken(32, "a1", true), taken(30_020, "a1", true)],
    sentTwice: [1],
  },
  {
    what: "a second event although the kill came long after the answer",
    sender: [
      ...posted(0, 1, "a1", 202),
      { kind: "kill", at: 26 + NOTED_WITHIN },
      { kind: "start", at: 100 + NOTED_WITHIN },
    ],
    standIn: [taken(20, "a1", true), taken(30_020, "a1", true)],
    sentTwice: [1],
    unexplained: ["happening 1: event 2 of 2"],
  },
  {
    what: "a second event although the kill was over when the first was sent",
    sender: [...posted(0, 1, "a1", 202), { kind: "kill", at: 5 }, { kind: "start", at: 15 }],
    standIn: [taken(20, "a1", true), taken(30_020, "a1", true)],
    sentTwice: [1],
    unexplained: ["happening 1: event 2 of 2"],
  },
  {
    what: "an event that nobody asked for",
    sender: posted(0, 1, "a1", 202),
    standIn: [taken(20, "a1", true), taken(21, "z9", true)],
    unexplained: ["nobody asked for: z9"],
  },
];

for (const { what, sender, standIn, lost = [], sentTwice = [], unexplained = [] } of cases) {
  const isWell = lost.length === 0 && unexplained.length === 0;
  Deno.test(`the judge ${isWell ? "accepts" : "reports"} ${what}`, () => {
    const judgement = judge(sender, standIn);
    assert.deepEqual(judgement.lost, lost);
    assert.deepEqual(judgement.sentTwice, sentTwice);
    assert.equal(judgement.unexplained.length, unexplained.length, judgement.unexplained.join("\n"));
    for (const [index, text] of unexplained.entries()) {
      assert.ok(judgement.unexplained[index]!.includes(text), judgement.unexplained[index]);
    }
    assert.equal(tell(judgement, () => {}), isWell ? 0 : 1);
  });
}

Deno.test("the judge counts kills and acknowledged happenings, and tells the four numbers", () => {
  const kill: SenderRecord[] = [{ kind: "kill", at: 7 }, { kind: "start", at: 8 }];
  const sender = [
    ...posted(0, 1, "a1", 202),
    ...posted(1, 1, "a2", 200),
    ...posted(2, 2, "b1", 202),
    ...kill,
    ...kill,
  ];
  const told: string[] = [];
  tell(judge(sender, [taken(20, "a1", true)]), (text) => told.push(text));
  assert.deepEqual(told, [
    "kills         2",
    "acknowledged  2",
    "lost          1",
    "sent twice    0, unexplained 0",
    "lost: happening 2 was answered 2xx, and no event arrived",
  ]);
});

Deno.test("the judge does not call a run without acknowledged happenings good", () => {
  assert.equal(tell(judge(posted(0, 1, "a1", 503), []), () => {}), 1);
});

Deno.test("of the stand-in's requests those count that were taken, with what their senders were told", () => {
  const [connection, method, path, headers, body] = [1, "POST", "/events.track", new Headers(), ""];
  const event = { name: "n", email: "a@example.com", timestamp: "1", metadata: { coder_message_id: "a1" } };
  const call = { connection, method, path, headers, body, at: 7, event };
  const received = [
    { ...call, end: { at: 8, told: true } },
    { ...call, end: { at: 9, told: false } },
    { ...call, end: undefined },
    { ...call, event: undefined, end: { at: 8, told: true } },
  ];
  const answeredAt = takenBy({ received }).map((record) => record.answeredAt);
  assert.deepEqual(answeredAt, [8, undefined, undefined]);
});
