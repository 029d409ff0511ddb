/**
 * One occurrence, one event: of the copies that are here at the same time one leads and sends, the others wait for
 * what comes of it, each until its own deadline.
 */
import { type Copy, firstMessageOf, type Occurrence } from "../coder/occurrence.ts";
import type { FirstCopy, PlatformXEvent } from "../platformx/event.ts";
import type { Clock } from "../base/clock.ts";
import type { Deliver, Delivered } from "./direct.ts";
import type { OccurrenceMemory } from "./dedup_cache.ts";
import type { Held } from "../platformx/gate.ts";

/** Milliseconds for which a refusal answers copies without asking PlatformX again. */
const REFUSAL_REMEMBERED = 60_000;

/** A webhook's event, to be made from the first copy of its occurrence. */
export interface Order {
  /** Hash of the happening's identity. */
  readonly key: string;
  readonly copy: Copy;
  readonly eventFor: (first: FirstCopy) => PlatformXEvent;
}

/** What came of an order: its own delivery, or another copy's. */
export type Fulfilled = Delivered | { readonly kind: "duplicate"; readonly attempts: 0 };

/** What wakes a waiting copy. */
type Wake = Fulfilled | { readonly kind: "lead" };

/** A copy is being sent; the others wait, the one that came first first. */
type Waiting = Set<(wake: Wake) => void>;

/** What one delivery per occurrence needs from outside. */
export interface OneDeliveryOptions {
  readonly memory: OccurrenceMemory;
  readonly deliver: Deliver;
  readonly clock: Clock;
  /** Milliseconds from a copy's arrival until when its attempts may start. */
  readonly deadline: number;
  /** Why nothing can be sent at this moment, and the signal that it begins. */
  readonly holds: { readonly heldNow: Held | undefined; readonly holdBegins: AbortSignal };
}

/** Fulfils orders so that every occurrence is sent once. */
export class OneDelivery {
  readonly #options: OneDeliveryOptions;
  readonly #sending = new Map<string, Waiting>();
  /** Words, and until when they answer for PlatformX (monotonic milliseconds); in that order. */
  readonly #refusals = new Map<string, { readonly words: string; readonly until: number }>();

  constructor(options: OneDeliveryOptions) {
    this.#options = options;
  }

  /** Sends the order's event, waits for the copy that does, or knows already. */
  async fulfil(order: Order): Promise<Fulfilled> {
    const { clock, deadline, holds, memory } = this.#options;
    const end = clock.monotonic() + deadline;
    const occurrence = memory.remember(order.key, order.copy);
    if (occurrence.settled) return DUPLICATE;
    const id = idOf(order, occurrence);
    const words = this.#refusalOf(id);
    if (words !== undefined) return { kind: "refused", words, attempts: 0 };

    const waiting = this.#sending.get(id);
    if (waiting === undefined) {
      this.#sending.set(id, new Set());
      memory.hold(order.key, occurrence.number);
      return await this.#lead(order, occurrence, end);
    }
    if (holds.heldNow !== undefined) return unavailable(holds.heldNow);
    const wake = await this.#wait(waiting, end);
    return wake.kind === "lead" ? await this.#lead(order, occurrence, end) : wake;
  }

  async #lead(order: Order, occurrence: Occurrence, end: number): Promise<Fulfilled> {
    const { clock, deliver, holds, memory } = this.#options;
    const { key } = order;
    const { number, arrivedAt } = occurrence;
    const id = idOf(order, occurrence);
    let delivered: Delivered | undefined;
    try {
      const event = order.eventFor({ messageId: firstMessageOf(occurrence), arrivedAt });
      delivered = await deliver(event, end);
      return delivered;
    } finally {
      const waiting = this.#sending.get(id)!;
      const [next] = waiting;
      const failedForNow = delivered?.kind === "unavailable" && !delivered.maybeTaken;
      if (failedForNow && holds.heldNow === undefined && next !== undefined) {
        waiting.delete(next);
        next({ kind: "lead" });
      } else {
        this.#sending.delete(id);
        memory.release(key, number);
        if (delivered?.kind === "delivered") memory.settle(key, number);
        if (delivered?.kind === "refused") {
          this.#refusals.set(id, { words: delivered.words, until: clock.monotonic() + REFUSAL_REMEMBERED });
        }
        for (const wake of waiting) wake(shared(delivered));
      }
    }
  }

  /** Waits for the leading copy, until `end` or until nothing can be sent for now. */
  async #wait(waiting: Waiting, end: number): Promise<Wake> {
    const { clock, holds } = this.#options;
    const { promise, resolve } = Promise.withResolvers<Wake>();
    waiting.add(resolve);
    const woken = new AbortController();
    const stop = AbortSignal.any([holds.holdBegins, woken.signal]);
    void clock.sleep(end - clock.monotonic(), stop).then(() => {
      // Whoever is taken out of the set decides: a copy that gave up is never handed the lead.
      if (waiting.delete(resolve)) resolve(unavailable(holds.heldNow ?? TOO_LATE));
    });
    const wake = await promise;
    woken.abort();
    return wake;
  }

  #refusalOf(id: string): string | undefined {
    if (this.#refusals.size === 0) return undefined;
    const now = this.#options.clock.monotonic();
    for (const [old, { until }] of this.#refusals) {
      if (now < until) break;
      this.#refusals.delete(old);
    }
    return this.#refusals.get(id)?.words;
  }
}

/** Numbers begin anew when a happening was forgotten as a whole: the time tells such occurrences apart. */
function idOf({ key }: Order, { number, since }: Occurrence): string {
  return `${key}/${number}@${since}`;
}

const DUPLICATE = { kind: "duplicate", attempts: 0 } as const;

/** A waiting copy's time is over. */
const TOO_LATE: Held = { kind: "held", reason: "platformx", waitMs: 1_000 };

/** What the leading copy's end means for those that waited; undefined: it ended by a fault. */
function shared(delivered: Delivered | undefined): Fulfilled {
  if (delivered === undefined) return unavailable(TOO_LATE);
  return delivered.kind === "delivered" ? DUPLICATE : { ...delivered, attempts: 0 };
}

function unavailable({ reason, waitMs }: Held): Fulfilled {
  return { kind: "unavailable", reason, retryAfterMs: waitMs, attempts: 0 };
}
