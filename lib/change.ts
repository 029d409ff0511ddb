/** What is written together or not at all, as data: several changes can go into one commit. */
export class Change {
  readonly checks: Deno.AtomicCheck[] = [];
  readonly mutations: Deno.KvMutation[] = [];

  /** Only if these entries are as they were read. */
  check(...entries: Deno.AtomicCheck[]): this {
    this.checks.push(...entries);
    return this;
  }

  /** @param options `expireIn`: milliseconds after which the store may delete the entry */
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
