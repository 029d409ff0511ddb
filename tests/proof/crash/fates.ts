/** How PlatformX's stand-in fails while the service is killed: one answer in ten. */
import type { Fate } from "../../support/platformx.ts";
import type { Random } from "./random.ts";

const FAILING = 0.1;

/** Milliseconds that an answer takes: kills should also meet attempts under way. */
const ANSWERS_AFTER = [5, 60] as const;

/**
 * Most answers of one event that are lost. A third would make it a dead letter (`outcome_unknown`), which is kept and
 * not lost, but is in the outbox, where the judge does not look.
 */
const MOST_LOST = 2;

/** Half of the failures are a 503 before the event is taken, half a connection that breaks after that. */
export function failing(random: Random): Fate {
  const lostAnswers = new Map<string, number>();
  return ({ body }) => {
    const after = random.between(...ANSWERS_AFTER);
    if (random.next() >= FAILING) return { kind: "late", ms: after };
    if (random.next() < 0.5) return { kind: "answer", status: 503, after };
    const [, message = ""] = /"coder_message_id":"([^"]*)"/.exec(body) ?? [];
    const lost = lostAnswers.get(message) ?? 0;
    if (lost === MOST_LOST) return { kind: "late", ms: after };
    lostAnswers.set(message, lost + 1);
    return { kind: random.next() < 0.5 ? "closed" : "reset", after };
  };
}
