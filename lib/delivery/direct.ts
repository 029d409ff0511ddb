/** Direct delivery: hands an event to PlatformX while Coder waits for the answer. */
import type { PlatformXEvent } from "../platformx/event.ts";
import type { UnavailableReason } from "./outcome.ts";
import { delayAfter, DIRECT_BACKOFF } from "../platformx/backoff.ts";
import type { Clock } from "../base/clock.ts";
import type { Held, Sender } from "../platformx/gate.ts";

/** How the delivery of one event ended. */
export type Delivered =
  | { readonly kind: "delivered"; readonly attempts: number }
  | { readonly kind: "refused"; readonly words: string; readonly attempts: number }
  | {
    readonly kind: "unavailable";
    readonly reason: UnavailableReason;
    readonly retryAfterMs: number;
    readonly attempts: number;
    /** The last answer was lost: PlatformX may have the event, and another attempt may double it. */
    readonly maybeTaken?: true;
  };

/** Delivers one event; no attempt starts after `deadline` (monotonic milliseconds). Never throws. */
export type Deliver = (event: PlatformXEvent, deadline: number) => Promise<Delivered>;

/** What direct delivery needs from outside. */
export interface DirectOptions {
  readonly sender: Sender;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** An answer that was lost is worth one more attempt: PlatformX cannot tell it from a second event. */
const LOST_ANSWERS = 2;

/** Makes the function that delivers with retries. */
export function deliverDirectly({ sender, clock, random }: DirectOptions): Deliver {
  return async (event, deadline) => {
    let lost = 0;
    let lastWasLost = false;
    for (let attempts = 1;; attempts++) {
      const permit = await sender.acquire(deadline);
      if (permit.kind === "held") return unavailable(permit, attempts - 1, lastWasLost);
      const verdict = await permit.send(event);
      if (verdict.kind === "delivered") return { kind: "delivered", attempts };
      if (verdict.kind === "refused") return { kind: "refused", words: verdict.words, attempts };

      const held = sender.heldNow;
      lastWasLost = verdict.kind === "unknown";
      if (held !== undefined) return unavailable(held, attempts, lastWasLost);
      if (lastWasLost) lost++;
      const reason = verdict.kind === "later" ? verdict.cause : "platformx";
      const delay = delayAfter(attempts, DIRECT_BACKOFF, {
        random: random(),
        retryAfterMs: verdict.retryAfterMs,
      });
      if (lost === LOST_ANSWERS || clock.monotonic() + delay > deadline) {
        const retryAfterMs = Math.max(delay, 1_000);
        return { kind: "unavailable", reason, retryAfterMs, attempts, ...doubt(lastWasLost) };
      }
      // A pause that begins meanwhile, or a shutdown, ends the wait: the next turn of the loop says which.
      await clock.sleep(delay, sender.holdBegins);
    }
  };
}

function unavailable({ reason, waitMs }: Held, attempts: number, maybeTaken: boolean): Delivered {
  return { kind: "unavailable", reason, retryAfterMs: waitMs, attempts, ...doubt(maybeTaken) };
}

function doubt(maybeTaken: boolean): { readonly maybeTaken?: true } {
  return maybeTaken ? { maybeTaken } : {};
}
