import type { Clock } from "./clock.ts";

/** Why a wait was ended. */
export type Ended = "timed_out" | "cut_off";

interface Waiting {
  /** Monotonic milliseconds. */
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
  readonly #clock: Pick<Clock, "monotonic" | "sleep">;
  readonly #over = new AbortController();
  readonly #waiting = new Set<Waiting>();
  #isTimed = false;

  /** @param ms the time that each has @param cut aborted when all must end */
  constructor(ms: number, cut: AbortSignal, clock: Pick<Clock, "monotonic" | "sleep">) {
    this.#ms = ms;
    this.#clock = clock;
    const end = () => {
      this.#over.abort();
      this.#endAll(Infinity, "cut_off");
    };
    if (cut.aborted) end();
    else cut.addEventListener("abort", end, { once: true });
  }

  /** Calls `end` once, when the time is over or work must end, unless the returned function was called before. */
  begin(end: (why: Ended) => void): () => void {
    if (this.#over.signal.aborted) {
      end("cut_off");
      return () => {};
    }
    const waiting = { until: this.#clock.monotonic() + this.#ms, end };
    this.#waiting.add(waiting);
    if (!this.#isTimed) void this.#watch();
    return () => void this.#waiting.delete(waiting);
  }

  async #watch(): Promise<void> {
    this.#isTimed = true;
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      // Timers are a little early at times.
      await this.#clock.sleep(Math.max(next.until - this.#clock.monotonic(), 1), this.#over.signal);
      this.#endAll(this.#clock.monotonic(), "timed_out");
    }
    this.#isTimed = false;
  }

  #endAll(until: number, why: Ended): void {
    for (const waiting of this.#waiting) {
      if (waiting.until > until) break;
      this.#waiting.delete(waiting);
      waiting.end(why);
    }
  }
}
