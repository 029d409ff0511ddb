/** What a store knows of itself between two looks: the last summary, and what its own replies have changed since. */
import { type Redacted, scrub } from "../base/redact.ts";
import type { Operations } from "./operation.ts";
import { DEAD_REASONS, type DeadReason, type Row, wholeNumber } from "./record.ts";
import type { DeadLetters, Settlement, State, Summary } from "./store.ts";

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

  /**
   * An event went from one state to another; undefined: it was not there, or is not any more.
   *
   * @param letter of the dead letter that it was or is
   */
  moved(from: State | undefined, to: State | undefined, now: number, letter?: Letter): void {
    const { deadByReason, ...known } = this.#known;
    const step = (state: State) => (to === state ? 1 : 0) - (from === state ? 1 : 0);
    const pending = Math.max(0, known.pending + step("pending"));
    const dead = Math.max(0, known.dead + step("dead"));
    const other = deadByReason.filter(({ reason }) => reason !== letter?.reason);
    const same = deadByReason.find(({ reason }) => reason === letter?.reason);
    const changed = letter && to === "dead"
      ? { reason: letter.reason, count: (same?.count ?? 0) + 1, newest: now, detail: letter.detail }
      : same && { ...same, count: same.count - 1 };
    this.#known = {
      ...{ pending, dead },
      oldestPending: pending === 0 ? undefined : known.oldestPending ?? now,
      newestDead: to === "dead" ? now : dead === 0 ? undefined : known.newestDead,
      deadByReason: (changed !== undefined && changed.count > 0 ? [changed, ...other] : other).sort(
        newestFirst,
      ),
    };
  }

  /** An event that was claimed is settled, as the store answered. */
  settled(settlement: Settlement, answer: Operations["settle"]["answer"], now: number): void {
    if (answer === null || answer === "again") return;
    if (answer !== "done") this.moved("dead", undefined, now, { reason: answer });
    else if (settlement.kind === "delivered") this.moved("pending", undefined, now);
    else if (settlement.kind === "dead") this.moved("pending", "dead", now, settlement);
  }
}

/** What is told of a dead letter. */
interface Letter {
  readonly reason: DeadReason;
  readonly detail?: Redacted | undefined;
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
    const detail = typeof row["detail"] === "string" ? scrub(row["detail"], [], 300) : undefined;
    return [{ reason, count: Number(row["count"]), newest, detail }];
  }).sort(newestFirst);
  return {
    pending: Number(pending["count"]),
    dead: deadByReason.reduce((sum, { count }) => sum + count, 0),
    oldestPending: timeOf(pending["oldest"]),
    newestDead: deadByReason[0]?.newest,
    deadByReason,
  };
}

function newestFirst(a: DeadLetters, b: DeadLetters): number {
  return b.newest - a.newest;
}
