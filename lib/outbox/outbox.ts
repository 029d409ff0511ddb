/** Accepting events: committed before Coder is answered, so that 202 means it will arrive. */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { type Delivery, type Draft, eventOf } from "../delivery/draft.ts";
import type { Outcome } from "../delivery/outcome.ts";
import type { Dispatcher, Promised } from "./dispatcher.ts";
import type { OutboxStore, Summary } from "./store.ts";
import { StoreError } from "./store_fault.ts";
import type { StoreWatch } from "./store_watch.ts";

/** Milliseconds after which a store that fails can work again. */
const STORE_RETRY = 30_000;

/** Characters of a hash that are stored, 96 bits: nobody gains anything by two that are the same. */
const HASHED = 16;

/** What is in the outbox, for health, page and metrics. */
export interface OutboxStatus extends Pick<Summary, "pending" | "dead" | "deadByReason"> {
  /** Milliseconds; undefined: nothing is pending. */
  readonly oldestPendingMs: number | undefined;
  /** Why no event can be stored at the moment, in words for the operator. */
  readonly failing: string | undefined;
}

/** What accepting needs from outside. */
export interface OutboxOptions {
  readonly store: Pick<OutboxStore, "accept" | "known">;
  readonly watch: StoreWatch;
  /** Events, dead letters included, that the store holds at most. */
  readonly maxPending: number;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
  /** SHA-256, in base64url. */
  readonly hash: (text: string) => Promise<string>;
  /** Called when there is a new event to send. */
  readonly onQueued: () => void;
  /** Asks to send an event at once that is about to be accepted. */
  readonly promise: Dispatcher["promise"];
}

/** Takes drafts into the store. */
export class Outbox implements Delivery {
  readonly #options: OutboxOptions;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Commits event and occurrence in one operation, or finds that the occurrence is known. */
  async deliver(draft: Draft): Promise<Outcome> {
    const { hash, log, onQueued, promise, store, watch } = this.#options;
    const { key, copy: { arrivedAt, ...copy } } = draft;
    let promised: Promised | undefined;
    try {
      const event = eventOf(draft, { messageId: copy.messageId, arrivedAt }, log);
      // Ids of the sender's choice can have any length, and recipients are nobody's business.
      const [recipient, messageId] = await Promise.all([copy.recipient, copy.messageId].map(hash));
      promised = promise();
      const accepted = await store.accept({
        ...{ key, event },
        recipient: recipient!.slice(0, HASHED),
        messageId: messageId!.slice(0, HASHED),
      }, promised !== undefined);
      if (accepted === "duplicate") return { status: accepted, attempts: 0 };
      watch.accepted(); // a duplicate need not have written anything
      if (accepted === "queued") onQueued();
      else promised?.keep(accepted);
      return { status: "queued", attempts: 0 };
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      watch.refused(error);
      return { status: "unavailable", reason: "outbox", retryAfterMs: STORE_RETRY, attempts: 0 };
    } finally {
      promised?.end();
    }
  }

  /** What the service knows of the outbox without asking. */
  status(): OutboxStatus {
    const { clock, maxPending, store, watch } = this.#options;
    const { pending, dead, deadByReason, oldestPending } = store.known;
    const oldestPendingMs = oldestPending === undefined
      ? undefined
      : Math.max(0, clock.now() - oldestPending);
    const isFull = pending + dead >= maxPending;
    const { failing } = watch;
    // Whether it is full is seen now: nobody may have tried since it became so, or since there is room again.
    const seen = failing?.fault === "overfull" ? undefined : failing?.text;
    return {
      ...{ pending, dead, deadByReason, oldestPendingMs },
      failing: seen ?? (isFull ? new StoreError("overfull").message : undefined),
    };
  }
}
