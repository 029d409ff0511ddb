/** Direct delivery: hands an event to PlatformX while Coder waits for the answer. */
import type { Clock } from "../base/clock.ts";
import { delayAfter, DIRECT_BACKOFF } from "../platformx/backoff.ts";
import type { PlatformXEvent } from "../platformx/event.ts";
import type { Gate } from "../platformx/gate.ts";
import type { Outcome } from "./outcome.ts";
import type { UnavailableReason } from "./reasons.ts";

/** Delivers one event; no attempt starts after `deadline` (monotonic milliseconds). Never rejects. */
export type Deliver = (event: PlatformXEvent, deadline: number) => Promise<Outcome>;

/** What direct delivery needs from outside. */
export interface DirectOptions {
  readonly gate: Pick<Gate, "send" | "held" | "holdBegins">;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** An answer that was lost is worth one more attempt: PlatformX cannot tell it from a second event. */
const LOST_ANSWERS = 2;

/** Makes the function that delivers with retries. */
export function deliverDirectly({ gate, clock, random }: DirectOptions): Deliver {
  return async (event, deadline) => {
    let lost = 0;
    for (let attempts = 1;; attempts++) {
      const sent = await gate.send(event, deadline);
      if (sent.kind === "delivered") return { status: "forwarded", attempts };
      if (sent.kind === "refused") return { status: "refused", words: sent.words, attempts };
      if (sent.kind === "held") return unavailable(sent.reason, sent.waitMs, attempts - 1, lost);

      if (sent.kind === "unknown") lost++;
      const held = gate.held();
      if (held !== undefined) return unavailable(held.reason, held.waitMs, attempts, lost);
      const delay = delayAfter(attempts, DIRECT_BACKOFF, {
        random: random(),
        retryAfterMs: sent.retryAfterMs,
      });
      if (lost === LOST_ANSWERS || clock.monotonic() + delay > deadline) {
        const reason = sent.kind === "later" ? sent.cause : "platformx";
        return unavailable(reason, Math.max(delay, 1_000), attempts, lost);
      }
      // A pause that begins meanwhile, or a shutdown, ends the wait: the next turn of the loop says which.
      await clock.sleep(delay, gate.holdBegins);
    }
  };
}

/** @param lost answers that were lost on the way: then PlatformX may have the event, whatever it said later */
function unavailable(
  reason: UnavailableReason,
  retryAfterMs: number,
  attempts: number,
  lost: number,
): Outcome {
  return { status: "unavailable", reason, retryAfterMs, attempts, ...(lost > 0 ? { maybeTaken: true } : {}) };
}
