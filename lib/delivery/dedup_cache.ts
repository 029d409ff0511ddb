/** What direct delivery remembers of what happened, in this process only. */
import { assign, type Copy, type Occurrence, type Occurrences, settle } from "../coder/occurrence.ts";

/** Parts of the window that are forgotten as a whole. */
const GENERATIONS = 4;

/**
 * Remembers occurrences by the hash of their identity.
 *
 * Memory is freed a generation at a time: deleting the oldest entry of a large Map one by one costs up to 45 µs each
 * (measured with Deno 2.9), dropping a Map costs nothing. An entry that is past the window stays until its generation
 * goes, but no longer counts.
 */
export class DedupCache {
  readonly #window: number;
  readonly #now: () => number;
  /** The newest first. */
  #generations: Map<string, Occurrences>[] = [new Map()];
  #rotateAt: number;
  /** Numbers of the occurrences that are being worked on, by key. */
  readonly #held = new Map<string, readonly number[]>();
  /** Few people get most notifications: each one's id is kept once, which is a quarter of the memory. */
  #recipients = new Map<string, string>();

  /** @param window milliseconds @param now monotonic milliseconds */
  constructor(window: number, now: () => number) {
    this.#window = window;
    this.#now = now;
    this.#rotateAt = now() + window / GENERATIONS;
  }

  /** Adds a copy, and returns the occurrence it is a copy of. */
  remember(key: string, copy: Copy): Occurrence {
    const now = this.#now();
    if (now >= this.#rotateAt) this.#rotate(now);
    const home = this.#homeOf(key);
    const recipient = this.#recipients.get(copy.recipient) ?? copy.recipient;
    this.#recipients.set(recipient, recipient);
    const { kind, occurrences, occurrence } = assign(home?.get(key) ?? [], { ...copy, recipient }, {
      now,
      window: this.#window,
      isHeld: ({ number }) => this.#held.get(key)?.includes(number) ?? false,
    });
    // Occurrences live in the generation of the newest of them.
    if (kind === "new" && home !== this.#generations[0]) home?.delete(key);
    (kind === "new" ? this.#generations[0]! : home!).set(key, occurrences);
    return occurrence;
  }

  /** Keeps an occurrence from being forgotten until {@link release}. */
  hold(key: string, number: number): void {
    this.#held.set(key, [...this.#held.get(key) ?? [], number]);
  }

  /** Ends {@link hold}. */
  release(key: string, number: number): void {
    const others = this.#held.get(key)?.filter((held) => held !== number) ?? [];
    if (others.length > 0) this.#held.set(key, others);
    else this.#held.delete(key);
  }

  /** Notes that nothing is left to do for an occurrence. */
  settle(key: string, number: number): void {
    const home = this.#homeOf(key);
    home?.set(key, settle(home.get(key)!, number));
  }

  #homeOf(key: string): Map<string, Occurrences> | undefined {
    return this.#generations.find((generation) => generation.has(key));
  }

  /** Begins a new generation, and forgets those that are past the window as a whole, except what is held. */
  #rotate(now: number): void {
    this.#recipients = new Map();
    const length = this.#window / GENERATIONS;
    const begun = Math.floor((now - this.#rotateAt) / length) + 1;
    this.#rotateAt += begun * length;
    const empty = Array.from(
      { length: Math.min(begun, GENERATIONS + 1) },
      () => new Map<string, Occurrences>(),
    );
    const all = [...empty, ...this.#generations];
    this.#generations = all.slice(0, GENERATIONS + 1);
    for (const key of this.#held.keys()) {
      const occurrences = all.slice(GENERATIONS + 1).find((old) => old.has(key))?.get(key);
      if (occurrences !== undefined) this.#generations[0]!.set(key, occurrences);
    }
  }
}
