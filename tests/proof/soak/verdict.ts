/** Holds a course against its bounds, and puts it into words. Pure. */
import type { Look, Outcome } from "./course.ts";
import { afterWarmUp, FEWEST, trendOf } from "./flatness.ts";

/** A course in words, and what of it must not be so. */
export interface Verdict {
  readonly text: string;
  /** Sentences; empty: all is well. */
  readonly broken: readonly string[];
}

/** What the looks are held against. */
export const BOUNDS = {
  /** Megabytes by which the heap without its garbage may grow from the end of the warm-up to the end. */
  heap: 0.5,
  /** The same of resident memory, which allocators give back when they like. */
  resident: 16,
  /** Threads by which their number may grow; Deno starts and ends those for files as needed. */
  threads: 4,
  /** Descriptors in each quiet moment, more than before the first webhook. */
  descriptors: 0,
  /**
   * Timers in each quiet moment, more than before the first webhook: the two that all bodies and all attempts share stay
   * until they find that nobody waits (lib/base/deadlines.ts), one comes and goes, and each of the eight reasons for
   * which this load is turned away has one for a minute (lib/http/turned_away.ts).
   */
  timers: 3 + 8,
  /** Abort signals, the same. */
  signals: 8,
  /**
   * Wake-ups a second in the last quiet moments, more than before the first webhook. An outbox is looked at once a
   * second; with dead letters in it, and on a busy machine, that wakes ten threads more.
   */
  wakeUps: 25,
} as const;

/** What is told of a look, apart from its time. */
type Measure = Exclude<keyof Look, "at">;

/** Tells what became of a course. */
export function verdictOn(outcome: Outcome): Verdict {
  const { looks, judgement, lost, misplaced, faults } = outcome;
  const broken = [
    ...grown("heap", "the heap", "MB", looks),
    ...grown("resident", "resident memory", "MB", looks),
    ...grown("threads", "the number of threads", "", looks),
    ...leftBehind("descriptors", outcome),
    ...leftBehind("timers", outcome),
    ...leftBehind("signals", outcome),
    ...restless(outcome),
    ...lost.map((happening) =>
      `happening ${happening} was answered 2xx, and is neither with PlatformX nor kept`
    ),
    ...judgement.unexplained,
    ...misplaced,
    ...faults.map((line) => `in the log: ${line}`),
    ...(judgement.acknowledged === 0 ? ["nothing was acknowledged: there is nothing to judge"] : []),
  ];
  return {
    text: [...rowsOf(outcome), ...shortened(broken).map((line) => `BROKEN: ${line}`)].join("\n"),
    broken,
  };
}

function grown(
  what: keyof typeof BOUNDS & Measure,
  name: string,
  unit: string,
  looks: readonly Look[],
): string[] {
  const trend = trendOf(courseOf(what, afterWarmUp(looks)));
  if (trend === undefined || trend.growth <= BOUNDS[what]) return [];
  return [
    `${name} grew by ${trend.growth.toFixed(1)} ${unit} after the warm-up: at most ${BOUNDS[what]} is flat`,
  ];
}

/** In each quiet moment, so that what comes and goes with a certain cycle is seen too. */
function leftBehind(what: "descriptors" | "timers" | "signals", { rest, looks }: Outcome): string[] {
  return looks.flatMap((look) => {
    const more = (look[what] ?? 0) - (rest[what] ?? 0);
    if (more <= BOUNDS[what]) return [];
    return [`${more} ${what} were left behind after ${look.at.toFixed(0)} s`];
  });
}

/** The quietest of the last three moments: garbage that is collected wakes the process as well. */
function restless({ rest, looks }: Outcome): string[] {
  if (looks.length < 3) return [];
  const last = Math.min(...looks.slice(-3).map((look) => look.wakeUpsPerSecond));
  if (last <= rest.wakeUpsPerSecond + BOUNDS.wakeUps) return [];
  return [
    `it wakes up ${last.toFixed(1)} times a second when it has nothing to do: ` +
    `before the load it was ${rest.wakeUpsPerSecond.toFixed(1)}`,
  ];
}

function rowsOf(outcome: Outcome): string[] {
  const { mode, rest, looks, answers, events, judgement, lost, deadLetters, misplaced, faults } = outcome;
  const all = [...answers].sort(([one], [other]) => one < other ? -1 : 1);
  const requests = all.reduce((sum, [, count]) => sum + count, 0);
  const last = looks.at(-1)!;
  const span = (what: Measure, digits = 0) => {
    const values = looks.map((look) => look[what]!);
    const shown = (value: number) => value.toFixed(digits);
    const range = `${shown(Math.min(...values))} to ${shown(Math.max(...values))}`;
    return `before ${shown(rest[what]!)}, after each cycle ${range}, at the end ${shown(values.at(-1)!)}`;
  };
  const inside = rest.heap === undefined ? [["inside", "not to be seen of a compiled program"]] : [
    ["heap MB", `${span("heap", 2)}${trendIn("heap", looks)}`],
    ["timers", span("timers")],
    ["signals", span("signals")],
  ];
  return [
    ["mode", mode],
    ["minutes", `${(last.at / 60).toFixed(1)} in ${looks.length} cycles`],
    ["requests", String(requests)],
    ...all.map(([answer, count]) => ["", `${count} × ${answer}`]),
    ["out of place", String(misplaced.length)],
    ["faults", String(faults.length)],
    ["events", String(events)],
    ["acknowledged", String(judgement.acknowledged)],
    ["dead letters", String(deadLetters)],
    ["lost", String(lost.length)],
    ["sent twice", `${judgement.sentTwice.length}, unexplained ${judgement.unexplained.length}`],
    ["resident MB", `${span("resident", 1)}, peak ${last.peak.toFixed(1)}${trendIn("resident", looks)}`],
    ...inside,
    ["descriptors", `${span("descriptors")}, most ${outcome.mostDescriptors}`],
    ["threads", span("threads")],
    ["wake-ups/s", span("wakeUpsPerSecond", 1)],
    ["CPU ms/s", span("processorPerSecond", 1)],
  ].map(([name, value]) => `${name!.padEnd(14)}${value}`);
}

function trendIn(what: Measure, looks: readonly Look[]): string {
  const trend = trendOf(courseOf(what, afterWarmUp(looks)));
  if (trend === undefined) return `, growth not judged (fewer than ${FEWEST} cycles after the warm-up)`;
  const [slope, growth] = [trend.slope, trend.growth].map((value) =>
    `${value < 0 ? "" : "+"}${value.toFixed(2)}`
  );
  return `, trend ${slope}/min, ${growth} in all`;
}

function courseOf(what: Measure, looks: readonly Look[]) {
  return looks.flatMap((look) => look[what] === undefined ? [] : [{ at: look.at, value: look[what] }]);
}

/** Lines of the same trouble: the first ones tell enough. */
const MOST_LINES = 10;

function shortened(lines: readonly string[]): readonly string[] {
  const more = lines.length - MOST_LINES;
  return more <= 0 ? lines : [...lines.slice(0, MOST_LINES), `and ${more} more`];
}
