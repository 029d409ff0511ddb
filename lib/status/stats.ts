/** The one place that counts. Constant work per webhook; health, page, metrics and spans read it. */
import { DELIVERY_BOUNDS, Histogram } from "./histogram.ts";
import { type Outcome, type Status, STATUS_NAMES } from "../delivery/outcome.ts";
import type { RecentWebhook } from "./page/state.ts";
import { Timeline } from "./timeline.ts";
import type { OutboxRecord, Settlement } from "../outbox/record.ts";
import type { Verdict } from "../platformx/verdict.ts";

/** What there is to count of an answered webhook beside its outcome. */
export interface Answered {
  /** Unix milliseconds. */
  readonly now: number;
  /** Milliseconds from its arrival. */
  readonly ms: number;
  /** It has the header that Coder's webhooks have, and nobody else's requests. */
  readonly fromCoder: boolean;
}

/** Webhooks that are remembered one by one. */
const RECENT = 50;

/** Everything that is counted, since the start. */
export class Stats {
  /** By status and reason, as `status reason` or `status`. */
  readonly #webhooks = new Map<string, number>();
  readonly #counts = new Map<Status, number>(STATUS_NAMES.map((status) => [status, 0]));
  readonly #attempts = new Map<string, number>();
  /** Unix milliseconds. */
  readonly #lastSeen = new Map<string, number | undefined>();
  readonly #recent: RecentWebhook[] = [];
  readonly #withOutbox: boolean;
  #delivered = 0;
  #lastWebhook: number | undefined;

  /** Milliseconds from a webhook's arrival to its answer. */
  readonly webhookDurations = new Histogram();
  /** Milliseconds of single attempts at PlatformX. */
  readonly attemptDurations = new Histogram();
  /** Milliseconds from an event's first webhook, or its acceptance by the outbox, to PlatformX's taking it. */
  readonly deliveryDurations = new Histogram(DELIVERY_BOUNDS);
  /** Outcomes of the last day, by minute. */
  readonly timeline = new Timeline(STATUS_NAMES.length);

  /** @param expected names whose last arrival is kept: only these, so that senders cannot make the list grow */
  constructor(expected: readonly string[], withOutbox: boolean) {
    this.#withOutbox = withOutbox;
    for (const name of expected) this.#lastSeen.set(name, undefined);
  }

  /** Counts an answered webhook. */
  count(outcome: Outcome, { now, ms }: Answered): void {
    const { arrived, notification, status } = outcome;
    const reason = "reason" in outcome ? outcome.reason : undefined;
    this.#counts.set(status, this.#counts.get(status)! + 1);
    increment(this.#webhooks, reason === undefined ? status : `${status} ${reason}`);
    this.webhookDurations.add(ms);
    if (status === "forwarded") this.deliveryDurations.add(ms);
    if (status !== "error") this.#lastWebhook = now;
    this.timeline.add(STATUS_NAMES.indexOf(status), now);
    this.#recent.push({ at: now, notification, status, reason, ms });
    if (this.#recent.length > RECENT) this.#recent.shift();
    if (arrived !== undefined && this.#lastSeen.has(arrived)) this.#lastSeen.set(arrived, now);
  }

  /** Counts an attempt at PlatformX that took `ms`. */
  countAttempt(verdict: Verdict["kind"], ms: number): void {
    increment(this.#attempts, verdict);
    this.attemptDurations.add(ms);
  }

  /** Counts what became of an event of the outbox, `ms` after its acceptance. */
  countSettled(_: OutboxRecord, { kind }: Settlement, ms: number): void {
    if (kind !== "delivered") return;
    this.#delivered++;
    this.deliveryDurations.add(ms);
  }

  /** Webhooks per status; with an outbox also the events that were delivered. */
  get counts(): Readonly<Record<string, number>> {
    return {
      ...Object.fromEntries(this.#counts),
      ...(this.#withOutbox ? { delivered: this.#delivered } : {}),
    };
  }

  /** Webhooks by status and reason. */
  get webhooks(): readonly { readonly status: string; readonly reason: string; readonly count: number }[] {
    return [...this.#webhooks].map(([key, count]) => {
      const [status, reason = ""] = key.split(" ");
      return { status: status!, reason, count };
    });
  }

  /** Attempts by verdict. */
  get attempts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#attempts);
  }

  /** Events of the outbox that PlatformX took. */
  get delivered(): number {
    return this.#delivered;
  }

  /** When a webhook was last answered with anything but an error, in Unix milliseconds. */
  get lastWebhook(): number | undefined {
    return this.#lastWebhook;
  }

  /** The last webhooks, the newest first. */
  get recent(): readonly RecentWebhook[] {
    return this.#recent.toReversed();
  }

  /** Per expected name when it last arrived (ISO time), or null. */
  get lastSeen(): Readonly<Record<string, string | null>> {
    const rows = [...this.#lastSeen];
    return Object.fromEntries(
      rows.map(([name, at]) => [name, at === undefined ? null : new Date(at).toISOString()]),
    );
  }
}

function increment(counters: Map<string, number>, key: string): void {
  counters.set(key, (counters.get(key) ?? 0) + 1);
}
