/**
 * One occurrence, one event: of the copies that are here at the same time one leads and sends, the others wait for
 * what comes of it, each until its own deadline.
 */
import type { Redacted } from "../base/redact.ts";
import type { Clock } from "../base/clock.ts";
import { following } from "../base/following.ts";
import type { Log } from "../base/log.ts";
import { firstMessageOf, type Occurrence } from "../coder/occurrence.ts";
import type { Gate, Held } from "../platformx/gate.ts";
import type { DedupCache } from "./dedup_cache.ts";
import type { Deliver } from "./direct.ts";
import { type Delivery, type Draft, eventOf } from "./draft.ts";
import type { Outcome } from "./outcome.ts";

/** Milliseconds for which a refusal answers copies without asking PlatformX again. */
const REFUSAL_REMEMBERED = 60_000;

/** What wakes a waiting copy: the outcome that it shares, or the turn to send. */
type Wake = Outcome | "lead";

/** A copy is being sent; the others wait, the one that came first first. */
type Waiting = Set<(wake: Wake) => void>;

/** What single flights need from outside. */
export interface SingleFlightOptions {
  readonly cache: DedupCache;
  readonly deliver: Deliver;
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds from a copy's arrival until when its attempts may start. */
  readonly deadline: number;
  /** Why nothing can be sent at this moment, and the signal that it begins. */
  readonly gate: Pick<Gate, "held" | "holdBegins">;
}

/** Delivers drafts so that every occurrence is sent once. */
export class SingleFlight implements Delivery {
  readonly #options: SingleFlightOptions;
  readonly #sending = new Map<string, Waiting>();
  /** Words, and until when they answer for PlatformX (monotonic milliseconds); in that order. */
  readonly #refusals = new Map<string, { readonly words: Redacted; readonly until: number }>();

  constructor(options: SingleFlightOptions) {
    this.#options = options;
  }

  /** Sends the draft's event, waits for the copy that does, or knows already. */
  async deliver(draft: Draft): Promise<Outcome> {
    const { cache, clock, deadline, gate } = this.#options;
    const end = clock.monotonic() + deadline;
    const occurrence = cache.remember(draft.key, draft.copy);
    if (occurrence.settled) return DUPLICATE;
    const id = idOf(draft, occurrence);
    const words = this.#refusalOf(id);
    if (words !== undefined) return { status: "refused", words, attempts: 0 };

    const waiting = this.#sending.get(id);
    if (waiting === undefined) {
      this.#sending.set(id, new Set());
      cache.hold(draft.key, occurrence.number);
      return await this.#lead(draft, occurrence, end);
    }
    const held = gate.held();
    if (held !== undefined) return unavailable(held);
    const wake = await this.#wait(waiting, end);
    return wake === "lead" ? await this.#lead(draft, occurrence, end) : wake;
  }

  async #lead(draft: Draft, occurrence: Occurrence, end: number): Promise<Outcome> {
    const { deliver, log } = this.#options;
    let outcome: Outcome | undefined;
    try {
      const first = { messageId: firstMessageOf(occurrence), arrivedAt: occurrence.arrivedAt };
      outcome = await deliver(eventOf(draft, first, log), end);
      return outcome;
    } finally {
      this.#land(draft, occurrence, outcome);
    }
  }

  /** Hands the lead to a copy that waits, or the outcome to all; undefined: the leading copy ended by a fault. */
  #land(draft: Draft, occurrence: Occurrence, outcome: Outcome | undefined): void {
    const { cache, clock, gate } = this.#options;
    const { key } = draft;
    const id = idOf(draft, occurrence);
    const waiting = this.#sending.get(id)!;
    const [next] = waiting;
    const failedForNow = outcome?.status === "unavailable" && !outcome.maybeTaken;
    if (failedForNow && next !== undefined && gate.held() === undefined) {
      waiting.delete(next);
      return next("lead");
    }
    this.#sending.delete(id);
    cache.release(key, occurrence.number);
    if (outcome?.status === "forwarded" || outcome?.status === "dry_run") {
      cache.settle(key, occurrence.number);
    }
    if (outcome?.status === "refused") {
      this.#refusals.set(id, { words: outcome.words, until: clock.monotonic() + REFUSAL_REMEMBERED });
    }
    for (const wake of waiting) wake(shared(outcome));
  }

  /** Waits for the leading copy, until `end` or until nothing can be sent for now. */
  async #wait(waiting: Waiting, end: number): Promise<Wake> {
    const { clock, gate } = this.#options;
    const { promise, resolve } = Promise.withResolvers<Wake>();
    waiting.add(resolve);
    const woken = following(gate.holdBegins);
    void clock.sleep(end - clock.monotonic(), woken.signal).then(() => {
      // Whoever is taken out of the set decides: a copy that gave up is never handed the lead.
      if (waiting.delete(resolve)) resolve(unavailable(gate.held() ?? TOO_LATE));
    });
    const wake = await promise;
    woken.abort();
    return wake;
  }

  #refusalOf(id: string): Redacted | undefined {
    if (this.#refusals.size === 0) return undefined;
    const now = this.#options.clock.monotonic();
    for (const [old, { until }] of this.#refusals) {
      if (now < until) break;
      this.#refusals.delete(old);
    }
    return this.#refusals.get(id)?.words;
  }
}

/** Numbers begin anew when all occurrences were forgotten: the time tells such occurrences apart. */
function idOf({ key }: Draft, { number, since }: Occurrence): string {
  return `${key}/${number}@${since}`;
}

const DUPLICATE: Outcome = { status: "duplicate", attempts: 0 };

/** A waiting copy's time is over. */
const TOO_LATE: Pick<Held, "reason" | "waitMs"> = { reason: "platformx", waitMs: 1_000 };

/** What the leading copy's end means for those that waited. */
function shared(outcome: Outcome | undefined): Outcome {
  if (outcome === undefined) return unavailable(TOO_LATE);
  const isDone = outcome.status === "forwarded" || outcome.status === "dry_run";
  return isDone ? DUPLICATE : { ...outcome, attempts: 0 };
}

function unavailable({ reason, waitMs }: Pick<Held, "reason" | "waitMs">): Outcome {
  return { status: "unavailable", reason, retryAfterMs: waitMs, attempts: 0 };
}
