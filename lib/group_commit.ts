/**
 * Writes changes that come at the same time in one commit.
 *
 * A commit costs one flush to disk however much it holds. While one is under way the next ones gather; a change that
 * comes alone is written at once.
 */
import { Change } from "./change.ts";
import { StoreError, type StoreFault } from "./store_error.ts";

/** Writes one change; undefined: a check failed. */
export type Commit = (change: Change) => Promise<string | undefined>;

/** What one commit may hold, below Deno KV's limits of 100 checks, 1,000 mutations and 800 KiB. */
const MOST = { checks: 100, mutations: 900, bytes: 512 * 1024 } as const;

/** What can be wrong with one change or entry only. Else a second try would fail as well, and keep others waiting. */
const OWN_FAULTS: readonly StoreFault[] = ["broken", "unusable"];

interface Queued {
  readonly change: Change;
  readonly resolve: (result: string | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers changes and commits them. */
export class GroupCommit {
  readonly #commit: Commit;
  #queue: Queued[] = [];
  #isWriting = false;

  constructor(commit: Commit) {
    this.#commit = commit;
  }

  /** As {@link Commit}: with the result, or the error, that the change would have alone. */
  commit(change: Change): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ change, resolve, reject });
      if (!this.#isWriting) void this.#write();
    });
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#queue.length > 0) {
      const { group, rest } = grouped(this.#queue);
      this.#queue = rest;
      if (group.length > 1 && await this.#together(group)) continue;
      for (const { change, resolve, reject } of group) await this.#commit(change).then(resolve, reject);
    }
    this.#isWriting = false;
  }

  /** False: each must be tried alone, because one of them keeps the others from being written. */
  async #together(group: readonly Queued[]): Promise<boolean> {
    const all = new Change();
    for (const { change: { checks, mutations } } of group) {
      all.checks.push(...checks);
      all.mutations.push(...mutations);
    }
    try {
      const result = await this.#commit(all);
      if (result === undefined) return false;
      for (const { resolve } of group) resolve(result);
    } catch (error) {
      if (!(error instanceof StoreError) || OWN_FAULTS.includes(error.fault)) return false;
      for (const { reject } of group) reject(error);
    }
    return true;
  }
}

/**
 * The first changes that fit into one commit. Two that check the same entry never do: both checks would hold, and the
 * second change would overwrite the first.
 */
function grouped(
  queue: readonly Queued[],
): { readonly group: readonly Queued[]; readonly rest: Queued[] } {
  const group: Queued[] = [];
  const rest: Queued[] = [];
  const checked = new Set<string>();
  const size = { checks: 0, mutations: 0, bytes: 0 };
  for (const queued of queue) {
    const { checks, mutations } = queued.change;
    const keys = checks.map(({ key }) => JSON.stringify(key));
    size.checks += checks.length;
    size.mutations += mutations.length;
    size.bytes += bytesOf(mutations);
    const fits = size.checks <= MOST.checks && size.mutations <= MOST.mutations && size.bytes <= MOST.bytes;
    // In order: what was left for the next commit holds up what came after it.
    const isNext = rest.length === 0 && (group.length === 0 || fits) && !keys.some((key) => checked.has(key));
    for (const key of keys) checked.add(key);
    (isNext ? group : rest).push(queued);
  }
  return { group, rest };
}

function bytesOf(mutations: readonly Deno.KvMutation[]): number {
  let bytes = 0;
  for (const mutation of mutations) {
    if (mutation.type === "set" && mutation.value instanceof Uint8Array) bytes += mutation.value.byteLength;
  }
  return bytes;
}
