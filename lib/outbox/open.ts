/** Puts the parts of the outbox together. */
import { scrub } from "../base/redact.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Gate } from "../platformx/gate.ts";
import { Dispatcher, type DispatcherOptions } from "./dispatcher.ts";
import { Outbox, type OutboxOptions } from "./outbox.ts";
import type { OutboxStore } from "./store.ts";
import { StoreWatch } from "./store_watch.ts";

/** An outbox that takes events, and sends them once it is started. */
export interface OpenOutbox {
  readonly outbox: Outbox;
  /** Begins to send what the outbox holds; before that, only events are taken. */
  readonly start: () => void;
  /** Resolves when no attempt is under way; asked once draining has begun. */
  readonly idle: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Opens it on a store. */
export function openOutbox(
  store: OutboxStore,
  { hash, maxPending, random, ...parts }: {
    readonly maxPending: number;
    readonly random: () => number;
    readonly hash: OutboxOptions["hash"];
    readonly gate: Gate;
    readonly clock: Clock;
    readonly log: Log;
    readonly draining: AbortSignal;
    readonly onSettled: DispatcherOptions["onSettled"];
    readonly traced: DispatcherOptions["traced"];
  },
): OpenOutbox {
  const { dead, pending } = store.known;
  parts.log.write("INFO", "outbox_opened", "OUTBOX is open", {
    engine: scrub(store.engine, []),
    pending,
    dead,
  });
  const watch = new StoreWatch(parts.log);
  const dispatcher = new Dispatcher({ ...parts, store, watch, random });
  const outbox = new Outbox({
    store,
    watch,
    maxPending,
    hash,
    clock: parts.clock,
    log: parts.log,
    onQueued: () => dispatcher.wake(),
    promise: () => dispatcher.promise(),
  });
  let finished: Promise<void> = Promise.resolve();
  return {
    outbox,
    start: () => {
      finished = dispatcher.run();
    },
    // Again: what was accepted last may have been promised to be sent at once.
    idle: () => finished.then(() => dispatcher.finish()),
    close: () => store.close(),
  };
}
