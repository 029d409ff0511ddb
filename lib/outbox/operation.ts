/** What is asked of a store's engine, as data: the same words go from thread to thread as JSON. */
import type { DeadReason, LeftAlone, Stored } from "./record.ts";
import type { Claim, Fresh, NewEvent, Settlement, State, Summary, Tidied } from "./store.ts";
import type { StoreFault } from "./store_fault.ts";

/** A {@link NewEvent} whose event is JSON text, as it is stored; `take`: it is claimed as well. */
export type Draft = Omit<NewEvent, "event"> & { readonly event: string; readonly take: boolean };

/** The event was accepted and claimed; `acceptedAt`: when, in Unix milliseconds. */
export interface Taken {
  readonly id: string;
  readonly acceptedAt: number;
}

/** What is asked, and what is answered, by kind. */
export interface Operations {
  readonly accept: { readonly ask: Draft; readonly answer: "queued" | "duplicate" | Taken };
  readonly claim: {
    readonly ask: { readonly limit: number; readonly fresh: Fresh };
    readonly answer: readonly Claim[];
  };
  /**
   * Again: it is so already, since an answer was lost. A reason: it was delivered, though it had become a dead letter for
   * this reason meanwhile. Null: somebody else has the event or had it.
   */
  readonly settle: { readonly ask: Settled; readonly answer: "done" | "again" | DeadReason | null };
  readonly tidy: {
    readonly ask: unknown;
    readonly answer: Tidied & { readonly summary?: Summary | undefined };
  };
  readonly get: { readonly ask: { readonly id: string }; readonly answer: Stored | null };
  readonly list: {
    readonly ask: { readonly state: State; readonly after: string; readonly limit: number };
    readonly answer: readonly Stored[];
  };
  /** Why it was a dead letter; null: it is none. */
  readonly replay: { readonly ask: { readonly id: string }; readonly answer: DeadReason | null };
  /** What it was; null: it is not there, or is being sent. */
  readonly drop: { readonly ask: { readonly id: string }; readonly answer: DeadReason | "pending" | null };
}

/** How sending an event ended. */
export interface Settled {
  readonly id: string;
  readonly fence: number;
  /** Its place in the line before it was claimed. */
  readonly place: number;
  readonly settlement: Settlement;
}

/** One question. */
export type Ask = {
  [Kind in keyof Operations]: { readonly kind: Kind } & Operations[Kind]["ask"];
}[keyof Operations];

/** One answer. */
export type Answer = Operations[keyof Operations]["answer"];

/** What the store goes by while it answers. Milliseconds. */
export interface Moment {
  readonly now: number;
  /** The same, unless the clock was set ahead since the start: ages are measured with it. */
  readonly agedTo: number;
  /** Never jumps. */
  readonly monotonic: number;
  /** Events that may still be accepted. */
  readonly room: number;
}

/** Questions that are answered together. */
export interface Request {
  readonly asks: readonly Ask[];
  readonly moment: Moment;
}

/** How one question ended. */
export type Result = { readonly answer: Answer } | { readonly fault: StoreFault };

/** How events are given back that were taken when they were accepted, and whose claims reach nobody. */
export function givenBack(results: readonly Result[]): readonly Settled[] {
  return results.flatMap((result): Settled[] => {
    const answer = "answer" in result ? result.answer : null;
    if (typeof answer !== "object" || answer === null || !("acceptedAt" in answer)) return [];
    return [{ id: answer.id, fence: 1, place: answer.acceptedAt, settlement: { kind: "released" } }];
  });
}

/** Answers to a {@link Request}, in its order. */
export interface Reply {
  readonly results: readonly Result[];
  /** Met for the first time. */
  readonly leftAlone: readonly LeftAlone[];
}
