/** Why a wait was ended. */
export type Ended = "timed_out" | "cut_off";

interface Waiting {
  /** As `performance.now()` tells it. */
  readonly until: number;
  readonly end: (why: Ended) => void;
}

/**
 * Ends what takes longer than a fixed time, and everything when work must end.
 *
 * One timer serves all: as they have the same time, they end in the order in which they began. It stays when nobody
 * waits any more, and goes when it finds that so: setting and clearing one for each request costs an eighth of the
 * service's throughput. Aborting `cut` ends it.
 */
export class Deadlines {
  readonly #ms: number;
  readonly #cut: AbortSignal;
  readonly #waiting = new Set<Waiting>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param ms the time that each has @param cut aborted when all must end */
  constructor(ms: number, cut: AbortSignal) {
    this.#ms = ms;
    this.#cut = cut;
    cut.addEventListener("abort", () => {
      clearTimeout(this.#timer);
      this.#endAll(Infinity, "cut_off");
    }, { once: true });
  }

  /** Calls `end` once, when the time is over or work must end, unless the returned function was called before. */
  begin(end: (why: Ended) => void): () => void {
    if (this.#cut.aborted) {
      end("cut_off");
      return () => {};
    }
    const waiting = { until: performance.now() + this.#ms, end };
    this.#waiting.add(waiting);
    this.#timer ??= setTimeout(this.#onTime, this.#ms);
    return () => void this.#waiting.delete(waiting);
  }

  readonly #onTime = (): void => {
    this.#timer = undefined;
    const now = performance.now();
    this.#endAll(now, "timed_out");
    const [next] = this.#waiting;
    // Timers are a little early at times.
    if (next !== undefined) this.#timer ??= setTimeout(this.#onTime, Math.ceil(next.until - now));
  };

  #endAll(until: number, why: Ended): void {
    for (const waiting of this.#waiting) {
      if (waiting.until > until) break;
      this.#waiting.delete(waiting);
      waiting.end(why);
    }
  }
}
