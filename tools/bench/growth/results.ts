/** Cases of growing load as tables. */
import { markdownTable, shown } from "../markdown.ts";
import { percentile } from "../statistics.ts";
import type { Case, Outcome } from "./cell.ts";

/** One table of cases, for one mode. */
export function growthTable(results: readonly (readonly [Case, Outcome])[]): string {
  return markdownTable(
    [
      ...["PlatformX answers in", "Connections", "2xx", "2xx/s", "p50 ms", "p99 ms", "503", "p99 ms of 503"],
      ...["Other", "Peak MB", "Recovered in s", "Lost"],
    ],
    results.map(([{ delay, connections, seconds: load }, outcome]) => {
      const { accepted, unavailable, seconds, failures, memoryPeak, recovery, lost, kept } = outcome;
      return [
        shownDelay(delay),
        load === 0 ? `${shown(connections)} at once` : shown(connections),
        shown(accepted.length),
        accepted.length === 0
          ? "–"
          : shown(accepted.length / seconds, accepted.length / seconds < 10 ? 1 : 0),
        shown(percentile(accepted, 50), 1),
        shown(percentile(accepted, 99), 1),
        shown(unavailable.length),
        shown(percentile(unavailable, 99), 1),
        shownFailures(failures),
        shown(memoryPeak),
        shown(recovery, 1),
        kept === 0 ? shown(lost) : `${shown(lost)} (${shown(kept)} kept)`,
      ];
    }),
  );
}

/** `1 ms`, `5 s`, `never`. */
export function shownDelay(milliseconds: number): string {
  if (milliseconds === Infinity) return "never";
  return milliseconds < 1000 ? `${milliseconds} ms` : `${milliseconds / 1000} s`;
}

function shownFailures(failures: ReadonlyMap<string, number>): string {
  if (failures.size === 0) return "0";
  return [...failures].map(([what, count]) => `${shown(count)} ${what}`).join(", ");
}
