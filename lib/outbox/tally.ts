/** What a store knows of itself between two looks: the last summary, and what its own replies have changed since. */
import { type Row, wholeNumber } from "./outbox_record.ts";
import type { DeadLetters, Settlement, State, Summary } from "./outbox_store.ts";
import { DEAD_REASONS, type DeadReason } from "./record.ts";

const NOTHING: Summary = {
  pending: 0,
  dead: 0,
  oldestPending: undefined,
  newestDead: undefined,
  deadByReason: [],
};

/** Keeps a {@link Summary}. Times are Unix milliseconds by this machine's clock. */
export class Tally {
  #known = NOTHING;

  /** The last summary, and what has changed since. */
  get known(): Summary {
    return this.#known;
  }

  /** The store has looked. */
  set(summary: Summary): void {
    this.#known = summary;
  }

  /** An event was accepted, or a dead letter replayed. */
  added(now: number): void {
    const { pending, oldestPending } = this.#known;
    this.#known = { ...this.#known, pending: pending + 1, oldestPending: oldestPending ?? now };
  }

  /** An event is not there any more; `reason`: why it was a dead letter. */
  removed(state: State, reason?: DeadReason): void {
    const { deadByReason, ...known } = this.#known;
    const left = Math.max(0, known[state] - 1);
    this.#known = {
      ...known,
      [state]: left,
      oldestPending: state === "pending" && left === 0 ? undefined : known.oldestPending,
      newestDead: state === "dead" && left === 0 ? undefined : known.newestDead,
      deadByReason: deadByReason
        .map((letters) => letters.reason === reason ? { ...letters, count: letters.count - 1 } : letters)
        .filter(({ count }) => count > 0),
    };
  }

  /** An event that was claimed is settled. */
  settled(settlement: Settlement, now: number): void {
    if (settlement.kind === "delivered") this.removed("pending");
    else if (settlement.kind === "dead") this.died(settlement.reason, now, settlement.detail);
  }

  /** A dead letter of this reason is pending again. */
  replayed(reason: DeadReason, now: number): void {
    this.removed("dead", reason);
    this.added(now);
  }

  /** An event was deleted by hand. */
  dropped(was: DeadReason | "pending"): void {
    if (was === "pending") this.removed("pending");
    else this.removed("dead", was);
  }

  /** A pending event became a dead letter. */
  died(reason: DeadReason, now: number, detail: string | undefined): void {
    this.removed("pending");
    const { dead, deadByReason } = this.#known;
    const before = deadByReason.find((letters) => letters.reason === reason)?.count ?? 0;
    this.#known = {
      ...this.#known,
      dead: dead + 1,
      newestDead: now,
      deadByReason: [
        { reason, count: before + 1, newest: now, detail },
        ...deadByReason.filter((letters) => letters.reason !== reason),
      ],
    };
  }
}

/**
 * Reads what a store counts.
 *
 * @param pending a row with `count` and `oldest` @param dead rows with `dead_reason`, `count`, `newest` and `detail`
 * @param shift milliseconds from the store's clock to this machine's
 */
export function summaryOf(pending: Row, dead: readonly Row[], shift: number): Summary {
  const timeOf = (value: unknown) => {
    const at = wholeNumber(value);
    return at === undefined ? undefined : at + shift;
  };
  const deadByReason = dead.flatMap((row): DeadLetters[] => {
    const reason = DEAD_REASONS.find((reason) => reason === row["dead_reason"]);
    const newest = timeOf(row["newest"]);
    if (reason === undefined || newest === undefined) return [];
    const detail = typeof row["detail"] === "string" ? row["detail"] : undefined;
    return [{ reason, count: Number(row["count"]), newest, detail }];
  }).sort((a, b) => b.newest - a.newest);
  return {
    pending: Number(pending["count"]),
    dead: deadByReason.reduce((sum, { count }) => sum + count, 0),
    oldestPending: timeOf(pending["oldest"]),
    newestDead: deadByReason[0]?.newest,
    deadByReason,
  };
}
