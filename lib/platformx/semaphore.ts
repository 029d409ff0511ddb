/** A bounded number of places, handed out in order of arrival. */
export class Semaphore {
  #free: number;
  readonly #queue = new Set<() => void>();

  constructor(places: number) {
    this.#free = places;
  }

  /** Places that are free. */
  get free(): number {
    return this.#free;
  }

  /** Takes a place if one is free. */
  tryTake(): boolean {
    if (this.#free === 0) return false;
    this.#free--;
    return true;
  }

  /** Waits for a place until the signal is aborted; false: none was had. */
  take(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const granted = () => {
        signal.removeEventListener("abort", gaveUp);
        resolve(true);
      };
      const gaveUp = () => resolve(!this.#queue.delete(granted));
      if (this.tryTake()) return resolve(true);
      if (signal.aborted) return resolve(false);
      this.#queue.add(granted);
      signal.addEventListener("abort", gaveUp, { once: true });
    });
  }

  /** Gives a place back: to the one who waits longest, if anybody does. */
  release(): void {
    const [next] = this.#queue;
    if (next === undefined) this.#free++;
    else {
      this.#queue.delete(next);
      next();
    }
  }
}
