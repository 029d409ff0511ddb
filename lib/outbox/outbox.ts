/** Accepting events: committed before Coder is answered, so that 202 means it will arrive. */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { type Delivery, type Draft, eventOf } from "../delivery/draft.ts";
import type { Outcome } from "../delivery/outcome.ts";
import type { OutboxStore, Summary } from "./outbox_store.ts";
import { StoreError } from "./store_fault.ts";
import type { StoreWatch } from "./store_watch.ts";

/** Milliseconds after which a store that fails can work again. */
const STORE_RETRY = 30_000;

/** What is in the outbox, for health, page and metrics. */
export interface OutboxStatus {
  readonly pending: number;
  readonly dead: number;
  /** Milliseconds; undefined: nothing is pending. */
  readonly oldestPendingMs: number | undefined;
  readonly deadLetters: Summary["deadLetters"];
  /** Why no event can be stored at the moment, in words for the operator. */
  readonly failing: string | undefined;
}

/** What accepting needs from outside. */
export interface OutboxOptions {
  readonly store: OutboxStore;
  readonly watch: StoreWatch;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
  /** Called when there is a new event to send. */
  readonly onQueued: () => void;
}

/** Takes drafts into the store. */
export class Outbox implements Delivery {
  readonly #options: OutboxOptions;
  /** Events that were there when the store last had no room for another. */
  #fullWith = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Commits event and occurrence in one operation, or finds that the occurrence is known. */
  async deliver(draft: Draft): Promise<Outcome> {
    const { log, onQueued, store, watch } = this.#options;
    const { key, copy: { recipient, messageId, arrivedAt } } = draft;
    try {
      const event = eventOf(draft, { messageId, arrivedAt }, log);
      const status = await store.accept({ key, recipient, messageId, event });
      watch.worked();
      if (status === "queued") onQueued();
      return { status, attempts: 0 };
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      watch.failed(error);
      if (error.fault === "overfull") this.#fullWith = store.known.pending + store.known.dead;
      return { status: "unavailable", reason: "outbox", retryAfterMs: STORE_RETRY, attempts: 0 };
    }
  }

  /** What the service knows of the outbox without asking. */
  status(): OutboxStatus {
    const { clock, store, watch } = this.#options;
    const { pending, dead, oldestPending, deadLetters } = store.known;
    const oldestPendingMs = oldestPending === undefined
      ? undefined
      : Math.max(0, clock.now() - oldestPending);
    // Nobody may have tried since there is room again.
    const hasRoom = watch.fault === "overfull" && pending + dead < this.#fullWith;
    return { pending, dead, oldestPendingMs, deadLetters, failing: hasRoom ? undefined : watch.failing };
  }
}
