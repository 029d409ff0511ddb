import assert from "node:assert/strict";
import fc from "fast-check";
import { Timeline } from "../../lib/status/timeline.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Noon of a day. */
const NOON = Date.UTC(2026, 0, 2, 12);

/** When things of kind 0 happened; when one looks, at what; what is seen. */
const LOOKS: readonly {
  readonly what: string;
  readonly at: readonly number[];
  readonly look: readonly [steps: number, minutes: number, now: number];
  readonly seen: readonly number[];
}[] = [
  { what: "nothing happened", at: [], look: [3, 1, NOON], seen: [0, 0, 0] },
  { what: "the current minute is the last", at: [NOON], look: [3, 1, NOON], seen: [0, 0, 1] },
  { what: "a minute lasts to its end", at: [NOON, NOON + 59_999], look: [2, 1, NOON + MINUTE], seen: [2, 0] },
  { what: "the oldest comes first", at: [NOON - 2 * MINUTE, NOON], look: [3, 1, NOON], seen: [1, 0, 1] },
  {
    what: "steps are sums of minutes",
    at: [NOON - 5 * MINUTE, NOON - 4 * MINUTE, NOON],
    look: [2, 5, NOON],
    seen: [1, 2],
  },
  {
    what: "steps go back from now, not from the full hour",
    at: [NOON + 29 * MINUTE, NOON + 30 * MINUTE],
    look: [2, 60, NOON + 89 * MINUTE],
    seen: [1, 1],
  },
  {
    what: "midnight is a minute like any other",
    at: [NOON + 12 * HOUR - 1, NOON + 12 * HOUR],
    look: [2, 1, NOON + 12 * HOUR],
    seen: [1, 1],
  },
  { what: "what is a day old is gone", at: [NOON], look: [24, 60, NOON + DAY], seen: new Array(24).fill(0) },
  {
    what: "what is a minute less than a day old is the first minute",
    at: [NOON],
    look: [24 * 60, 1, NOON + DAY - MINUTE],
    seen: [1, ...new Array(24 * 60 - 1).fill(0)],
  },
  {
    what: "a slot that is used again a day later forgets",
    at: [NOON, NOON, NOON + DAY],
    look: [1, 1, NOON + DAY],
    seen: [1],
  },
  {
    what: "a slot used again a day later does not answer for the old day",
    at: [NOON, NOON + DAY],
    look: [1, 1, NOON],
    seen: [0],
  },
  {
    what: "weeks without anything",
    at: [NOON],
    look: [24, 60, NOON + 21 * DAY + MINUTE],
    seen: new Array(24).fill(0),
  },
  {
    what: "the clock was set back: what is in the future is not shown",
    at: [NOON, NOON - HOUR],
    look: [2, 1, NOON - HOUR],
    seen: [0, 1],
  },
  {
    what: "the clock was set back and has caught up: both are there",
    at: [NOON, NOON - HOUR, NOON],
    look: [2, 60, NOON],
    seen: [1, 2],
  },
  {
    what: "the clock was set back by a day: the minute begins anew",
    at: [NOON, NOON - DAY],
    look: [1, 1, NOON - DAY],
    seen: [1],
  },
  {
    what: "the clock was set forward: the minutes between are empty",
    at: [NOON, NOON + 3 * HOUR],
    look: [4, 60, NOON + 3 * HOUR],
    seen: [1, 0, 0, 1],
  },
  {
    what: "more is asked for than is kept",
    at: [NOON],
    look: [48, 60, NOON],
    seen: [...new Array(47).fill(0), 1],
  },
  { what: "the clock stands at the beginning of time", at: [0], look: [2, 60, 0], seen: [0, 1] },
];

for (const { what, at, look: [steps, minutes, now], seen } of LOOKS) {
  Deno.test(`the timeline: ${what}`, () => {
    const timeline = new Timeline(2);
    for (const time of at) timeline.add(0, time);
    assert.deepEqual(timeline.last(steps, minutes, now), seen.map((count) => [count, 0]));
  });
}

Deno.test("the timeline counts kinds apart", () => {
  const timeline = new Timeline(3);
  for (const kind of [0, 2, 2]) timeline.add(kind, NOON);
  timeline.add(1, NOON - MINUTE);
  assert.deepEqual(timeline.last(2, 1, NOON), [[0, 1, 0], [1, 0, 2]]);
});

Deno.test("while the clock runs forward, the timeline shows exactly the last day", () => {
  const anyHistory = fc.array(fc.record({ kind: fc.nat({ max: 2 }), pause: fc.nat({ max: 12 * HOUR }) }));
  fc.assert(fc.property(anyHistory, fc.nat({ max: DAY }), (history, wait) => {
    const timeline = new Timeline(3);
    let now = NOON;
    const added = history.map(({ kind, pause }) => {
      timeline.add(kind, now += pause);
      return { kind, at: now };
    });
    now += wait;
    const minuteOf = (at: number) => Math.floor(at / MINUTE);
    const expected = Array.from({ length: 24 }, (_, step) =>
      [0, 1, 2].map((kind) =>
        added.filter((one) => {
          const age = minuteOf(now) - minuteOf(one.at);
          return one.kind === kind && Math.floor(age / 60) === 23 - step;
        }).length
      ));
    assert.deepEqual(timeline.last(24, 60, now), expected);
  }));
});
