import assert from "node:assert/strict";
import { mock } from "node:test";
import { Deadlines, type Ended } from "../../lib/base/deadlines.ts";

/** Deadlines of 100 ms, what it ended, and a time that the test moves. */
function watched(
  work: (at: {
    readonly deadlines: Deadlines;
    readonly cut: AbortController;
    readonly ended: [what: string, why: Ended][];
    readonly begin: (what: string) => () => void;
    readonly pass: (ms: number) => void;
    readonly timers: () => number;
  }) => void,
): void {
  let now = 1_000;
  let timers = 0;
  mock.timers.enable({ apis: ["setTimeout"] });
  mock.method(performance, "now", () => now);
  const { setTimeout } = globalThis;
  mock.method(globalThis, "setTimeout", (run: () => void, ms: number) => {
    timers++;
    return setTimeout(run, ms);
  });
  const cut = new AbortController();
  const deadlines = new Deadlines(100, cut.signal);
  const ended: [string, Ended][] = [];
  try {
    work({
      deadlines,
      cut,
      ended,
      begin: (what) => deadlines.begin((why) => ended.push([what, why])),
      pass: (ms) => {
        now += ms;
        mock.timers.tick(ms);
      },
      timers: () => timers,
    });
  } finally {
    mock.restoreAll();
    mock.timers.reset();
  }
}

Deno.test("each is ended once, when its own time is over", () =>
  watched(({ begin, ended, pass }) => {
    begin("first");
    pass(60);
    begin("second");
    pass(39);
    assert.deepEqual(ended, []);
    pass(1);
    assert.deepEqual(ended, [["first", "timed_out"]]);
    pass(60);
    assert.deepEqual(ended, [["first", "timed_out"], ["second", "timed_out"]]);
    pass(1_000);
    assert.equal(ended.length, 2);
  }));

Deno.test("what is done in time is not ended, and being done twice does no harm", () =>
  watched(({ begin, ended, pass }) => {
    const done = begin("quick");
    begin("slow");
    done();
    done();
    pass(100);
    assert.deepEqual(ended, [["slow", "timed_out"]]);
  }));

Deno.test("one timer serves all that wait at the same time", () =>
  watched(({ begin, ended, pass, timers }) => {
    for (let i = 0; i < 1_000; i++) begin(`${i}`);
    assert.equal(timers(), 1);
    pass(100);
    assert.equal(ended.length, 1_000);
  }));

Deno.test("work that must end is ended at once, also what begins later", () =>
  watched(({ begin, cut, ended, pass }) => {
    begin("first");
    begin("second");
    cut.abort();
    assert.deepEqual(ended, [["first", "cut_off"], ["second", "cut_off"]]);
    begin("late")();
    assert.deepEqual(ended.at(-1), ["late", "cut_off"]);
    pass(1_000);
    assert.equal(ended.length, 3);
  }));

Deno.test("the timer that nobody waits for is not set again", () =>
  watched(({ begin, pass, timers }) => {
    for (let i = 0; i < 10; i++) begin(`${i}`)();
    assert.equal(timers(), 1);
    pass(100);
    pass(1_000);
    assert.equal(timers(), 1);
    begin("later");
    assert.equal(timers(), 2);
  }));

Deno.test("when work must end, no timer stays behind", {
  sanitizeOps: true,
  sanitizeResources: true,
}, () => {
  const cut = new AbortController();
  const deadlines = new Deadlines(60_000, cut.signal);
  deadlines.begin(() => {})();
  deadlines.begin(() => {});
  cut.abort();
});
