/** Milliseconds of one slot, and slots that are kept: a day. */
const SLOT = 60_000;
const SLOTS = 24 * 60;

/** Counts things of several kinds over the last day, by the minute, in memory that does not grow. */
export class Timeline {
  readonly #kinds: number;
  readonly #counts: Uint32Array;
  /** The minute that each slot holds: an old one is cleared when its slot is used again. */
  readonly #minutes = new Float64Array(SLOTS).fill(-1);

  constructor(kinds: number) {
    this.#kinds = kinds;
    this.#counts = new Uint32Array(SLOTS * kinds);
  }

  /** Counts one of a kind. `now`: Unix milliseconds. */
  add(kind: number, now: number): void {
    const minute = Math.floor(now / SLOT);
    const slot = minute % SLOTS;
    if (this.#minutes[slot] !== minute) {
      this.#minutes[slot] = minute;
      this.#counts.fill(0, slot * this.#kinds, (slot + 1) * this.#kinds);
    }
    this.#counts[slot * this.#kinds + kind]!++;
  }

  /** Counts per kind in each of the last `steps` spans of `minutes` minutes, the oldest first. */
  last(steps: number, minutes: number, now: number): readonly (readonly number[])[] {
    const end = Math.floor(now / SLOT);
    return Array.from({ length: steps }, (_, step) => {
      const first = end - (steps - step) * minutes + 1;
      const sums = new Array<number>(this.#kinds).fill(0);
      for (let minute = first; minute < first + minutes; minute++) {
        const slot = minute % SLOTS;
        if (this.#minutes[slot] !== minute) continue;
        for (let kind = 0; kind < this.#kinds; kind++) {
          sums[kind]! += this.#counts[slot * this.#kinds + kind]!;
        }
      }
      return sums;
    });
  }
}
