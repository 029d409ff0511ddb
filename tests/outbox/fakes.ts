/** Outboxes in files of their own, and what the tests of the outbox share. */
import assert from "node:assert/strict";
import { NOTHING, pack, unpack } from "../../lib/outbox/stored.ts";
import { setImmediate } from "node:timers/promises";
import { systemClock } from "../../lib/runtime/system_clock.ts";
import type { PlatformXEvent } from "../../lib/platformx/event.ts";
import { type OutboxRecord, RECORD_VERSION } from "../../lib/outbox/settlement.ts";
import type { Order } from "../../lib/delivery/single_flight.ts";
import { Outbox, type OutboxOptions } from "../../lib/outbox/outbox.ts";
import { OUTBOX_KEYS } from "../../lib/outbox/outbox_keys.ts";
import { added, OutboxLedger } from "../../lib/outbox/ledger.ts";
import { Store } from "../../lib/outbox/store.ts";
import { eventually } from "../support/eventually.ts";
import { EVENT, FakeClock } from "../support/fakes.ts";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** Has a folder made for `work`, and removed after it. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    return await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** An outbox whose time a test moves. The store's own waiting is real. */
export interface TestOutbox extends AsyncDisposable {
  readonly path: string;
  readonly clock: FakeClock;
  readonly store: Store;
  readonly ledger: OutboxLedger;
  readonly outbox: Outbox;
}

/** Opens an outbox in a folder of its own; ids are e1, e2, … */
export async function openOutbox(settings: Partial<OutboxOptions> = {}): Promise<TestOutbox> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/outbox.db`;
  const clock = new FakeClock();
  const store = await openStore(path);
  let ids = 0;
  const options = { window: DAY, maxPending: 1_000_000, newId: () => `e${++ids}` };
  return {
    path,
    clock,
    store,
    ledger: new OutboxLedger(store),
    outbox: new Outbox({ store, clock, ...options, ...settings }),
    async [Symbol.asyncDispose]() {
      store.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Opens a store in a file. */
export function openStore(path: string): Promise<Store> {
  return Store.open({ kind: "sqlite", path }, systemClock);
}

/** The order of a webhook of the happening `key`, told to `recipient`. */
export function orderOf(
  key: string,
  recipient: string,
  messageId: string,
  event: Partial<PlatformXEvent> = {},
): Order {
  const copy = { recipient, messageId, arrivedAt: Date.UTC(2026, 0, 2) };
  const eventFor = (first: { readonly messageId: string }): PlatformXEvent => ({
    ...EVENT,
    metadata: { workspace: key, coder_message_id: first.messageId },
    ...event,
  });
  return { key, copy, eventFor };
}

/** A record as accepting makes it. */
export function recordWith(fields: Partial<OutboxRecord> & { readonly id: string }): OutboxRecord {
  const at = fields.since ?? 0;
  return { version: RECORD_VERSION, event: EVENT, since: at, due: at, attempts: 0, unknown: 0, ...fields };
}

/** Stores a pending record. */
export async function put(store: Store, record: OutboxRecord): Promise<void> {
  await store.commit((atomic) => added(atomic, record));
}

/** Stores a dead letter. */
export async function putDead(store: Store, record: OutboxRecord): Promise<void> {
  const { dead, id } = record;
  assert.ok(dead !== undefined);
  await store.commit((atomic) =>
    atomic.set(OUTBOX_KEYS.event(id), pack(record)).set(OUTBOX_KEYS.dead(dead.at, id), NOTHING)
      .sum(OUTBOX_KEYS.deadCount, 1n)
  );
}

/** Everything in the store. */
export function entriesOf(store: Store): Promise<readonly Deno.KvEntry<unknown>[]> {
  return store.read((kv) => Array.fromAsync(kv.list({ prefix: [] })));
}

/** Compares indices and counters with what a full listing says they must be; returns the records. */
export async function assertConsistent(store: Store): Promise<readonly OutboxRecord[]> {
  const entries = await entriesOf(store);
  const records = entries.filter(({ key }) => key[0] === "event").map(({ value }) =>
    unpack<OutboxRecord>(value)!
  );
  const keysOf = (...kinds: string[]) =>
    entries.map(({ key }) => key).filter(([kind]) => kinds.includes(String(kind))).map((key) => key.join(" "))
      .toSorted();
  const expected = records.flatMap(({ id, due, since, dead }) =>
    dead === undefined ? [`due ${due} ${id}`, `pending ${since} ${id}`] : [`dead ${dead.at} ${id}`]
  );
  assert.deepEqual(keysOf("due", "pending", "dead"), expected.toSorted());

  const pending = records.filter(({ dead }) => dead === undefined);
  const summary = await new OutboxLedger(store).summary();
  assert.deepEqual(summary, {
    pending: pending.length,
    dead: records.length - pending.length,
    oldestPending: pending.length === 0 ? undefined : Math.min(...pending.map(({ since }) => since)),
    oldestDead: pending.length === records.length
      ? undefined
      : Math.min(...records.flatMap(({ dead }) => dead === undefined ? [] : [dead.at])),
  });
  return records;
}

/** Milliseconds of real time after which a worker that never rests is a failure. */
const HANGS = 20_000;

/** Waits until a condition holds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  await eventually(holds, what);
}

/** Counts what a store is asked, and knows when nobody waits for it. */
export class StoreTraffic {
  reads = 0;
  commits = 0;
  /** Called before every commit: can fail it, or hold it up. */
  beforeCommit: () => void | Promise<void> = () => {};
  #underWay = 0;

  constructor(store: Store) {
    const read = store.read.bind(store);
    const commit = store.commit.bind(store);
    store.read = (work) => this.#during(() => (this.reads++, read(work)));
    store.commit = (build) =>
      this.#during(async () => {
        this.commits++;
        await this.beforeCommit();
        return await commit(build);
      });
  }

  /** Resolves when everybody sleeps. */
  async quiet(clock: FakeClock): Promise<void> {
    let calm = 0;
    const end = performance.now() + HANGS;
    while (calm < 5) {
      assert.ok(performance.now() < end, "the worker never rests");
      await setImmediate();
      calm = this.#underWay === 0 && clock.sleepers > 0 ? calm + 1 : 0;
    }
  }

  async #during<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay++;
    try {
      return await work();
    } finally {
      this.#underWay--;
    }
  }
}
