/** What is written together or not at all, as data: several changes can go into one commit. */
export class Change {
  readonly checks: Deno.AtomicCheck[] = [];
  readonly mutations: Deno.KvMutation[] = [];
  #mustBeInPlace = false;

  /** See {@link inPlace}. */
  get mustBeInPlace(): boolean {
    return this.#mustBeInPlace;
  }

  /** Only while the store's file is at its place, as others will rely on what is written. */
  inPlace(): this {
    this.#mustBeInPlace = true;
    return this;
  }

  /** Only if these entries are as they were read. */
  check(...entries: Deno.AtomicCheck[]): this {
    this.checks.push(...entries);
    return this;
  }

  /**
   * Writes an entry.
   *
   * @param options `expireIn`: milliseconds after which the store may delete it
   */
  set(key: Deno.KvKey, value: unknown, options: { readonly expireIn?: number } = {}): this {
    this.mutations.push({ type: "set", key, value, ...options });
    return this;
  }

  /** Deletes an entry, if it is there. */
  delete(key: Deno.KvKey): this {
    this.mutations.push({ type: "delete", key });
    return this;
  }

  /** Adds to a counter. Counters are unsigned and wrap round, so a negative amount subtracts. */
  sum(key: Deno.KvKey, amount: bigint): this {
    this.mutations.push({ type: "sum", key, value: new Deno.KvU64(BigInt.asUintN(64, amount)) });
    return this;
  }
}
