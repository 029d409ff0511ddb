import type { Clock } from "./clock.ts";

/** Milliseconds within which a second signal counts as the first. */
const SAME_SIGNAL = 500;

/** The end of the service in two steps: no new work; then, work in progress must end. */
export class Shutdown {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #draining = new AbortController();
  readonly #cut = new AbortController();
  readonly #requested = Promise.withResolvers<void>();
  #impatientFrom = Infinity;

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** Aborted when no new work is taken. */
  get draining(): AbortSignal {
    return this.#draining.signal;
  }

  /** Aborted when work in progress must end. */
  get cut(): AbortSignal {
    return this.#cut.signal;
  }

  /** Resolves when the process is asked to stop. */
  get requested(): Promise<void> {
    return this.#requested.promise;
  }

  /** A signal came. A second one is from somebody who does not want to wait; not so at once: task runners deliver one twice. */
  request(): void {
    const now = this.#clock.monotonic();
    if (now >= this.#impatientFrom) this.#cut.abort();
    this.#impatientFrom = Math.min(this.#impatientFrom, now + SAME_SIGNAL);
    this.#requested.resolve();
  }

  /** No new work from now on. */
  drain(): void {
    this.#draining.abort();
  }

  /** Work in progress ends now. */
  end(): void {
    this.#cut.abort();
  }
}
