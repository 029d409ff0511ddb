/** Webhooks that may be in flight; more are told to come back. */
const MOST = 1_000;

/** Counts work in flight, and tells when there is none. */
export class InFlight {
  #count = 0;
  #idle: (() => void)[] = [];

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** Counts one in; false: there are too many. Either way it must {@link leave}. */
  enter(): boolean {
    return ++this.#count <= MOST;
  }

  /** Counts one out. */
  leave(): void {
    if (--this.#count > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Resolves when nothing is in flight. */
  idle(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }
}
