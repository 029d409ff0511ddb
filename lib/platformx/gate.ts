/** The way to PlatformX for every event: the pause, the rate limit and the bound on attempts at once. */
import type { PlatformXEvent } from "./event.ts";
import { abandonProbe, admit, observe, type Pause, SENDING } from "./circuit_breaker.ts";
import type { LaterCause, Verdict } from "./verdict.ts";
import { scrub } from "../base/redact.ts";
import type { ApiKey } from "./api_key.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Attempt } from "./client.ts";
import { Slots } from "./semaphore.ts";
import { TokenBucket } from "./token_bucket.ts";

/** Attempts that may be under way at the same time. */
const ATTEMPTS_AT_ONCE = 64;

/** Leave to make one attempt. It must be used or released. */
export interface Permit {
  readonly kind: "permit";
  send(event: PlatformXEvent): Promise<Verdict>;
  release(): void;
}

/** No leave now, and when asking again can help. */
export interface Held {
  readonly kind: "held";
  readonly reason: LaterCause | "draining";
  readonly waitMs: number;
}

/** What a sender needs from outside. */
export interface SenderOptions {
  readonly attempt: Attempt;
  readonly key: ApiKey;
  readonly ratePerMinute: number;
  /** What becomes of events while nothing is sent, for the log: "events wait in OUTBOX" or the like. */
  readonly meanwhile: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of every attempt and how long it took, in milliseconds. */
  readonly onAttempt: (verdict: Verdict["kind"], ms: number) => void;
  /** Aborted when no new attempt may be made. */
  readonly draining: AbortSignal;
  /** Aborted when attempts under way were ended. */
  readonly cut: AbortSignal;
}

/** Sends events, or says why not now. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #bucket: TokenBucket;
  readonly #slots = new Slots(ATTEMPTS_AT_ONCE);
  #pause: Pause = SENDING;
  #pausedAt: number | undefined;
  #lastDelivered: number | undefined;
  /** Aborted when a pause begins; then replaced. */
  #pauseBegins = new AbortController();
  #holdBegins: AbortSignal;
  readonly #said = new Set<LaterCause>();

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket(options.ratePerMinute);
    this.#holdBegins = AbortSignal.any([options.draining, this.#pauseBegins.signal]);
  }

  /** The pause, and since when (Unix milliseconds); undefined while sending. */
  get paused(): { readonly cause: LaterCause; readonly at: number; readonly forMs: number } | undefined {
    if (this.#pause.state === "sending") return undefined;
    const { cause, since } = this.#pause;
    return { cause, at: this.#pausedAt!, forMs: this.#options.clock.monotonic() - since };
  }

  /** When PlatformX last took an event, in Unix milliseconds. */
  get lastDelivered(): number | undefined {
    return this.#lastDelivered;
  }

  /** Aborted when the next pause or a shutdown begins: who waits to send stops waiting. */
  get holdBegins(): AbortSignal {
    return this.#holdBegins;
  }

  /** Why nothing can be sent at this moment, if that is so. */
  get heldNow(): Held | undefined {
    if (this.#options.draining.aborted) return { kind: "held", reason: "draining", waitMs: 1_000 };
    if (this.#pause.state === "sending") return undefined;
    const admission = admit(this.#pause, this.#options.clock.monotonic());
    return admission.admitted
      ? undefined
      : { kind: "held", reason: admission.cause, waitMs: admission.waitMs };
  }

  /** Waits for leave to make one attempt, at most until `deadline` (monotonic milliseconds). */
  async acquire(deadline: number): Promise<Permit | Held> {
    const held = this.heldNow ?? await this.#waitForTurn(deadline);
    if (held !== undefined) return held;
    const { clock, key } = this.#options;
    const now = clock.monotonic();
    const admission = admit(this.#pause, now);
    if (!admission.admitted || now > deadline) {
      this.#slots.release();
      this.#bucket.giveBack();
      return admission.admitted
        ? TOO_LATE
        : { kind: "held", reason: admission.cause, waitMs: admission.waitMs };
    }
    this.#pause = admission.pause;
    const { probe } = admission;
    if (probe && this.#pause.state === "paused" && this.#pause.cause === "key") await key.reload();
    return {
      kind: "permit",
      send: (event) => this.#send(event, probe),
      release: () => {
        if (probe) this.#pause = abandonProbe(this.#pause);
        this.#slots.release();
        this.#bucket.giveBack();
      },
    };
  }

  /** Takes a token and a place; undefined when both were had. */
  async #waitForTurn(deadline: number): Promise<Held | undefined> {
    const { clock } = this.#options;
    const now = clock.monotonic();
    if (now > deadline) return TOO_LATE;
    const wait = this.#bucket.reserve(now, deadline - now);
    if (wait === undefined) return { kind: "held", reason: "rate_limit", waitMs: this.#bucket.waitAt(now) };
    if (wait === 0 && this.#slots.tryTake()) return undefined;

    const ended = new AbortController();
    const stop = AbortSignal.any([this.#holdBegins, ended.signal]);
    await clock.sleep(wait, stop);
    if (!stop.aborted) {
      const expiry = clock.sleep(deadline - clock.monotonic(), stop).then(() => ended.abort());
      const placed = await this.#slots.take(stop);
      ended.abort();
      await expiry;
      if (placed) return undefined;
    }
    this.#bucket.giveBack();
    return this.heldNow ?? TOO_LATE;
  }

  async #send(event: PlatformXEvent, probe: boolean): Promise<Verdict> {
    const { attempt, clock, cut, log, onAttempt } = this.#options;
    const begun = clock.monotonic();
    const verdict = await attempt(event);
    this.#slots.release();
    onAttempt(verdict.kind, clock.monotonic() - begun);
    if (log.writes("DEBUG")) {
      const seen = "seen" in verdict ? verdict.seen : undefined;
      log.write("DEBUG", "attempt", `PlatformX's answer means: ${verdict.kind}`, {
        msg_id: scrub(event.metadata["coder_message_id"] ?? "", [], 64),
        verdict: verdict.kind,
        seen,
        probe,
      });
    }
    if (verdict.kind === "unknown" && cut.aborted) {
      if (probe) this.#pause = abandonProbe(this.#pause);
      return verdict;
    }
    if (verdict.kind === "delivered") this.#lastDelivered = clock.now();
    const before = this.#pause;
    this.#pause = observe(before, verdict, { now: clock.monotonic(), probe });
    this.#report(before, verdict);
    return verdict;
  }

  /** Says what changed, once. */
  #report(before: Pause, verdict: Verdict): void {
    const { clock, log, meanwhile } = this.#options;
    if (verdict.kind === "later" && !this.#said.has(verdict.cause)) {
      const { cause, seen } = verdict;
      if (cause === "key") {
        log.write("ERROR", "key_refused", `${KEY_REFUSED}. Until then ${meanwhile}`, { seen });
        this.#said.add(cause);
      } else if (cause === "url") {
        log.write("ERROR", "wrong_url", `${WRONG_URL}. Until then ${meanwhile}`, { seen });
        this.#said.add(cause);
      }
    }
    if (before.state === "sending" && this.#pause.state === "paused") {
      this.#pausedAt = clock.now();
      const seen = "seen" in verdict ? verdict.seen : undefined;
      const whatToDo = seen === "tls_failed" ? NOT_TRUSTED : WHAT_TO_DO[this.#pause.cause];
      log.write("WARNING", "paused", `${PAUSED}. Until then ${meanwhile}. ${whatToDo}`, {
        reason: this.#pause.cause,
        seen,
      });
      const begins = this.#pauseBegins;
      this.#pauseBegins = new AbortController();
      this.#holdBegins = AbortSignal.any([this.#options.draining, this.#pauseBegins.signal]);
      begins.abort();
    } else if (
      this.#pause.state === "sending" && (verdict.kind === "delivered" || verdict.kind === "refused")
    ) {
      this.#said.clear();
      if (before.state === "paused") {
        const seconds = Math.round((clock.monotonic() - before.since) / 1000);
        log.write("INFO", "resumed", "PlatformX takes events again: sending goes on, with what waited", {
          paused_seconds: seconds,
        });
      }
    }
  }
}

/** No attempt may start any more. */
const TOO_LATE: Held = { kind: "held", reason: "platformx", waitMs: 1_000 };

const KEY_REFUSED =
  "PlatformX does not accept the key: put the project's key into GETDX_API_KEY and restart, or into the " +
  "file of GETDX_API_KEY_FILE, which is read again by itself";
const WRONG_URL =
  "Something other than PlatformX answers at GETDX_API_URL, perhaps a proxy: check it and the proxy variables";
const PAUSED =
  "Sending to PlatformX is paused; an event is tried now and then, and the first that is taken ends the pause";
const NOT_TRUSTED =
  "The certificate shown to this machine is not trusted, or it is no TLS: behind a proxy that inspects TLS let " +
  "DENO_CERT name its CA's certificate (PEM); 'coder-platformx check' tells more";
const WHAT_TO_DO: Readonly<Record<LaterCause, string>> = {
  platformx: "See DX's status page, and whether this machine reaches PlatformX: 'coder-platformx check'",
  rate_limit: "Something else uses up the DX account's limit, or GETDX_RATE_LIMIT is too high for it",
  key: "Replace the key: see key_refused",
  url: "Correct GETDX_API_URL or the proxy variables: see wrong_url",
};
