/** The one place that counts. Constant work per webhook; health reads it. */
import { nameKey } from "./core/catalogue.ts";
import { type Outcome, type Status, STATUSES } from "./core/outcome.ts";

/** Counters since the start. */
export class Stats {
  readonly #counts = new Map<Status, number>(STATUSES.map((status) => [status, 0]));
  /** By {@link nameKey}; the name as shown, and Unix milliseconds. */
  readonly #lastSeen = new Map<string, { readonly name: string; at: number | undefined }>();

  /** @param expected names whose last arrival is kept: only these, so that senders cannot make the list grow */
  constructor(expected: readonly string[]) {
    for (const name of expected) this.#lastSeen.set(nameKey(name), { name, at: undefined });
  }

  /** Counts a webhook's outcome. `now`: Unix milliseconds. */
  count(outcome: Outcome, now: number): void {
    this.#counts.set(outcome.status, this.#counts.get(outcome.status)! + 1);
    if (!("event" in outcome) || outcome.event === undefined) return;
    const seen = this.#lastSeen.get(nameKey(outcome.event));
    if (seen !== undefined) seen.at = now;
  }

  /** Webhooks per status. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** Per expected name when it last arrived (ISO time), or null. */
  get lastSeen(): Readonly<Record<string, string | null>> {
    const rows = [...this.#lastSeen.values()];
    return Object.fromEntries(
      rows.map(({ name, at }) => [name, at === undefined ? null : new Date(at).toISOString()]),
    );
  }
}
