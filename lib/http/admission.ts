/** Webhooks that may be in flight; more are told to come back. */
const MOST = 1_000;

/**
 * Bytes of their bodies. A thousand of Coder's have some 20 MB; a thousand of the longest that are taken would need
 * more memory than a small machine has.
 */
const MOST_BYTES = 64 * 1024 * 1024;

/** Counts work in flight, and tells when there is none. */
export class Admission {
  #count = 0;
  #bytes = 0;
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

  /** Counts a body in; false: there are too many bytes in flight, and it must not be read. */
  reserve(bytes: number): boolean {
    if (this.#bytes + bytes > MOST_BYTES) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Ends a {@link reserve} that was granted. */
  giveBack(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** Resolves when nothing is in flight. */
  idle(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }
}
