/** The results of a load bench as tables, and whether goals were met. */
import { markdownTable, shown, shownSpread, verdictOn } from "../markdown.ts";
import { median, ratiosOf, spreadOf, thirdsOf } from "../statistics.ts";
import type { Run } from "./run.ts";
import type { SubjectName } from "./subjects.ts";

/** Webhooks per second, in proportion to the bare minimum. */
const GOALS: Readonly<Partial<Record<SubjectName, number>>> = {
  "direct WARNING": 0.75,
  "direct INFO": 0.5,
  "outbox WARNING": 0.25,
  "outbox INFO": 0.25,
};

/** Memory at the end, in proportion to the bare minimum; and the last third in proportion to the second. */
const MOST_MEMORY = 1.5;
const MOST_GROWTH = 1.1;

/** Prints the tables and returns how many goals were missed. */
export function tellResults(runs: ReadonlyMap<SubjectName, readonly Run[]>): number {
  const bare = runs.get("bare") ?? [];
  const goals: string[] = [];
  const names = [...runs.keys()];
  const medianOf = (name: SubjectName, value: (run: Run) => number) => median(runs.get(name)!.map(value));

  console.log(markdownTable(
    [
      ...["Subject", "Webhooks/s", "Of the bare minimum", "p50 ms", "p99 ms", "CPU µs each", "Events/s"],
      "Drained in s",
    ],
    names.map((name) => {
      const perSecond = runs.get(name)!.map((run) => run.perSecond);
      const ratio = bare.length > 0
        ? spreadOf(ratiosOf(perSecond, bare.map((run) => run.perSecond)))
        : undefined;
      const goal = GOALS[name];
      if (goal !== undefined && ratio !== undefined) {
        goals.push(
          `${name}, of the bare minimum ${ratio.median.toFixed(2)}, ${
            verdictOn(ratio.median, { atLeast: goal })
          }`,
        );
      }
      return [
        name,
        shown(median(perSecond)),
        ratio === undefined ? "–" : shownSpread(ratio),
        shown(medianOf(name, (run) => run.p50), 1),
        shown(medianOf(name, (run) => run.p99), 1),
        shown(medianOf(name, (run) => run.processor)),
        shown(medianOf(name, (run) => run.deliveredPerSecond)),
        name.startsWith("outbox") ? shown(medianOf(name, (run) => run.drain), 1) : "",
      ];
    }),
  ));
  console.log();

  const atEnd = (run: Run) => run.memory.at(-1)!;
  console.log(markdownTable(
    ["Memory (RSS), MB", "First third", "Second", "Last", "At the end", "Peak", "End, of the bare minimum"],
    names.map((name) => {
      const thirds = [0, 1, 2].map((third) => medianOf(name, (run) => thirdsOf(run.memory)[third]!));
      const ends = runs.get(name)!.map(atEnd);
      const ratio = bare.length > 0 ? spreadOf(ratiosOf(ends, bare.map(atEnd))) : undefined;
      if (name !== "bare") {
        const growth = thirds[2]! / thirds[1]!;
        goals.push(
          `${name}, memory's last third of its second ${growth.toFixed(2)}, ${
            verdictOn(growth, { atMost: MOST_GROWTH })
          }`,
        );
        if (ratio !== undefined) {
          goals.push(
            `${name}, memory of the bare minimum ${ratio.median.toFixed(2)}, ${
              verdictOn(ratio.median, { atMost: MOST_MEMORY })
            }`,
          );
        }
      }
      return [
        name,
        ...thirds.map((megabytes) => shown(megabytes)),
        shown(median(ends)),
        shown(medianOf(name, (run) => run.memoryPeak)),
        ratio === undefined ? "–" : shownSpread(ratio),
      ];
    }),
  ));
  console.log();
  for (const goal of goals) console.log(`- ${goal}`);
  return goals.filter((goal) => goal.endsWith("missed")).length;
}
