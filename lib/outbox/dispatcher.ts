/** Delivers what is in the outbox, each event on its own schedule. */
import {
  buried,
  type DeadReason,
  isExpired,
  type OutboxRecord,
  type Settlement,
  settlementOf,
} from "./record.ts";
import { shownName } from "../delivery/outcome.ts";
import { scrub } from "../base/redact.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Claim, OutboxLedger } from "./ledger.ts";
import type { Permit, Sender } from "../platformx/gate.ts";
import type { Store } from "./store.ts";
import { StoreError, storeErrorOf } from "./store_error.ts";
import type { StoreWatch } from "./store_watch.ts";

/** Milliseconds between looks at the store: other processes' commits give no sign. */
const POLL = 1_000;

/** Milliseconds that a permit is waited for before the store is looked at again. */
const PATIENCE = 60_000;

/** Due events looked at in one go, and old ones tidied up. */
const PAGE = 64;

/** Events that are claimed at the same time: their commits are written together. */
const CLAIMS_AT_ONCE = 32;

/** Milliseconds of a lease that must be left for an attempt, which ends after 10 seconds. */
const LEASE_LEFT = 12_000;

/** New events that are remembered to go out at once; more are found by their due time. */
const MOST_FRESH = 1_000;

/** What the worker needs from outside. */
export interface WorkerOptions {
  readonly store: Store;
  readonly ledger: OutboxLedger;
  readonly sender: Sender;
  readonly clock: Clock;
  readonly log: Log;
  readonly watch: StoreWatch;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Milliseconds after which an event is not tried any more. */
  readonly maxAge: number;
  readonly draining: AbortSignal;
  /** Told of every delivered event, and of the milliseconds since its acceptance by the machine's clock. */
  readonly onDelivered: (ageMs: number) => void;
}

/** One per process. */
export class Worker {
  readonly #options: WorkerOptions;
  /** Accepted by this process, to go out at once. */
  readonly #fresh = new Map<string, Claim>();
  /** By event id. A claim lasts as long as the clock is not set. */
  readonly #sending = new Map<string, Promise<void>>();
  /** Attempts that ended and could not be written down: by event id. They must not be made again. */
  readonly #unsettled = new Map<string, { readonly claim: Claim; readonly settlement: Settlement }>();
  readonly #newer = new Set<string>();
  #freshIsNext = true;
  #tidyAt = 0;
  #resting: AbortController | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** A new event was committed. */
  offer(event: Claim): void {
    if (this.#fresh.size < MOST_FRESH) this.#fresh.set(event.record.id, event);
    this.wake();
  }

  /** Looks at the store at once. */
  wake(): void {
    this.#resting?.abort();
  }

  /** Works until the service drains, then until attempts under way have ended. Never throws. */
  async run(): Promise<void> {
    const { clock, draining, watch } = this.#options;
    while (!draining.aborted) {
      // Before the round: who wakes the worker during it shortens the rest after it.
      const resting = this.#resting = new AbortController();
      let rest = POLL;
      try {
        rest = await this.#round();
      } catch (error) {
        watch.failed(storeErrorOf(error));
      }
      if (rest === 0) continue;
      await clock.sleep(rest, AbortSignal.any([draining, resting.signal]));
    }
    await Promise.all(this.#sending.values());
  }

  /** Sends what is due; returns the milliseconds until there can be more to do. */
  async #round(): Promise<number> {
    const { clock, ledger, sender } = this.#options;
    await this.#tidy();
    const held = sender.heldNow;
    if (held !== undefined) {
      // What is accepted during a pause waits in line with the rest: oldest first when it ends.
      this.#fresh.clear();
      return Math.min(held.waitMs, POLL);
    }
    const { ids, next } = await ledger.due(clock.now(), PAGE + this.#newer.size);
    const inHand = [this.#fresh, this.#newer, this.#sending, this.#unsettled];
    const due = ids.filter((id) => !inHand.some((some) => some.has(id)));
    let claimed = 0;
    const claiming = new Set<Promise<void>>();
    let before: Promise<unknown> = Promise.resolve();
    const more = () => due.length > 0 || this.#fresh.size > 0;
    // Then the store is looked at again: a stream of new events must not keep it from the old ones.
    const inTime = () => claimed === 0 || clock.monotonic() < this.#tidyAt;
    let ended: { readonly heldFor: number } | { readonly error: unknown } | undefined;
    while (ended === undefined && more() && inTime()) {
      const permit = await sender.acquire(clock.monotonic() + PATIENCE);
      if (permit.kind === "held") {
        ended = { heldFor: Math.min(permit.waitMs, POLL) };
        break;
      }
      const claim: Promise<void> = this.#sendNext(due, permit, before)
        .then((sends) => void (claimed += sends ? 1 : 0), (error) => void (ended ??= { error }))
        .finally(() => claiming.delete(claim));
      claiming.add(claim);
      before = Promise.all([before, claim]);
      if (claiming.size === CLAIMS_AT_ONCE) await Promise.race(claiming);
    }
    await Promise.all(claiming);
    if (ended !== undefined && "error" in ended) throw ended.error;
    if (ended !== undefined) return ended.heldFor;
    if (claimed > 0) return 0;
    return next === undefined ? POLL : Math.min(Math.max(next - clock.now(), 1), POLL);
  }

  /** New events and old ones in turn: a backlog must not hold up what happens now. */
  #next(due: string[]): string | Claim | undefined {
    const [fresh] = this.#fresh.values();
    this.#freshIsNext = !this.#freshIsNext;
    if (fresh === undefined || (due.length > 0 && !this.#freshIsNext)) return due.shift();
    this.#fresh.delete(fresh.record.id);
    return fresh;
  }

  /** Claims the next event; undefined: not to be sent. */
  async #claimNext(due: string[]): Promise<Claim | undefined> {
    const { clock, ledger } = this.#options;
    const next = this.#next(due);
    if (next === undefined) return undefined;
    const id = typeof next === "string" ? next : next.record.id;
    // A new event may have been found by its due time as well.
    if (this.#sending.has(id) || this.#unsettled.has(id)) return undefined;
    const claim = await ledger.claim(next, clock.now());
    if (claim !== "newer") return claim;
    this.#sayNewer(id);
    return undefined;
  }

  /** Claims the next event, and sends it when the one `before` it is on its way. */
  async #sendNext(due: string[], permit: Permit, before: Promise<unknown>): Promise<boolean> {
    // Claiming takes time, in which a pause or the shutdown may begin.
    const { holdBegins } = this.#options.sender;
    let claim: Claim | undefined;
    try {
      claim = await this.#claimNext(due);
    } finally {
      if (claim === undefined) permit.release();
    }
    if (claim === undefined) return false;
    await before;
    const { id } = claim.record;
    const settlement = this.#unsent(claim.record, holdBegins.aborted);
    if (settlement === undefined) {
      this.#sending.set(id, this.#send(permit, claim).finally(() => this.#sending.delete(id)));
    } else {
      permit.release();
      this.#unsettled.set(id, { claim, settlement });
      await this.#settle(id);
    }
    return true;
  }

  /** What becomes of a claimed event that may not be sent; undefined: it may. */
  #unsent(record: OutboxRecord, isHeld: boolean): Settlement | undefined {
    const { clock, maxAge } = this.#options;
    const now = clock.now();
    if (isExpired(record, { now, maxAge })) return buried(record, "expired", now);
    if (!isHeld && record.due - now >= LEASE_LEFT) return undefined;
    // Where it was in the line, if it was never tried.
    const due = record.lastAttempt === undefined ? Math.min(record.since, now) : now;
    return { kind: "pending", record: { ...record, due } };
  }

  async #send(permit: Permit, claim: Claim): Promise<void> {
    const { clock, maxAge, random, sender } = this.#options;
    const verdict = await permit.send(claim.record.event);
    const settlement = settlementOf(claim.record, verdict, {
      now: clock.now(),
      maxAge,
      random: random(),
      paused: sender.paused !== undefined,
    });
    this.#unsettled.set(claim.record.id, { claim, settlement });
    // That it was delivered is true, whatever becomes of the note; a dead letter is one when it is written down.
    if (settlement.kind === "delivered") this.#tell(claim.record, settlement);
    await this.#settle(claim.record.id);
  }

  /** Writes down how an attempt ended. While the store fails it is kept in mind, and nobody here claims the event. */
  async #settle(id: string): Promise<void> {
    const { ledger, store, watch } = this.#options;
    const unsettled = this.#unsettled.get(id);
    if (unsettled === undefined) return;
    try {
      const { claim, settlement } = unsettled;
      const settled = await ledger.settle(claim, settlement);
      if (this.#unsettled.get(id) === unsettled) this.#unsettled.delete(id);
      if (settled && settlement.kind === "dead") this.#tell(claim.record, settlement);
      if (store.isThere) watch.worked();
    } catch (error) {
      watch.failed(storeErrorOf(error));
    }
  }

  /** What is to be done now and then: write down what could not be, bury what is too old, follow a lost file. */
  async #tidy(): Promise<void> {
    const { clock, ledger, maxAge, store, watch } = this.#options;
    if (clock.monotonic() < this.#tidyAt) return;
    this.#tidyAt = clock.monotonic() + POLL;
    for (const id of [...this.#unsettled.keys()]) await this.#settle(id);
    if (!store.isThere) await this.#follow();
    const except = new Set([...this.#unsettled.keys(), ...this.#sending.keys()]);
    for (const record of await ledger.expire(clock.now(), { maxAge, limit: PAGE, except })) {
      this.#tell(record, { kind: "dead", record });
    }
    await ledger.forgetDead(clock.now(), PAGE);
    watch.wasRead();
  }

  /**
   * The file went away. What it holds still goes out, as the system keeps it while it is open; then the file that was
   * put in its place is taken. None is made: the old one may come back, and its -wal file must be there then.
   */
  async #follow(): Promise<void> {
    const { ledger, store, watch } = this.#options;
    watch.failed(new StoreError("gone"));
    if (!store.isReplaced) return;
    const pending = await ledger.summary().then((summary) => summary.pending, () => 0);
    if (pending > 0 || this.#sending.size > 0) return;
    await store.reopen();
    watch.worked();
  }

  #tell(record: OutboxRecord, settlement: Settlement): void {
    const { clock, log, onDelivered } = this.#options;
    const { id, event, since } = record;
    const fields = {
      id,
      msg_id: scrub(event.metadata["coder_message_id"] ?? "", [], 64),
      notification: shownName(event.name),
      age_ms: clock.now() - since,
    };
    if (settlement.kind === "delivered") {
      onDelivered(fields.age_ms);
      log.write("INFO", "delivered", "PlatformX took an event of the outbox", {
        ...fields,
        attempts: record.attempts + 1,
      });
    } else if (settlement.kind === "dead") {
      const { dead, seen, attempts } = settlement.record;
      const text = `${DEAD_LETTER[dead!.reason]}. ${DEAD_KEPT}`;
      log.write("WARNING", "dead_letter", text, { ...fields, reason: dead!.reason, seen, attempts });
    }
  }

  #sayNewer(id: string): void {
    this.#newer.add(id);
    const text = "OUTBOX: an event was stored by a newer version and is left alone: run that version again";
    this.#options.log.write("WARNING", "newer_record", text, { id });
  }
}

const DEAD_LETTER: Readonly<Record<DeadReason, string>> = {
  refused:
    "PlatformX refuses this event, in the words of seen: it is not tried any more. Replay helps once the " +
    "cause is mended",
  expired:
    "This event is older than OUTBOX_MAX_AGE: it is not tried any more. Replay it when PlatformX takes events",
  outcome_unknown:
    "PlatformX's answer was lost three times: the event is not tried any more, and may be there " +
    "already. Look in DX before a replay",
};
const DEAD_KEPT =
  "It is kept for 30 days: 'coder-platformx outbox show ID', then 'outbox replay ID' or 'outbox drop ID'";
