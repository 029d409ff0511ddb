/** What one delivery per occurrence has around it, in the hands of a test. */
import assert from "node:assert/strict";
import type { FirstCopy, PlatformXEvent } from "../../lib/platformx/event.ts";
import type { Deliver, Delivered } from "../../lib/delivery/direct.ts";
import { OccurrenceMemory } from "../../lib/delivery/dedup_cache.ts";
import { OneDelivery, type Order } from "../../lib/delivery/single_flight.ts";
import type { Held } from "../../lib/platformx/gate.ts";
import { EVENT, FakeClock, settled } from "../support/fakes.ts";

/** Ends of a delivery. */
export const DELIVERED: Delivered = { kind: "delivered", attempts: 1 };
export const REFUSED: Delivered = { kind: "refused", words: "no", attempts: 1 };
export const FAILED: Delivered = {
  kind: "unavailable",
  reason: "platformx",
  retryAfterMs: 2_000,
  attempts: 3,
};

/** A pause or a shutdown that a test begins and ends. */
export class FakeHolds {
  heldNow: Held | undefined;
  #begins = new AbortController();

  get holdBegins(): AbortSignal {
    return this.#begins.signal;
  }

  begin(reason: Held["reason"]): void {
    this.heldNow = { kind: "held", reason, waitMs: 1_000 };
    const begins = this.#begins;
    if (reason !== "draining") this.#begins = new AbortController();
    begins.abort();
  }

  end(): void {
    this.heldNow = undefined;
  }
}

/** A delivery under way. `event.metadata` tells whose copy sends it, and which one is called the first. */
export interface Sending {
  readonly event: PlatformXEvent;
  /** Monotonic milliseconds. */
  readonly deadline: number;
  readonly end: (delivered: Delivered) => Promise<void>;
  /** Ends it by a fault. */
  readonly fail: () => Promise<void>;
}

/** Deliveries that last until a test says how they end; in a hold they end at once, as the real ones do. */
export class PendingDeliveries {
  /** Those under way, the oldest first. */
  readonly sending: Sending[] = [];
  /** Every delivery that was begun. */
  begun = 0;
  readonly #holds: FakeHolds;

  constructor(holds: FakeHolds) {
    this.#holds = holds;
  }

  readonly deliver: Deliver = (event, deadline) => {
    const held = this.#holds.heldNow;
    if (held !== undefined) {
      const { reason, waitMs: retryAfterMs } = held;
      return Promise.resolve({ kind: "unavailable", reason, retryAfterMs, attempts: 0 });
    }
    this.begun++;
    const { promise, resolve, reject } = Promise.withResolvers<Delivered>();
    const over = async (settle: () => void) => {
      this.sending.splice(this.sending.indexOf(sending), 1);
      settle();
      await settled();
    };
    const sending: Sending = {
      event,
      deadline,
      end: (delivered) => over(() => resolve(delivered)),
      fail: () => over(() => reject(new Error("a fault"))),
    };
    this.sending.push(sending);
    return promise;
  };

  /** The only one under way. */
  get only(): Sending {
    const [only, ...more] = this.sending;
    assert.ok(only !== undefined && more.length === 0, `${this.sending.length} are under way`);
    return only;
  }
}

/** One delivery per occurrence with everything around it. */
export function oneDeliveryWith(
  { window = 86_400_000, deadline = 10_000, deliver }: {
    window?: number;
    deadline?: number;
    deliver?: Deliver;
  } = {},
) {
  const clock = new FakeClock();
  const holds = new FakeHolds();
  const deliveries = new PendingDeliveries(holds);
  const oneDelivery = new OneDelivery({
    memory: new OccurrenceMemory(window, clock.monotonic),
    deliver: deliver ?? deliveries.deliver,
    clock,
    deadline,
    holds,
  });
  /** A copy of a happening, as `recipient` gets it. */
  const order = (recipient: string, messageId: string, key = "happening"): Order => ({
    key,
    copy: { recipient, messageId, arrivedAt: clock.now() },
    eventFor: (first) => eventOf(key, first, messageId),
  });
  const fulfil = (recipient: string, messageId: string, key?: string) =>
    oneDelivery.fulfil(order(recipient, messageId, key));
  return { clock, holds, deliveries, oneDelivery, order, fulfil };
}

/** The event that the copy `sentBy` makes of an occurrence of `key` whose first copy is `first`. */
function eventOf(key: string, first: FirstCopy, sentBy: string): PlatformXEvent {
  const metadata = { key, first: first.messageId, arrived: String(first.arrivedAt), sentBy };
  return { ...EVENT, metadata };
}
