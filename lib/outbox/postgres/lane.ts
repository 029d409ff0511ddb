/** Does work in groups, one at a time: what comes while one is under way goes into the next. */

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers items of one kind. */
export class Lane<Item, Result> {
  readonly #work: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly #most: number;
  #queue: Waiting<Item, Result>[] = [];
  #isAtWork = false;

  /** @param most items in a group @param work gives a result for each, or fails for all */
  constructor(most: number, work: (items: readonly Item[]) => Promise<readonly Result[]>) {
    this.#most = most;
    this.#work = work;
  }

  /** Resolves when the item's group is done. */
  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ item, resolve, reject });
      if (!this.#isAtWork) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isAtWork = true;
    await Promise.resolve(); // what comes in the same turn goes along
    while (this.#queue.length > 0) {
      const group = this.#queue.splice(0, this.#most);
      try {
        const results = await this.#work(group.map(({ item }) => item));
        group.forEach(({ resolve }, n) => resolve(results[n]!));
      } catch (error) {
        // It was waited for. Were those that gathered to wait as long anew, the last would wait for a minute.
        for (const { reject } of [...group, ...this.#queue.splice(0)]) reject(error);
      }
    }
    this.#isAtWork = false;
  }
}
