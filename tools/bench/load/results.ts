/** The results of a load bench as a table, and whether goals were met. */
import { markdownTable, shown, shownSpread, verdictOn } from "../markdown.ts";
import { median, ratiosOf, spreadOf } from "../statistics.ts";
import type { Run } from "./run.ts";
import { BARE, ECHO } from "./subjects.ts";

/** Each subject's runs, by its name; the n-th of all are of one round. */
export type Runs = ReadonlyMap<string, readonly Run[]>;

/** What is to be so many times something else: webhooks per second, or the processor time that each takes. */
interface Goal {
  readonly subject: string;
  readonly base: string;
  readonly atLeast: number;
}

/** The goals; `beside` is the label of the first version's build. */
function goalsBeside(beside: string | undefined): readonly Goal[] {
  return [
    { subject: "outbox", base: BARE, atLeast: 0.33 },
    { subject: "outbox PostgreSQL", base: BARE, atLeast: 0.24 },
    { subject: "direct", base: BARE, atLeast: 0.52 },
    ...beside === undefined ? [] : [
      { subject: "outbox", base: `outbox${beside}`, atLeast: 2.2 },
      { subject: "direct", base: `direct${beside}`, atLeast: 1.35 },
      { subject: "untracked", base: `untracked${beside}`, atLeast: 1.9 },
    ],
  ];
}

/** Pairs that have no goal, but tell something: what a difference is worth, what an answer costs without a delivery. */
const PAIRS = [["direct again", "direct"], ["untracked", ECHO], ["direct Node.js", "direct"], [
  "outbox Node.js",
  "outbox",
]] as const;

/** Memory under load of direct delivery, in proportion to the bare forward's. */
const MOST_MEMORY = 1.2;

/** How many times as fast a subject is, round by round: by rate, and by processor time for each webhook. */
export function timesAsFast(runs: Runs, subject: string, base: string) {
  const [own = [], other = []] = [runs.get(subject), runs.get(base)];
  return {
    rate: spreadOf(ratiosOf(own.map((run) => run.perSecond), other.map((run) => run.perSecond))),
    processor: spreadOf(ratiosOf(other.map((run) => run.processor), own.map((run) => run.processor))),
  };
}

/** What is printed, and how many goals were missed. */
export function resultsOf(runs: Runs, beside: string | undefined): { lines: string[]; missed: number } {
  const has = (...names: readonly string[]) => names.every((name) => runs.has(name));
  const rows = [...runs].map(([name, own]) => {
    const middle = (value: (run: Run) => number) => median(own.map(value));
    const ratio = has(BARE) ? timesAsFast(runs, name, BARE) : undefined;
    return [
      name,
      shown(middle((run) => run.perSecond)),
      ratio === undefined ? "–" : shownSpread(ratio.rate),
      shown(middle((run) => run.processor)),
      ratio === undefined ? "–" : shownSpread(ratio.processor),
      shown(middle((run) => run.p50), 2),
      shown(middle((run) => run.p99), 1),
      shown(middle((run) => run.memory)),
      name.startsWith("outbox") ? shown(middle((run) => run.drain), 1) : "",
    ];
  });
  const head = [
    ...["Subject", "Webhooks/s", `Of the ${BARE}`, "CPU µs each", `The ${BARE}'s of it`, "p50 ms", "p99 ms"],
    ...["MB", "Drained in s"],
  ];
  const lines = [markdownTable(head, rows), ""];
  let missed = 0;
  for (const { subject, base, atLeast } of goalsBeside(beside)) {
    if (!has(subject, base)) continue;
    const { rate, processor } = timesAsFast(runs, subject, base);
    const verdict = verdictOn(Math.max(rate.median, processor.median), { atLeast });
    if (verdict.endsWith("missed")) missed++;
    lines.push(`- ${told(subject, base, { rate, processor })}, ${verdict}`);
  }
  for (const [subject, base] of PAIRS) {
    if (has(subject, base)) lines.push(`- ${told(subject, base, timesAsFast(runs, subject, base))}`);
  }
  if (has("direct", BARE)) {
    const [own, other] = ["direct", BARE].map((name) => runs.get(name)!.map((run) => run.memory));
    const ratio = spreadOf(ratiosOf(own!, other!));
    const verdict = verdictOn(ratio.median, { atMost: MOST_MEMORY });
    if (verdict.endsWith("missed")) missed++;
    lines.push(`- memory of direct under load ${shownSpread(ratio)} times that of the ${BARE}, ${verdict}`);
  }
  return { lines, missed };
}

function told(subject: string, base: string, { rate, processor }: ReturnType<typeof timesAsFast>): string {
  return `${subject}: by rate ${shownSpread(rate)}, by processor time ${
    shownSpread(processor)
  } times ${base}`;
}
