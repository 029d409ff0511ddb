/** What happens to stored events after they were accepted: claimed, settled, counted, listed. */
import { buried, isNewer, type OutboxRecord, replayed, type Settlement } from "./record.ts";
import { LONGEST_RETRY_AFTER } from "../platformx/backoff.ts";
import type { Change } from "./change.ts";
import { OUTBOX_KEYS as KEYS } from "./outbox_keys.ts";
import type { Store } from "./store.ts";
import { NOTHING, pack, unpack } from "./stored.ts";

/** Milliseconds for which a claimed event belongs to its claimer: longer than an attempt can take. */
const LEASE = 30_000;

/** Milliseconds for which a dead letter is kept. */
export const DEAD_KEPT = 30 * 86_400_000;

/** An event, and the version of it that was read: settling checks it. */
export interface Claim {
  readonly record: OutboxRecord;
  readonly versionstamp: string;
}

/** An entry of an index: Unix milliseconds, and the event's id. */
type TimedId = readonly [at: number, id: string];

/** How much there is. */
export interface Summary {
  readonly pending: number;
  readonly dead: number;
  /** Unix milliseconds. */
  readonly oldestPending: number | undefined;
  /** When the oldest dead letter became one, in Unix milliseconds. */
  readonly oldestDead: number | undefined;
}

/** Works on stored events. Every method throws `StoreError` only. */
export class OutboxLedger {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Ids of events that are due, the longest due first, and when the next one will be (if that is in sight). */
  async due(
    now: number,
    limit: number,
  ): Promise<{ readonly ids: readonly string[]; readonly next: number | undefined }> {
    const keys = await this.#list(["due"], limit + 1);
    const ids = keys.filter(([at]) => isDue(at, now)).map(([, id]) => id);
    return { ids: ids.slice(0, limit), next: keys.find(([at]) => at > now)?.[0] };
  }

  /**
   * Claims a due event for a lease; undefined: it is gone, not due, or somebody else was faster.
   *
   * @param event its id, or itself as it was written or read
   */
  async claim(event: string | Claim, now: number): Promise<Claim | "newer" | undefined> {
    const entry = typeof event === "string" ? await this.get(event) : event;
    if (entry === undefined) return undefined;
    const { record } = entry;
    const { id } = record;
    if (isNewer(record)) return "newer";
    if (record.dead !== undefined || !isDue(record.due, now)) return undefined;
    const claimed = { ...record, due: now + LEASE };
    const versionstamp = await this.#commit(
      entry,
      (change) =>
        change.set(KEYS.event(id), pack(claimed)).delete(KEYS.due(record.due, id)).set(
          KEYS.due(claimed.due, id),
          NOTHING,
        ),
    );
    return versionstamp === undefined ? undefined : { record: claimed, versionstamp };
  }

  /** Writes down how an attempt ended; false: the lease had run out and somebody else has the event. */
  async settle(claim: Claim, settlement: Settlement): Promise<boolean> {
    const { id, due, since } = claim.record;
    const done = await this.#commit(claim, (change) => {
      change.delete(KEYS.due(due, id));
      if (settlement.kind === "pending") {
        return change.set(KEYS.event(id), pack(settlement.record)).set(
          KEYS.due(settlement.record.due, id),
          NOTHING,
        );
      }
      change.sum(KEYS.pendingCount, -1n).delete(KEYS.pending(since, id));
      if (settlement.kind === "delivered") return change.delete(KEYS.event(id));
      return change.set(KEYS.event(id), pack(settlement.record))
        .set(KEYS.dead(settlement.record.dead!.at, id), NOTHING)
        .sum(KEYS.deadCount, 1n);
    });
    return done !== undefined;
  }

  /** Buries due events older than `maxAge` milliseconds, at most `limit` of them, and returns them; `except`: not these. */
  async expire(
    now: number,
    { maxAge, limit, except }: {
      readonly maxAge: number;
      readonly limit: number;
      readonly except: ReadonlySet<string>;
    },
  ): Promise<readonly OutboxRecord[]> {
    const expired: OutboxRecord[] = [];
    // Page after page: what is left alone must not stand in the way of what comes after it.
    let after: TimedId | undefined;
    do {
      const page = await this.#list(["pending"], limit, after);
      for (const [since, id] of page) {
        if (now - since < maxAge || expired.length === limit) return expired;
        const entry = except.has(id) ? undefined : await this.get(id);
        if (entry === undefined || isNewer(entry.record) || !isDue(entry.record.due, now)) continue;
        const settlement = buried(entry.record, "expired", now);
        if (await this.settle(entry, settlement)) expired.push(settlement.record);
      }
      after = page.at(-1);
    } while (after !== undefined);
    return expired;
  }

  /** Deletes dead letters that were kept long enough, some at a time. */
  async forgetDead(now: number, limit: number): Promise<void> {
    for (const [at, id] of await this.#list(["dead"], limit)) {
      if (now - at < DEAD_KEPT) return;
      await this.drop(id);
    }
  }

  /** Tries a dead letter anew; false: there is none of this id. */
  replay(id: string, now: number): Promise<boolean | "newer"> {
    return this.#exhume(id, (change, record) => added(change, replayed(record, now)));
  }

  /** Deletes a dead letter; false: there is none of this id. Copies of it still count as duplicates. */
  drop(id: string): Promise<boolean | "newer"> {
    return this.#exhume(id, (change) => change.delete(KEYS.event(id)));
  }

  /** Counters, and the oldest of each kind: constant work however many there are. */
  async summary(): Promise<Summary> {
    return await this.#store.read(async (kv) => {
      const [pending, dead] = await kv.getMany<[Deno.KvU64, Deno.KvU64]>([KEYS.pendingCount, KEYS.deadCount]);
      const [oldestPending] = await keysOf(kv, ["pending"], 1);
      const [oldestDead] = await keysOf(kv, ["dead"], 1);
      return {
        pending: Number(pending.value?.value ?? 0n),
        dead: Number(dead.value?.value ?? 0n),
        oldestPending: oldestPending?.[0],
        oldestDead: oldestDead?.[0],
      };
    });
  }

  /** Events of one kind, the oldest first. */
  async *list(kind: "pending" | "dead"): AsyncGenerator<OutboxRecord> {
    // A page at a time, so that a long listing holds no transaction open.
    let after: TimedId | undefined;
    do {
      const page = await this.#list([kind], 100, after);
      for (const [, id] of page) {
        const record = (await this.get(id))?.record;
        if (record !== undefined) yield record;
      }
      after = page.at(-1);
    } while (after !== undefined);
  }

  /** One event. */
  async get(id: string): Promise<Claim | undefined> {
    const entry = await this.#store.read((kv) => kv.get(KEYS.event(id)));
    const record = unpack<OutboxRecord>(entry.value);
    return record === null || entry.versionstamp === null
      ? undefined
      : { record, versionstamp: entry.versionstamp };
  }

  /** Takes a dead letter from the dead; `build` says what becomes of it. */
  async #exhume(
    id: string,
    build: (change: Change, record: OutboxRecord) => Change,
  ): Promise<boolean | "newer"> {
    const entry = await this.get(id);
    if (entry === undefined) return false;
    const { record } = entry;
    if (isNewer(record)) return "newer";
    const at = record.dead?.at;
    if (at === undefined) return false;
    const done = await this.#commit(
      entry,
      (change) => build(change.sum(KEYS.deadCount, -1n).delete(KEYS.dead(at, id)), record),
    );
    return done !== undefined;
  }

  #list(prefix: Deno.KvKey, limit: number, after?: TimedId): Promise<readonly TimedId[]> {
    return this.#store.read((kv) => keysOf(kv, prefix, limit, after));
  }

  /** Commits if the event is still as it was read; returns its new version. */
  #commit(
    claim: Claim,
    build: (change: Change) => Change,
  ): Promise<string | undefined> {
    const { record, versionstamp } = claim;
    return this.#store.commit((change) => build(change.check({ key: KEYS.event(record.id), versionstamp })));
  }
}

/** Whether a due time has come, or is so far off that the clock was set back since: nothing waits that long. */
function isDue(due: number, now: number): boolean {
  return due <= now || due > now + LONGEST_RETRY_AFTER;
}

/** Writes a new event. */
export function added(change: Change, record: OutboxRecord): Change {
  return change
    .set(KEYS.event(record.id), pack(record))
    .set(KEYS.due(record.due, record.id), NOTHING)
    .set(KEYS.pending(record.since, record.id), NOTHING)
    .sum(KEYS.pendingCount, 1n);
}

/** Time and id of the first entries of an index. */
async function keysOf(
  kv: Deno.Kv,
  prefix: Deno.KvKey,
  limit: number,
  after?: TimedId,
): Promise<readonly TimedId[]> {
  const selector = after === undefined ? { prefix } : { prefix, start: [...prefix, ...after, ""] };
  const ids: TimedId[] = [];
  for await (const { key } of kv.list(selector, { limit })) ids.push([key[1] as number, key[2] as string]);
  return ids;
}
