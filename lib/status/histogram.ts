/** Upper bounds for single requests, in milliseconds: from a commit to disk to PlatformX's time-out. */
export const REQUEST_BOUNDS = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000] as const;

/** Upper bounds for an event's way to PlatformX, in milliseconds: to a week, `OUTBOX_MAX_AGE`'s default. */
export const DELIVERY_BOUNDS = [
  ...[50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000],
  ...[60_000, 5 * 60_000, 15 * 60_000, 3_600_000, 6 * 3_600_000, 86_400_000, 7 * 86_400_000],
] as const;

/** Counts durations by size. */
export class Histogram {
  /** Upper bounds in milliseconds, ascending; each is part of its bucket. */
  readonly bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[] = REQUEST_BOUNDS) {
    this.bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  /** Adds a duration in milliseconds. */
  add(ms: number): void {
    const bucket = this.bounds.findIndex((bound) => ms <= bound);
    this.#counts[bucket < 0 ? this.bounds.length : bucket]!++;
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
