/** The one place that counts. Constant work per webhook; health reads it. */
import { type Outcome, type Status, STATUSES } from "./core/outcome.ts";

/** Counters since the start. */
export class Stats {
  readonly #counts = new Map<Status, number>(STATUSES.map((status) => [status, 0]));
  /** Unix milliseconds. */
  readonly #lastSeen = new Map<string, number | undefined>();

  readonly #withOutbox: boolean;
  #delivered = 0;

  /** @param expected names whose last arrival is kept: only these, so that senders cannot make the list grow */
  constructor(expected: readonly string[], withOutbox: boolean) {
    this.#withOutbox = withOutbox;
    for (const name of expected) this.#lastSeen.set(name, undefined);
  }

  /** Counts a webhook's outcome. `arrived`: the expected name that came with it; `now`: Unix milliseconds. */
  count(outcome: Outcome, arrived: string | undefined, now: number): void {
    this.#counts.set(outcome.status, this.#counts.get(outcome.status)! + 1);
    if (arrived !== undefined && this.#lastSeen.has(arrived)) this.#lastSeen.set(arrived, now);
  }

  /** Counts an event of the outbox that PlatformX took. */
  countDelivered(): void {
    this.#delivered++;
  }

  /** Webhooks per status; with an outbox also the events that were delivered. */
  get counts(): Readonly<Record<string, number>> {
    return { ...Object.fromEntries(this.#counts), ...(this.#withOutbox ? { delivered: this.#delivered } : {}) };
  }

  /** Per expected name when it last arrived (ISO time), or null. */
  get lastSeen(): Readonly<Record<string, string | null>> {
    const rows = [...this.#lastSeen];
    return Object.fromEntries(
      rows.map(([name, at]) => [name, at === undefined ? null : new Date(at).toISOString()]),
    );
  }
}
