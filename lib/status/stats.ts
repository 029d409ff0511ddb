/** The one place that counts. Constant work per webhook; health, page, metrics and spans read it. */
import { CATALOGUE, findRow } from "../coder/catalogue.ts";
import { type Outcome, STATUS_NAMES } from "../delivery/outcome.ts";
import { scrub, shownName } from "../base/redact.ts";
import type { ErrorReason } from "../delivery/reasons.ts";
import type { Settled } from "../outbox/dispatcher.ts";
import type { DeadReason } from "../outbox/record.ts";
import type { Verdict } from "../platformx/verdict.ts";
import { DELIVERY_BOUNDS, Histogram } from "./histogram.ts";
import { Timeline } from "./timeline.ts";
import { WebhookMemory } from "./webhook_memory.ts";

/** What there is to count of an answered webhook beside its outcome. */
export interface Answered {
  /** Unix milliseconds. */
  readonly now: number;
  /** Milliseconds from its arrival. */
  readonly ms: number;
  /** It has the header that Coder's webhooks have, and nobody else's requests. */
  readonly fromCoder: boolean;
}

/** Why webhooks of Coder are turned away for as long as nobody mends a setting. */
export const TURNED_AWAY = [
  "unauthorized",
  "not_found",
  "too_large",
  "unsupported_media_type",
  "redirected",
  "invalid_notification",
] as const satisfies readonly ErrorReason[];

/**
 * What is counted over time: answers; events of the outbox that came to an end; what came to nothing, if only for now;
 * Coder's webhooks that were turned away.
 */
export const KINDS = [...STATUS_NAMES, "delivered", "dead", "failed", ...TURNED_AWAY] as const;

/** One of {@link KINDS}. */
export type Kind = typeof KINDS[number];

/** Turned away so often within so many milliseconds, Coder's setting is wrong. */
const OFTEN = 3;
const SOON = 10 * 60_000;

/** The label of notifications that the catalogue does not know: nobody can make the list longer. */
const OTHER = "other";
const NAMES: ReadonlySet<string> = new Set(CATALOGUE.map(({ name }) => name));

/** Everything that is counted, since the start. Times are Unix milliseconds. */
export class Stats {
  /** By status and reason, as `status reason` or `status`. */
  readonly #webhooks = new Map<string, number>();
  /** By notification and what became of it. */
  readonly #notifications = new Map<string, Map<string, number>>();
  readonly #attempts = new Map<string, number>();
  readonly #deadLetters = new Map<string, number>();
  readonly #arrived = new Map<string, number | undefined>();
  readonly #lastSeen = new Map<string, number>();
  readonly #timeline = new Timeline(KINDS.length);
  readonly #withOutbox: boolean;
  /** When Coder was last turned away, at most {@link OFTEN} times, since one of its webhooks was taken. */
  #turnedAway: number[] = [];
  #delivered = 0;
  #lastWebhook: number | undefined;
  #lastRefused: number | undefined;
  #lastFailed: number | undefined;

  /** Milliseconds from a webhook's arrival to its answer. */
  readonly webhookDurations = new Histogram();
  /** Milliseconds of single attempts at PlatformX. */
  readonly attemptDurations = new Histogram();
  /** Milliseconds from an event's first webhook, or its acceptance by the outbox, to PlatformX's taking it. */
  readonly deliveryDurations = new Histogram(DELIVERY_BOUNDS);
  /** The last webhooks. */
  readonly memory = new WebhookMemory();

  /** @param expected names whose last arrival is kept: only these, so that senders cannot make the list grow */
  constructor(expected: readonly string[], withOutbox: boolean) {
    this.#withOutbox = withOutbox;
    const outcomes: readonly Kind[] = [...STATUS_NAMES.filter((status) => status !== "error")];
    const all = withOutbox ? [...outcomes, "delivered", "dead"] : outcomes;
    for (const name of expected) {
      this.#arrived.set(name, undefined);
      // Counters that begin at zero: a rate is lost otherwise with the first one.
      this.#notifications.set(labelOf(findRow(name)?.name), new Map(all.map((outcome) => [outcome, 0])));
    }
  }

  /** Counts an answered webhook. */
  count(outcome: Outcome, { now, ms, fromCoder }: Answered): void {
    const { arrived, attempts, messageId, notification, status } = outcome;
    const reason = "reason" in outcome ? outcome.reason : undefined;
    increment(this.#webhooks, reason === undefined ? status : `${status} ${reason}`);
    this.webhookDurations.add(ms);
    if (status === "forwarded") this.deliveryDurations.add(ms);
    if (status !== "error") this.#lastWebhook = now;
    this.#add(status, now);
    const words = status === "refused" ? outcome.words : undefined;
    this.memory.add({ at: now, messageId, notification, status, reason, attempts, ms, words, fromCoder });
    if (notification !== undefined) this.#countNotification(labelOf(arrived), status, now);
    if (arrived !== undefined && this.#arrived.has(arrived)) this.#arrived.set(arrived, now);
    if (status === "refused") this.#lastRefused = now;
    if (status === "refused" || status === "unavailable" || (status === "error" && fromCoder)) {
      this.#fail(now);
    } else if (fromCoder) this.#turnedAway = [];
    const why = status === "error" && fromCoder ? TURNED_AWAY.find((one) => one === reason) : undefined;
    if (why === undefined) return;
    this.#add(why, now);
    this.#turnedAway = [...this.#turnedAway.slice(1 - OFTEN), now];
  }

  /** Counts an attempt at PlatformX that took `ms`. */
  countAttempt(verdict: Verdict["kind"], ms: number): void {
    increment(this.#attempts, verdict);
    this.attemptDurations.add(ms);
  }

  /** Counts what became of an event of the outbox. */
  countSettled({ record: { attempts, event }, settlement, at, ageMs }: Settled): void {
    const { kind } = settlement;
    if (kind !== "delivered" && kind !== "dead") return;
    const webhook = {
      messageId: scrub(event.metadata["coder_message_id"] ?? "", [], 64),
      notification: shownName(event.name),
    };
    this.#add(kind, at);
    this.#countNotification(labelOf(event.name), kind);
    if (kind === "delivered") {
      this.#delivered++;
      this.deliveryDurations.add(ageMs);
      return this.memory.settle(webhook, { kind, at, attempts: attempts + 1 });
    }
    const { attempts: made, detail: words, reason } = settlement;
    this.#fail(at);
    increment(this.#deadLetters, reason);
    this.memory.settle(webhook, { kind, at, attempts: made, reason, words });
  }

  /** Webhooks per status; with an outbox also the events that were delivered. */
  get counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = Object.fromEntries(STATUS_NAMES.map((status) => [status, 0]));
    for (const { status, count } of this.webhooks) counts[status]! += count;
    return this.#withOutbox ? { ...counts, delivered: this.#delivered } : counts;
  }

  /** Webhooks by status and reason. */
  get webhooks(): readonly { readonly status: string; readonly reason: string; readonly count: number }[] {
    return [...this.#webhooks].map(([key, count]) => {
      const [status, reason = ""] = key.split(" ");
      return { status: status!, reason, count };
    });
  }

  /** What became of notifications, by the catalogue's names and {@link OTHER}. */
  get notifications(): readonly {
    readonly notification: string;
    readonly outcomes: ReadonlyMap<string, number>;
    /** Undefined: not since the start. */
    readonly lastSeen: number | undefined;
  }[] {
    return [...this.#notifications].map(([notification, outcomes]) => ({
      notification,
      outcomes,
      lastSeen: this.#lastSeen.get(notification),
    }));
  }

  /** Attempts by verdict. */
  get attempts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#attempts);
  }

  /** Dead letters that this process made, by reason. */
  deadLetters(reason: DeadReason): number {
    return this.#deadLetters.get(reason) ?? 0;
  }

  /** When a webhook was last answered with anything but an error. */
  get lastWebhook(): number | undefined {
    return this.#lastWebhook;
  }

  /** When PlatformX last refused an event while Coder waited. */
  get lastRefused(): number | undefined {
    return this.#lastRefused;
  }

  /** When an event last came to nothing, if only for the time being, or Coder was turned away. */
  get lastFailed(): number | undefined {
    return this.#lastFailed;
  }

  /** Whether Coder is turned away again and again. */
  isTurnedAway(now: number): boolean {
    return this.#turnedAway.length === OFTEN && now - this.#turnedAway[0]! <= SOON;
  }

  /** Per expected name when it last arrived (ISO time), or null. */
  get lastSeen(): Readonly<Record<string, string | null>> {
    const rows = [...this.#arrived];
    return Object.fromEntries(
      rows.map(([name, at]) => [name, at === undefined ? null : new Date(at).toISOString()]),
    );
  }

  /** Counts of the last day, as {@link Timeline.last} tells them, by {@link KINDS}. */
  last(steps: number, minutes: number, now: number): readonly (readonly number[])[] {
    return this.#timeline.last(steps, minutes, now);
  }

  #add(kind: Kind, now: number): void {
    this.#timeline.add(KINDS.indexOf(kind), now);
  }

  #fail(now: number): void {
    this.#add("failed", now);
    this.#lastFailed = now;
  }

  /** @param now when a webhook of it came */
  #countNotification(name: string, outcome: string, now?: number): void {
    let outcomes = this.#notifications.get(name);
    if (outcomes === undefined) this.#notifications.set(name, outcomes = new Map());
    increment(outcomes, outcome);
    if (now !== undefined) this.#lastSeen.set(name, now);
  }
}

function labelOf(name: string | undefined): string {
  return name !== undefined && NAMES.has(name) ? name : OTHER;
}

function increment(counters: Map<string, number>, key: string): void {
  counters.set(key, (counters.get(key) ?? 0) + 1);
}
