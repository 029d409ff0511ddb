import type { Config } from "../config/config.ts";
import { type Mode, outboxDetails, type OutboxHealth } from "../status/health.ts";
import type { Alarm } from "../outbox/alarm.ts";
import type { Clock } from "../base/clock.ts";
import { deliverDirectly } from "../delivery/direct.ts";
import { deliverToLog } from "../delivery/dry_run.ts";
import type { Log } from "../base/log.ts";
import { OccurrenceMemory } from "../delivery/dedup_cache.ts";
import { OneDelivery, type Order } from "../delivery/single_flight.ts";
import { Outbox } from "../outbox/outbox.ts";
import { fulfilByOutbox } from "../outbox/outbox_delivery.ts";
import { OutboxLedger } from "../outbox/ledger.ts";
import type { Handled } from "../delivery/relay.ts";
import type { Sender } from "../platformx/gate.ts";
import type { Stats } from "../status/stats.ts";
import { Store } from "../outbox/store.ts";
import { StoreWatch } from "../outbox/store_watch.ts";
import { Worker } from "../outbox/dispatcher.ts";

/** How events get from an order to PlatformX in the configured mode. */
export interface Delivery {
  readonly fulfil: (order: Order) => Promise<Handled>;
  /** Begins to send what the outbox holds; before that, only orders are taken. */
  readonly start: () => void;
  /** What is in the outbox; undefined without one. */
  readonly outbox: () => Promise<OutboxHealth | "unreadable" | undefined>;
  /** Resolves when no attempt is under way; asked once draining has begun. */
  readonly idle: () => Promise<unknown>;
  readonly close: () => void;
}

/** What the modes need from outside. */
export interface DeliveryOptions {
  readonly config: Config;
  readonly mode: Mode;
  readonly sender: Sender;
  readonly stats: Stats;
  /** Rings when the store is to be looked at, though nothing came. */
  readonly alarm: Alarm;
  readonly clock: Clock;
  readonly log: Log;
  readonly draining: AbortSignal;
}

/**
 * Prepares delivery in the configured mode.
 *
 * @throws {StoreError} OUTBOX cannot be used
 */
export async function openDelivery(options: DeliveryOptions): Promise<Delivery> {
  const { config, mode } = options;
  return mode === "outbox" && config.outbox !== undefined
    ? await viaOutbox(options, config.outbox)
    : direct(options);
}

function direct({ config, sender, clock, log }: DeliveryOptions): Delivery {
  const oneDelivery = new OneDelivery({
    memory: new OccurrenceMemory(config.delivery.dedupWindow, clock.monotonic),
    deliver: config.delivery.dryRun
      ? deliverToLog(log)
      : deliverDirectly({ sender, clock, random: Math.random }),
    clock,
    deadline: config.delivery.deadline,
    holds: sender,
  });
  return {
    fulfil: (order) => oneDelivery.fulfil(order),
    start: () => {},
    outbox: () => Promise.resolve(undefined),
    idle: () => Promise.resolve(),
    close: () => {},
  };
}

async function viaOutbox(
  options: DeliveryOptions,
  { location, maxAge, maxPending }: NonNullable<Config["outbox"]>,
): Promise<Delivery> {
  const { alarm, config, clock, draining, log, sender, stats } = options;
  const store = await Store.open(location, clock);
  const ledger = new OutboxLedger(store);
  const watch = new StoreWatch(log);
  const window = config.delivery.dedupWindow;
  const onDelivered = stats.countDelivered.bind(stats);
  const worker = new Worker({
    store,
    ledger,
    sender,
    clock,
    log,
    watch,
    random: Math.random,
    maxAge,
    draining,
    onDelivered,
  });
  const outbox = new Outbox({ store, clock, window, maxPending, newId });
  const state = async (): Promise<OutboxHealth | "unreadable"> => {
    const summary = await ledger.summary().catch(() => undefined);
    if (summary === undefined || !store.isThere) return "unreadable";
    const { pending, dead, oldestPending, oldestDead } = summary;
    const age = (at: number | undefined) => at === undefined ? undefined : clock.now() - at;
    const { failing } = watch;
    return { pending, dead, oldestPendingMs: age(oldestPending), oldestDeadMs: age(oldestDead), failing };
  };
  alarm.onRing(() => worker.wake());
  tellState(await state(), log);
  let finished = Promise.resolve();
  return {
    fulfil: fulfilByOutbox(outbox, worker, watch),
    start: () => {
      finished = worker.run();
    },
    outbox: state,
    idle: () => finished,
    close: () => store.close(),
  };
}

/** What was found at the start, in the words of health. */
function tellState(state: OutboxHealth | "unreadable", log: Log): void {
  const { pending, dead, oldest_pending_seconds } = outboxDetails(state);
  log.write("INFO", "outbox_opened", OUTBOX_OPENED, {
    pending: pending ?? undefined,
    dead: dead ?? undefined,
    oldest_pending_seconds: oldest_pending_seconds ?? undefined,
  });
}

const OUTBOX_OPENED =
  "OUTBOX is open. What is pending goes out from now on; dead letters wait for a person: see 'coder-platformx outbox list'";

/** Letters and digits that are not mistaken for each other. */
const ID_CHARACTERS = "0123456789abcdefghjkmnpqrstvwxyz";

/** An id short enough to type: 50 random bits. */
function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(10)), (byte) => ID_CHARACTERS[byte % 32]).join("");
}
