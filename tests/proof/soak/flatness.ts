/** Whether a course of numbers grows. Pure, and of no unit: megabytes, descriptors or timers. */
import { median } from "../../../tools/bench/statistics.ts";

/** One number, and the seconds after which it was read. */
export interface Sample {
  readonly at: number;
  readonly value: number;
}

/** What a course does. */
export interface Trend {
  /** Per minute. */
  readonly slope: number;
  /** Over all the samples' time. */
  readonly growth: number;
}

/** Fewer samples say nothing: of three, one that is off decides. */
export const FEWEST = 5;

/**
 * The samples after the warm-up: without the first quarter, and at least without the first two. Then what is loaded
 * once, compiled once or remembered for a while is there.
 */
export function afterWarmUp<T>(samples: readonly T[]): readonly T[] {
  return samples.slice(Math.max(2, Math.ceil(samples.length / 4)));
}

/**
 * The trend by Theil and Sen: the median of the slopes of all pairs. A single collection of garbage that came late, or
 * a single burst, does not move it, as it would a line of least squares. Undefined: too few samples.
 */
export function trendOf(samples: readonly Sample[]): Trend | undefined {
  if (samples.length < FEWEST) return undefined;
  const slopes = samples.flatMap((one, index) =>
    samples.slice(index + 1).map((other) => (other.value - one.value) / (other.at - one.at))
  );
  const perSecond = median(slopes);
  return { slope: perSecond * 60, growth: perSecond * (samples.at(-1)!.at - samples[0]!.at) };
}
