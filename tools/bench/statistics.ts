/** Numbers out of rounds: medians, spreads, ratios and percentiles. */

/** A median and how far single rounds were from it. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/**
 * The smallest value that at least `percent` of all values do not exceed (nearest rank: always a value that was
 * measured). NaN when there are none.
 */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(sorted.length * percent / 100));
  return sorted[rank - 1] ?? NaN;
}

/** The middle value, or the mean of the two middle ones. NaN when there are none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** Median, least and most. */
export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

/**
 * Each round's value in proportion to the base of the same round: what disturbs a machine for a while disturbs both.
 *
 * @throws {RangeError} when a round lacks one of the two
 */
export function ratiosOf(values: readonly number[], bases: readonly number[]): number[] {
  if (values.length !== bases.length) {
    throw new RangeError(`Ratios need a base for each round: there are ${values.length} and ${bases.length}`);
  }
  return values.map((value, round) => value / bases[round]!);
}
