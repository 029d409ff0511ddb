/** The way to PlatformX for every event: the pause, the rate limit and the bound on attempts at once. */
import type { Redacted } from "../base/redact.ts";
import type { Clock } from "../base/clock.ts";
import { following } from "../base/following.ts";
import type { Log } from "../base/log.ts";
import type { ApiKey } from "./api_key.ts";
import { abandonProbe, admit, observe, type Pause, SENDING } from "./circuit_breaker.ts";
import type { Attempt } from "./client.ts";
import type { PlatformXEvent } from "./event.ts";
import { GateLog } from "./gate_log.ts";
import { Semaphore } from "./semaphore.ts";
import { TokenBucket } from "./token_bucket.ts";
import type { LaterCause, Verdict } from "./verdict.ts";

/** Attempts that may be under way at the same time. */
const ATTEMPTS_AT_ONCE = 64;

/** Milliseconds for which a probe waits until the key's file is read. */
const KEY_READ = 1_000;

/** Nothing was sent, and when trying again can help. */
export interface Held {
  readonly kind: "held";
  readonly reason: LaterCause | "draining";
  readonly waitMs: number;
}

/** What a gate needs from outside. */
export interface GateOptions {
  readonly attempt: Attempt;
  readonly key: Pick<ApiKey, "reload">;
  readonly ratePerMinute: number;
  readonly clock: Clock;
  readonly log: Log;
  /** What becomes of events while nothing is sent, for the log. */
  readonly meanwhile: Redacted;
  /** Told of every attempt and how long it took, in milliseconds. */
  readonly onAttempt: (verdict: Verdict["kind"], ms: number) => void;
  /** Aborted when no new attempt may be made. */
  readonly draining: AbortSignal;
  /** Aborted when attempts under way were ended. */
  readonly cut: AbortSignal;
}

/** How sending to PlatformX goes. Times are Unix milliseconds but for durations. */
export interface GateStatus {
  readonly paused:
    | {
      readonly cause: LaterCause;
      readonly at: number;
      readonly forMs: number;
      readonly nextProbeMs: number;
    }
    | undefined;
  /** Why the last answer was none, where the fault is not PlatformX's: told before it becomes a pause. */
  readonly trouble: LaterCause | undefined;
  readonly lastDelivered: number | undefined;
}

/** Sends events, or says why not now. */
export class Gate {
  readonly #options: GateOptions;
  readonly #log: GateLog;
  readonly #bucket: TokenBucket;
  readonly #slots = new Semaphore(ATTEMPTS_AT_ONCE);
  #pause: Pause = SENDING;
  #pausedAt = 0;
  #trouble: LaterCause | undefined;
  #lastDelivered: number | undefined;
  /** Aborted when a pause or a shutdown begins; then replaced. */
  #hold: AbortController;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#log = new GateLog(options.log, options.meanwhile);
    this.#bucket = new TokenBucket(options.ratePerMinute);
    this.#hold = following(options.draining);
  }

  /** How it goes. */
  status(): GateStatus {
    const { clock } = this.#options;
    const pause = this.#pause;
    const now = clock.monotonic();
    return {
      paused: pause.state === "sending" ? undefined : {
        cause: pause.cause,
        at: this.#pausedAt,
        forMs: now - pause.since,
        nextProbeMs: Math.max(0, pause.nextProbeAt - now),
      },
      trouble: this.#trouble,
      lastDelivered: this.#lastDelivered,
    };
  }

  /** Aborted when the next pause or a shutdown begins: who waits to send stops waiting. */
  get holdBegins(): AbortSignal {
    return this.#hold.signal;
  }

  /** Whether sending is paused. */
  get isPaused(): boolean {
    return this.#pause.state === "paused";
  }

  /** Why nothing can be sent at this moment, if that is so. */
  held(): Held | undefined {
    if (this.#options.draining.aborted) return DRAINING;
    const admission = admit(this.#pause, this.#options.clock.monotonic());
    return admission.admitted ? undefined : heldBy(admission);
  }

  /**
   * Attempts that could be made at this moment without waiting (one while a pause asks for a probe), and milliseconds
   * until there can be more: not more than a second, as an attempt that ends makes room.
   */
  room(): { readonly free: number; readonly inMs: number } {
    const held = this.held();
    if (held !== undefined) return { free: 0, inMs: held.waitMs };
    const now = this.#options.clock.monotonic();
    const most = this.isPaused ? Math.min(this.#slots.free, 1) : this.#slots.free;
    const free = Math.min(most, this.#bucket.available(now));
    return { free, inMs: this.#slots.free === 0 ? 1_000 : Math.min(this.#bucket.waitAt(now), 1_000) };
  }

  /** Makes one attempt as soon as it may, at the latest at `deadline` (monotonic milliseconds); else says why not. */
  async send(event: PlatformXEvent, deadline: number): Promise<Verdict | Held> {
    const turn = this.held() ?? await this.#waitForTurn(deadline);
    if (turn !== undefined) return turn;
    const { clock, cut } = this.#options;
    let isSent = false;
    let isProbing = false;
    try {
      // Much may have begun while this one waited.
      const late = this.#tooLate(deadline);
      if (late !== undefined) return late;
      const admission = admit(this.#pause, clock.monotonic());
      if (!admission.admitted) return heldBy(admission);
      const { pause, probe } = admission;
      this.#pause = pause;
      isProbing = probe;
      if (pause.state === "paused" && pause.cause === "key") {
        await this.#reloadKey();
        const later = this.#tooLate(deadline);
        if (later !== undefined) return later;
      }
      isSent = true;
      const verdict = await this.#attempt(event, probe);
      // Ended by the service itself: that says nothing of PlatformX.
      if (verdict.kind === "unknown" && cut.aborted) return verdict;
      this.#observe(verdict, probe);
      isProbing = false;
      return verdict;
    } finally {
      if (isProbing) this.#pause = abandonProbe(this.#pause);
      if (!isSent) this.#bucket.giveBack();
      this.#slots.release();
    }
  }

  /** Takes a token and a place; undefined when both were had. */
  async #waitForTurn(deadline: number): Promise<Held | undefined> {
    const { clock } = this.#options;
    const now = clock.monotonic();
    if (now > deadline) return TOO_LATE;
    const wait = this.#bucket.reserve(now, deadline - now);
    if (wait === undefined) return { kind: "held", reason: "rate_limit", waitMs: this.#bucket.waitAt(now) };
    if (wait === 0 && this.#slots.tryTake()) return undefined;

    const ended = following(this.#hold.signal);
    await clock.sleep(wait, ended.signal);
    let isPlaced = false;
    if (!ended.signal.aborted) {
      const expiry = clock.sleep(deadline - clock.monotonic(), ended.signal).then(() => ended.abort());
      isPlaced = await this.#slots.take(ended.signal);
      ended.abort();
      await expiry;
    }
    if (isPlaced) return undefined;
    this.#bucket.giveBack();
    return this.held() ?? TOO_LATE;
  }

  #tooLate(deadline: number): Held | undefined {
    if (this.#options.draining.aborted) return DRAINING;
    return this.#options.clock.monotonic() > deadline ? TOO_LATE : undefined;
  }

  async #reloadKey(): Promise<void> {
    const { clock, draining, key } = this.#options;
    const waiting = following(draining);
    try {
      await Promise.race([key.reload(), clock.sleep(KEY_READ, waiting.signal)]);
    } finally {
      waiting.abort();
    }
  }

  async #attempt(event: PlatformXEvent, probe: boolean): Promise<Verdict> {
    const { attempt, clock, onAttempt } = this.#options;
    const begun = clock.monotonic();
    const verdict = await attempt(event);
    onAttempt(verdict.kind, clock.monotonic() - begun);
    this.#log.attempt(event, verdict, probe);
    return verdict;
  }

  #observe(verdict: Verdict, probe: boolean): void {
    const { clock, draining } = this.#options;
    this.#trouble = verdict.kind === "later" && verdict.cause !== "platformx" ? verdict.cause : undefined;
    if (verdict.kind === "delivered") {
      this.#lastDelivered = clock.now();
      if (this.#pause === SENDING) return;
    }
    const before = this.#pause;
    const now = clock.monotonic();
    const after = this.#pause = observe(before, verdict, { now, probe });
    if (before.state === "sending" && after.state === "paused") this.#pausedAt = clock.now();
    this.#log.change(before, after, verdict, now);
    if (before.state === "sending" && after.state === "paused") {
      const begins = this.#hold;
      this.#hold = following(draining);
      begins.abort();
    }
  }
}

function heldBy({ cause, waitMs }: { readonly cause: LaterCause; readonly waitMs: number }): Held {
  return { kind: "held", reason: cause, waitMs };
}

const DRAINING: Held = { kind: "held", reason: "draining", waitMs: 1_000 };

/** No attempt may start any more. */
const TOO_LATE: Held = { kind: "held", reason: "platformx", waitMs: 1_000 };
