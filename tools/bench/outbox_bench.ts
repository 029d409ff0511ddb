/**
 * What an event costs in the outbox, from accepting to settling, with 10 and with 100,000 others pending. Exits 1 when
 * the second takes more than 1.5 times the first.
 */
import type { OutboxRecord } from "../../lib/outbox/settlement.ts";
import { systemClock as clock } from "../../lib/runtime/system_clock.ts";
import type { Order } from "../../lib/delivery/single_flight.ts";
import { Outbox } from "../../lib/outbox/outbox.ts";
import { added, OutboxLedger } from "../../lib/outbox/ledger.ts";
import { Store } from "../../lib/outbox/store.ts";

const SIZES = [10, 100_000] as const;
const MOST_RATIO = 1.5;
const EVENTS = 300;
const ROUNDS = 5;

const EVENT = {
  name: "Workspace Created",
  email: "alice@example.com",
  timestamp: "1795465894",
  metadata: { workspace: "alice-dev", coder_message_id: crypto.randomUUID() },
};

/** An outbox with so many events that are due tomorrow. */
async function filled(path: string, pending: number) {
  const store = await Store.open({ kind: "sqlite", path }, clock);
  const tomorrow = clock.now() + 86_400_000;
  for (let n = 0; n < pending; n += 200) {
    await store.commit((atomic) => {
      for (let i = n; i < Math.min(n + 200, pending); i++) {
        const id = `f${i}`;
        const record: OutboxRecord = {
          version: 1,
          id,
          event: EVENT,
          since: tomorrow - i,
          due: tomorrow,
          attempts: 0,
          unknown: 0,
        };
        added(atomic, record);
      }
      return atomic;
    });
  }
  const newId = () => crypto.randomUUID();
  const outbox = new Outbox({ store, clock, window: 86_400_000, maxPending: 1e9, newId });
  return { store, outbox, ledger: new OutboxLedger(store) };
}

/** One event's whole way: commit, look for what is due, claim, settle, and what health asks. */
async function once({ outbox, ledger }: Awaited<ReturnType<typeof filled>>): Promise<void> {
  const messageId = crypto.randomUUID();
  const order: Order = {
    key: crypto.randomUUID(),
    copy: { recipient: "r", messageId, arrivedAt: clock.now() },
    eventFor: () => EVENT,
  };
  await outbox.accept(order);
  const { ids } = await ledger.due(clock.now(), 64);
  const claim = await ledger.claim(ids[0]!, clock.now());
  if (claim === undefined || claim === "newer") throw new Error("the event is not due");
  await ledger.settle(claim, { kind: "delivered" });
  await ledger.summary();
}

const folder = await Deno.makeTempDir();
try {
  const stores = new Map<number, Awaited<ReturnType<typeof filled>>>();
  for (const size of SIZES) stores.set(size, await filled(`${folder}/${size}.db`, size));
  const best = new Map<number, number>(SIZES.map((size) => [size, Infinity]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const size of SIZES) {
      const begun = performance.now();
      for (let i = 0; i < EVENTS; i++) await once(stores.get(size)!);
      best.set(size, Math.min(best.get(size)!, (performance.now() - begun) / EVENTS));
    }
  }
  const [few, many] = SIZES.map((size) => best.get(size)!) as [number, number];
  for (const size of SIZES) {
    console.log(`${String(size).padStart(7)} pending: ${best.get(size)!.toFixed(2)} ms an event`);
  }
  console.log(`${(many / few).toFixed(2)} times as much (at most ${MOST_RATIO}), best of ${ROUNDS} rounds`);
  for (const { store } of stores.values()) store.close();
  Deno.exitCode = many / few <= MOST_RATIO ? 0 : 1;
} finally {
  await Deno.remove(folder, { recursive: true });
}
