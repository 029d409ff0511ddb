/** Results as Markdown, to be pasted into documents as they are printed. */
import type { Spread } from "./statistics.ts";

/** A table, formatted as `deno fmt` does: the first column to the left, the others to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) =>
    Math.max(3, name.length, ...rows.map((row) => row[column]!.length))
  );
  const line = (cells: readonly string[]) =>
    `| ${
      cells.map((cell, column) => column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))
        .join(" | ")
    } |`;
  const rule = widths.map((width, column) => column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`);
  return [line(head), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}

/** Median and range: `0.62 (0.58–0.66)`. */
export function shownSpread({ median, least, most }: Spread, digits = 2): string {
  return `${shown(median, digits)} (${shown(least, digits)}–${shown(most, digits)})`;
}

/** A number with its thousands apart; a dash for what was not measured. */
export function shown(value: number, digits = 0): string {
  if (!Number.isFinite(value)) return "–";
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Whether a goal is met, in words. */
export function verdictOn(
  value: number,
  goal: { readonly atLeast: number } | { readonly atMost: number },
): string {
  const [bound, met] = "atLeast" in goal
    ? [`at least ${goal.atLeast}`, value >= goal.atLeast]
    : [`at most ${goal.atMost}`, value <= goal.atMost];
  return `${bound}: ${met ? "met" : "missed"}`;
}
