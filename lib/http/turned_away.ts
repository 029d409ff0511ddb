/** Says in the log that webhooks are turned away: at once, then once a minute with a count. */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { type Outcome, told } from "../delivery/outcome.ts";
import type { ErrorReason } from "../delivery/reasons.ts";

/** Milliseconds between two lines about one reason. */
const EVERY = 60_000;

/** What it needs from outside. */
export interface TurnedAwayOptions {
  readonly clock: Pick<Clock, "sleep">;
  readonly log: Log;
  /** Aborted at the end: what was counted is told then. */
  readonly draining: AbortSignal;
}

/** One per process. Each reason is told by itself, so that a flood of one does not hide another. */
export class TurnedAway {
  readonly #options: TurnedAwayOptions;
  /** What was not told yet, per reason that was told within the minute. */
  readonly #untold = new Map<ErrorReason, Untold>();

  constructor(options: TurnedAwayOptions) {
    this.#options = options;
  }

  /** Takes one in. What failed inside the service has a line of its own. */
  tell(outcome: Outcome, fromCoder: boolean): void {
    if (outcome.status !== "error" || outcome.reason === "internal") return;
    const { reason } = outcome;
    const untold = this.#untold.get(reason) ?? { count: 0, fromCoder: 0, last: outcome };
    untold.count++;
    if (fromCoder) untold.fromCoder++;
    untold.last = outcome;
    if (this.#untold.has(reason)) return;
    this.#untold.set(reason, untold);
    void this.#tellNowAndThen(reason, untold);
  }

  /** Until a minute has brought none. */
  async #tellNowAndThen(reason: ErrorReason, untold: Untold): Promise<void> {
    const { clock, draining, log } = this.#options;
    while (untold.count > 0) {
      const { count, fromCoder, last } = untold;
      Object.assign(untold, { count: 0, fromCoder: 0 });
      log.write("WARNING", "turned_away", told(last), {
        reason,
        count,
        from_coder: fromCoder,
        msg_id: last.messageId,
      });
      await clock.sleep(EVERY, draining);
    }
    // At the end no minute passes any more: what still comes is counted, and not told one by one.
    if (!draining.aborted) this.#untold.delete(reason);
  }
}

interface Untold {
  count: number;
  /** How many had the header of Coder's. */
  fromCoder: number;
  last: Outcome;
}
