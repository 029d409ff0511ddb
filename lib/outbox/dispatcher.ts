/** Delivers what is in the outbox, each event on its own schedule. */
import type { Clock } from "../base/clock.ts";
import { describeFault } from "../base/error_site.ts";
import { following } from "../base/following.ts";
import type { Log } from "../base/log.ts";
import { constant, plain, type Redacted, shownId, shownName } from "../base/redact.ts";
import type { Gate } from "../platformx/gate.ts";
import type { DeadReason, OutboxRecord } from "./record.ts";
import { settlementOf } from "./settlement.ts";
import type { Claim, OutboxStore, Settlement } from "./store.ts";
import { StoreError } from "./store_fault.ts";
import type { StoreWatch } from "./store_watch.ts";

/** Milliseconds between looks at the store: other processes' commits give no sign. */
const POLL = 1_000;

/** Events claimed in one go. */
const MOST_CLAIMED = 64;

/** Without a reason of its own an abort makes an error, with its stack, each time. */
const WOKEN = "woken";

/** Milliseconds after a claim until when its attempt may start: the lease is for three attempts of 10 s. */
const START_WITHIN = 15_000;

/** What the dispatcher needs from outside. */
export interface DispatcherOptions {
  readonly store: Pick<OutboxStore, "claim" | "settle" | "tidy">;
  readonly gate: Pick<Gate, "send" | "held" | "holdBegins" | "room" | "isPaused">;
  readonly clock: Clock;
  readonly log: Log;
  readonly watch: StoreWatch;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly draining: AbortSignal;
  /** Told what became of an event, and how many milliseconds after its acceptance. */
  readonly onSettled: (settled: Settled) => void;
  /** Does the work on one event in a span of its own. */
  readonly traced: <T>(event: OutboxRecord["event"], work: () => Promise<T>) => Promise<T>;
}

/** What became of an event. */
export interface Settled {
  readonly record: OutboxRecord;
  readonly settlement: Settlement;
  /** Unix milliseconds. */
  readonly at: number;
  /** Milliseconds since the event's acceptance. */
  readonly ageMs: number;
}

/** What {@link Dispatcher.promise} gives. */
export interface Promised {
  /** Sends an event that was claimed when it was accepted. */
  readonly keep: (claim: Claim) => void;
  /** Called when it is accepted, or not. */
  readonly end: () => void;
}

/** An event that is being worked on. */
interface Work extends Claim {
  /** When it was accepted, by the monotonic clock. */
  readonly accepted: number;
}

/** One per process. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  /** By event id. */
  readonly #sending = new Map<string, Promise<void>>();
  /** Attempts that ended and could not be written down: by event id. They must not be made again. None is being written. */
  readonly #unsettled = new Map<string, { readonly work: Work; readonly settlement: Settlement }>();
  /** How often something came into the line here, and how often it had when a look found nothing to send. */
  #added = 0;
  #foundNothing = -1;
  /** Events that are being accepted, and are to be sent at once. */
  #promised = 0;
  /** Events that are claimed in one go: where a disk is full there may be room to change a few rows, but not many. */
  #atOnce = MOST_CLAIMED;
  #freshSince = 0;
  #freshFirst = true;
  #lookAt = 0;
  #tidyAt = 0;
  #nextDueIn = POLL;
  #resting = new AbortController();

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Something new waits: looks at the store at once. */
  wake(): void {
    this.#added++;
    this.#resting.abort(WOKEN);
  }

  /**
   * Says that an event is about to be accepted. Where nothing waits before it, it is to be claimed with the same commit,
   * which saves to look for it, and handed to {@link Promised.keep}; undefined: it waits in line.
   */
  promise(): Promised | undefined {
    const { clock, gate } = this.#options;
    if (!this.#isLineEmpty || gate.room().free <= this.#promised) return undefined;
    this.#promised++;
    // The lease begins later, with the commit.
    const startBy = clock.monotonic() + START_WITHIN;
    return {
      keep: (claim) => this.#begin(claim, startBy),
      end: () => void this.#promised--,
    };
  }

  /** Works until the service drains, then until attempts under way have ended. Never rejects. */
  async run(): Promise<void> {
    const { clock, draining } = this.#options;
    this.#freshSince = clock.monotonic();
    while (!draining.aborted) {
      // Before the round: who wakes the dispatcher during it shortens the rest after it.
      const resting = this.#resting = following(draining);
      const rest = await this.#round().catch((error) => this.#failed(error));
      if (rest > 0) await clock.sleep(rest, resting.signal);
      resting.abort(WOKEN);
    }
    await this.finish();
  }

  /** Waits until attempts under way have ended: events that were promised are among them when all are accepted. */
  async finish(): Promise<void> {
    await Promise.all(this.#sending.values());
    await this.#settleAgain();
  }

  /** As far as this process knows: what others added is found at the next look. */
  get #isLineEmpty(): boolean {
    return this.#foundNothing === this.#added;
  }

  /** Sends what is due; returns the milliseconds until there can be more to do. */
  async #round(): Promise<number> {
    const { clock, gate, store } = this.#options;
    // A file that is gone cannot be looked after: what the open one holds goes out all the same.
    await this.#tidy().catch((error) => this.#failed(error));
    const held = gate.held();
    if (held !== undefined) {
      // What is accepted during a pause waits in line with the rest: oldest first when it ends.
      this.#freshSince = clock.monotonic();
      return Math.min(held.waitMs, POLL);
    }
    const { free, inMs } = gate.room();
    if (free === 0) return Math.min(inMs, POLL);
    // New events and old ones in turn: a backlog must not hold up what happens now.
    this.#freshFirst = !this.#freshFirst;
    // The leases begin with the question: its answer can take long, or this process be stopped.
    const now = clock.monotonic();
    if (this.#isLineEmpty && now < this.#lookAt) return this.#lookAt - now;
    const added = this.#added;
    const fresh = { within: now - this.#freshSince, first: this.#freshFirst };
    const atOnce = this.#atOnce;
    this.#atOnce = 1;
    const claims = await store.claim(Math.min(free, atOnce), fresh);
    this.#atOnce = Math.min(2 * atOnce, MOST_CLAIMED);
    for (const claim of claims) this.#begin(claim, now + START_WITHIN);
    // Others may have had some in hand: there can be more.
    this.#foundNothing = claims.length > 0 ? -1 : added;
    if (claims.length > 0) return 0;
    this.#lookAt = now + this.#nextDueIn;
    return this.#nextDueIn;
  }

  /** What is to be done now and then: write down what could not be, bury what is too old. */
  async #tidy(): Promise<void> {
    const { clock, store, watch } = this.#options;
    if (clock.monotonic() < this.#tidyAt) return;
    this.#tidyAt = clock.monotonic() + POLL;
    this.#nextDueIn = POLL;
    await this.#settleAgain();
    const { buried, nextDueIn } = await store.tidy();
    watch.tidied();
    this.#nextDueIn = Math.min(Math.max(nextDueIn ?? POLL, 1), POLL);
    for (const record of buried) {
      const { attempts, failures, ambiguous, detail, dead, enqueuedAt } = record;
      const tried = { attempts, failures, ambiguous, detail };
      this.#tell(record, { kind: "dead", reason: "expired", ...tried }, (dead?.at ?? 0) - enqueuedAt);
    }
  }

  async #settleAgain(): Promise<void> {
    const unsettled = [...this.#unsettled.values()];
    this.#unsettled.clear();
    await Promise.all(unsettled.map(({ work, settlement }) => this.#settle(work, settlement)));
  }

  #begin(claim: Claim, startBy: number): void {
    const { clock, traced } = this.#options;
    const { id, event } = claim.record;
    const work = { ...claim, accepted: clock.monotonic() - claim.age };
    const known = this.#unsettled.get(id);
    this.#unsettled.delete(id);
    // Its lease ran out while the store did not take what came of the last attempt.
    const ended = known === undefined
      ? traced(event, () => this.#send(work, startBy))
      : this.#settle(work, known.settlement);
    const done = ended.catch((error) => void this.#failed(error)).finally(() => {
      this.#sending.delete(id);
      // There is room for another one.
      if (!this.#isLineEmpty) this.#resting.abort(WOKEN);
    });
    this.#sending.set(id, done);
  }

  async #send(work: Work, startBy: number): Promise<void> {
    const { gate, random } = this.#options;
    const sent = await gate.send(work.record.event, startBy);
    if (sent.kind === "held") return await this.#settle(work, { kind: "released" });
    const settlement = settlementOf(work.record, sent, { random: random(), paused: gate.isPaused });
    // That it was delivered is true, whatever becomes of the note; a dead letter is one when it is written down.
    if (settlement.kind === "delivered") this.#tell(work.record, settlement, this.#ageOf(work));
    await this.#settle(work, settlement);
  }

  /** Writes down how an attempt ended. While the store fails it is kept in mind, and nobody here sends the event. */
  async #settle(work: Work, settlement: Settlement): Promise<void> {
    const { store, watch } = this.#options;
    const { record } = work;
    let isOurs: boolean;
    try {
      isOurs = await store.settle(work, settlement);
    } catch (error) {
      this.#unsettled.set(record.id, { work, settlement });
      this.#failed(error);
      return;
    }
    watch.settled();
    if (settlement.kind === "pending" || settlement.kind === "released") this.#added++;
    if (isOurs && settlement.kind === "dead") this.#tell(record, settlement, this.#ageOf(work));
  }

  #ageOf({ accepted }: Work): number {
    return Math.max(0, Math.round(this.#options.clock.monotonic() - accepted));
  }

  /** Returns the milliseconds after which to look at the store again. */
  #failed(error: unknown): number {
    this.#added++;
    if (error instanceof StoreError) this.#options.watch.failed(error);
    else this.#options.log.write("ERROR", "internal_error", INTERNAL, describeFault(error));
    return POLL;
  }

  #tell(record: OutboxRecord, settlement: Settlement, ageMs: number): void {
    const { clock, log, onSettled } = this.#options;
    const { id, event } = record;
    onSettled({ record, settlement, at: clock.now(), ageMs });
    const fields = {
      id: shownId(id),
      msg_id: shownId(event.metadata["coder_message_id"] ?? ""),
      notification: shownName(event.name),
      age_ms: ageMs,
    };
    if (settlement.kind === "delivered") {
      const attempts = record.attempts + 1;
      log.write("INFO", "delivered", "PlatformX took an event of the outbox", { ...fields, attempts });
    } else if (settlement.kind === "dead") {
      const { attempts, detail, reason } = settlement;
      const text = plain`${DEAD_LETTER[reason]}. ${DEAD_KEPT}`;
      log.write("WARNING", "dead_letter", text, { ...fields, reason, seen: detail, attempts });
    }
  }
}

const INTERNAL =
  "A fault of the service while it sent from OUTBOX: it goes on. Please report it, with these two fields";
const DEAD_LETTER: Readonly<Record<DeadReason, Redacted>> = {
  refused: constant(
    "PlatformX refuses this event (seen says why): it is not tried any more. Replay helps once the ",
    "cause is mended",
  ),
  expired: constant(
    "This event is older than OUTBOX_MAX_AGE: it is not tried any more. Replay it when PlatformX takes events",
  ),
  outcome_unknown: constant(
    "PlatformX's answer was lost three times: the event is not tried any more, and may be there already. Look in DX ",
    "before a replay",
  ),
};
const DEAD_KEPT =
  "It is kept for 30 days: 'coder-platformx outbox show ID', then 'outbox replay ID' or 'outbox drop ID'";
