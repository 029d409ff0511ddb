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
const OWN_FAULTS: readonly StoreFault[] = ["broken", "gone", "unusable"];

/** A change that waits for its result. */
interface Queued {
  readonly change: Change;
  /** The entries it touches: those of the checks, then the others. Counters are only added to, in whatever order. */
  readonly entries: readonly string[];
  /** Those that are there when it is written. */
  readonly made: readonly string[];
  readonly resolve: (result: string | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers changes and commits them. */
export class GroupCommit {
  readonly #commit: Commit;
  /** In order of arrival. A change stays until its result is known. */
  readonly #queue = new Set<Queued>();
  #isWriting = false;

  constructor(commit: Commit) {
    this.#commit = commit;
  }

  /** As {@link Commit}: with the result, or the error, that the change would have alone. */
  commit(change: Change): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      this.#queue.add({ change, ...namesOf(change), resolve, reject });
      if (!this.#isWriting) void this.#write();
    });
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#queue.size > 0) await this.#finish(grouped(this.#queue));
    this.#isWriting = false;
  }

  /** Writes a group, in ever smaller parts while one of its changes keeps the others from being written. */
  async #finish(group: readonly Queued[]): Promise<void> {
    const left = group.filter((queued) => this.#queue.has(queued));
    if (left.length === 0 || await this.#tryTogether(left)) return;
    const half = Math.ceil(left.length / 2);
    await this.#finish(left.slice(0, half));
    await this.#finish(left.slice(half));
  }

  /** False: nothing was written, and the fault may be that of one of them. */
  async #tryTogether(group: readonly Queued[]): Promise<boolean> {
    try {
      const version = await this.#commit(joined(group));
      if (version === undefined && group.length > 1) return false;
      this.#end(group, ({ resolve }) => resolve(version));
      if (version !== undefined) this.#endOvertaken(group, version);
    } catch (error) {
      const isOwn = !(error instanceof StoreError) || OWN_FAULTS.includes(error.fault);
      if (isOwn && group.length > 1) return false;
      // A locked store was waited for. Were the next group to wait as long anew, the last would wait for a minute.
      const isLocked = error instanceof StoreError && error.fault === "busy";
      this.#end(isLocked ? this.#queue : group, ({ reject }) => reject(error));
    }
    return true;
  }

  /** Ends those whose checks cannot hold any more, as what they read is older than what was just written. */
  #endOvertaken(by: readonly Queued[], version: string): void {
    if (this.#queue.size === 0) return;
    const made = new Set<string>();
    for (const queued of by) for (const entry of queued.made) made.add(entry);
    const isOld = (versionstamp: string | null) => versionstamp === null || versionstamp < version;
    const overtaken = [...this.#queue].filter(({ change: { checks }, entries }) =>
      checks.some(({ versionstamp }, n) => isOld(versionstamp) && made.has(entries[n]!))
    );
    this.#end(overtaken, ({ resolve }) => resolve(undefined));
  }

  #end(some: Iterable<Queued>, tell: (queued: Queued) => void): void {
    for (const queued of some) {
      this.#queue.delete(queued);
      tell(queued);
    }
  }
}

/**
 * The first changes that fit into one commit. Two that touch the same entry never do: both checks would hold, and the
 * second change would overwrite the first. Nor does one overtake another with which it shares an entry.
 */
function grouped(queue: Iterable<Queued>): readonly Queued[] {
  const group: Queued[] = [];
  const touched = new Set<string>();
  const size = { checks: 0, mutations: 0, bytes: 0 };
  for (const queued of queue) {
    const { change: { checks, mutations }, entries } = queued;
    const isFree = !entries.some((entry) => touched.has(entry));
    for (const entry of entries) touched.add(entry);
    if (!isFree) continue;
    size.checks += checks.length;
    size.mutations += mutations.length;
    size.bytes += bytesOf(mutations);
    const fits = size.checks <= MOST.checks && size.mutations <= MOST.mutations && size.bytes <= MOST.bytes;
    if (!fits && group.length > 0) break;
    group.push(queued);
  }
  return group;
}

function joined(group: readonly Queued[]): Change {
  const all = new Change();
  for (const { change } of group) {
    all.checks.push(...change.checks);
    all.mutations.push(...change.mutations);
    if (change.mustBeInPlace) all.inPlace();
  }
  return all;
}

function namesOf({ checks, mutations }: Change): Pick<Queued, "entries" | "made"> {
  const entries = checks.map(({ key }) => JSON.stringify(key));
  let made: string[] = [];
  for (const { type, key } of mutations) {
    if (type !== "set" && type !== "delete") continue;
    const name = JSON.stringify(key);
    entries.push(name);
    if (type === "set") made.push(name);
    else if (made.includes(name)) made = made.filter((other) => other !== name);
  }
  return { entries, made };
}

function bytesOf(mutations: readonly Deno.KvMutation[]): number {
  let bytes = 0;
  for (const mutation of mutations) {
    if (mutation.type === "set" && mutation.value instanceof Uint8Array) bytes += mutation.value.byteLength;
  }
  return bytes;
}
