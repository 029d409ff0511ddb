/** Bounds the wait for a KV service: while it is away, Deno's client repeats a call several times a second for ever. */
import type { Clock } from "../base/clock.ts";
import { StoreError } from "./store_error.ts";

/** Milliseconds in which a call must be answered: less than what Coder waits for an answer to a webhook. */
const ANSWER = 5_000;

/** Milliseconds between further calls while one is overdue. That one goes on, and is the first to see the service back. */
const ASK_AGAIN = 30_000;

/** Waits for calls of one database. */
export class Patience {
  readonly #clock: Clock;
  readonly #overdue = new Set<Promise<unknown>>();
  #askAgainAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Makes a call and waits for it, not for ever: what it does may still happen later. While another one is overdue, none
   * is made as a rule, so that they do not pile up.
   *
   * @throws {StoreError} `unreachable`, or what the call throws
   */
  async wait<T>(call: () => Promise<T>): Promise<T> {
    const now = this.#clock.monotonic();
    if (this.#overdue.size > 0 && now < this.#askAgainAt) throw new StoreError("unreachable");
    this.#askAgainAt = now + ASK_AGAIN;
    const answered = new AbortController();
    const called = call().finally(() => {
      answered.abort();
      this.#overdue.delete(called);
    });
    const late = this.#clock.sleep(ANSWER, answered.signal).then(() => !answered.signal.aborted);
    const settled = called.then(() => false, () => false);
    if (await Promise.race([settled, late])) {
      this.#overdue.add(called);
      throw new StoreError("unreachable");
    }
    const value = await called;
    this.#overdue.clear(); // calls on a connection that is dead may stay overdue
    return value;
  }
}
