/**
 * A rate limit: a bucket of tokens that refills steadily. Who finds it empty may reserve a token that is not there
 * yet and wait for it, so waiting is in order of arrival.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt = 0;

  /** @param perMinute 0: no limit. The burst is a tenth of it, at least 1. */
  constructor(perMinute: number) {
    this.#perMs = perMinute / 60_000;
    this.#burst = Math.max(1, Math.floor(perMinute / 10));
    this.#tokens = this.#burst;
  }

  /** Takes a token and returns the milliseconds to wait for it; undefined, taking none, when that is too long. */
  reserve(now: number, longest: number): number | undefined {
    if (this.#perMs === 0) return 0;
    const wait = this.waitAt(now);
    if (wait > longest) return undefined;
    this.#tokens--;
    return wait;
  }

  /** Milliseconds until a token is there for who comes now. */
  waitAt(now: number): number {
    if (this.#perMs === 0) return 0;
    this.#tokens = Math.min(this.#burst, this.#tokens + Math.max(0, now - this.#filledAt) * this.#perMs);
    this.#filledAt = Math.max(now, this.#filledAt);
    return this.#tokens >= 1 ? 0 : Math.ceil((1 - this.#tokens) / this.#perMs);
  }

  /** Tokens that are there now. */
  available(now: number): number {
    if (this.#perMs === 0) return Infinity;
    return this.waitAt(now) === 0 ? Math.floor(this.#tokens) : 0;
  }

  /** Returns a token that was not used. */
  giveBack(): void {
    this.#tokens++;
  }
}
