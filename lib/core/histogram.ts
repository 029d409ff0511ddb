/** Upper bounds of a duration histogram, in milliseconds: from a commit to disk to PlatformX's time-out. */
export const DURATION_BOUNDS = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000] as const;

/** Counts durations by size. */
export class Histogram {
  readonly #counts = new Array<number>(DURATION_BOUNDS.length + 1).fill(0);
  #sum = 0;

  /** Adds a duration in milliseconds. */
  add(ms: number): void {
    const bucket = DURATION_BOUNDS.findIndex((bound) => ms <= bound);
    this.#counts[bucket < 0 ? DURATION_BOUNDS.length : bucket]!++;
    this.#sum += ms;
  }

  /** Durations per bound, not cumulated; the last one is above every bound. */
  get counts(): readonly number[] {
    return this.#counts;
  }

  /** Milliseconds in all. */
  get sum(): number {
    return this.#sum;
  }
}
