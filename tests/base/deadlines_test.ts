import assert from "node:assert/strict";
import { Deadlines, type Ended } from "../../lib/base/deadlines.ts";
import { FakeClock } from "../support/fakes.ts";

/** Deadlines of 100 ms, and what they ended. */
function deadlinesWith(cut = new AbortController()) {
  const clock = new FakeClock();
  const deadlines = new Deadlines(100, cut.signal, clock);
  const ended: [what: string, why: Ended][] = [];
  const begin = (what: string) => deadlines.begin((why) => ended.push([what, why]));
  return { clock, cut, ended, begin };
}

Deno.test("each is ended once, when its own time is over", async () => {
  const { clock, begin, ended } = deadlinesWith();
  begin("first");
  await clock.advance(60);
  begin("second");
  await clock.advance(39);
  assert.deepEqual(ended, []);
  await clock.advance(1);
  assert.deepEqual(ended, [["first", "timed_out"]]);
  await clock.advance(60);
  assert.deepEqual(ended, [["first", "timed_out"], ["second", "timed_out"]]);
  await clock.advance(1_000);
  assert.equal(ended.length, 2);
});

Deno.test("what is done in time is not ended, and being done twice does no harm", async () => {
  const { clock, begin, ended } = deadlinesWith();
  const done = begin("quick");
  begin("slow");
  done();
  done();
  await clock.advance(100);
  assert.deepEqual(ended, [["slow", "timed_out"]]);
});

Deno.test("one timer serves all that wait at the same time, and is not set again for nobody", async () => {
  const { clock, begin, ended } = deadlinesWith();
  for (let i = 0; i < 1_000; i++) begin(`${i}`);
  assert.equal(clock.sleepers, 1);
  await clock.advance(100);
  assert.equal(ended.length, 1_000);
  assert.equal(clock.sleepers, 0);
  begin("later")();
  assert.equal(clock.sleepers, 1);
  begin("then")();
  assert.equal(clock.sleepers, 1);
  await clock.advance(100);
  assert.equal(clock.sleepers, 0);
});

Deno.test("work that must end is ended at once, also what begins later, and no timer stays behind", async () => {
  const { clock, cut, begin, ended } = deadlinesWith();
  begin("first");
  begin("second");
  cut.abort();
  assert.deepEqual(ended, [["first", "cut_off"], ["second", "cut_off"]]);
  begin("late")();
  assert.deepEqual(ended.at(-1), ["late", "cut_off"]);
  assert.equal(clock.sleepers, 0);
  await clock.advance(1_000);
  assert.equal(ended.length, 3);
});

Deno.test("where work had to end before, nothing begins", () => {
  const cut = new AbortController();
  cut.abort();
  const { clock, begin, ended } = deadlinesWith(cut);
  begin("late");
  assert.deepEqual([ended, clock.sleepers], [[["late", "cut_off"]], 0]);
});

Deno.test("what begins while the timer ends another is not forgotten", async () => {
  const { clock, begin, ended } = deadlinesWith();
  const deadlines = new Deadlines(100, new AbortController().signal, clock);
  deadlines.begin(() => deadlines.begin((why) => ended.push(["second", why])));
  await clock.advance(100);
  begin("unrelated");
  await clock.advance(100);
  assert.deepEqual(ended.toSorted(), [["second", "timed_out"], ["unrelated", "timed_out"]]);
});

Deno.test("a process that was busy ends all that is over, late", async () => {
  const { clock, begin, ended } = deadlinesWith();
  begin("first");
  await clock.advance(50);
  begin("second");
  clock.stall(1_000);
  await clock.advance(1);
  assert.deepEqual(ended, [["first", "timed_out"], ["second", "timed_out"]]);
});
