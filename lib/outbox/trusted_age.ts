/**
 * Up to when ages are measured: not later than the time that has really passed since the start, so that a clock that is
 * set ahead buries and forgets nothing before its time. A clock that is set back makes everything younger.
 */
export class TrustedAge {
  readonly #start: number;
  readonly #monotonic: number;

  /** @param now Unix milliseconds @param monotonic the same moment by a clock that never jumps */
  constructor(now: number, monotonic: number) {
    this.#start = now;
    this.#monotonic = monotonic;
  }

  /** Unix milliseconds that `now` is trusted to be. */
  at(now: number, monotonic: number): number {
    return Math.min(now, this.#start + monotonic - this.#monotonic);
  }
}
