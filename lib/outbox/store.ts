/** Where accepted events wait: what the service needs of a store, whichever engine holds it. */
import type { Redacted } from "../base/redact.ts";
import type { PlatformXEvent } from "../platformx/event.ts";
import type { DeadReason, OutboxRecord, Stored } from "./record.ts";

/** A store. Every method throws `StoreError` only, and may be repeated after an error: it has no second effect. */
export interface OutboxStore {
  /** Its engine and version, as `SQLite 3.53.2`. */
  readonly engine: string;
  /** How much there is, as of the last reply: for health, without I/O. */
  readonly known: Summary;
  /**
   * Commits event, occurrence and copy together, or finds that the occurrence is known.
   *
   * @param take claims the event with the same commit: it is answered by its claim, unless the answer was lost
   * @throws {StoreError} nothing was accepted, or it is not certain
   */
  accept(draft: NewEvent, take?: boolean): Promise<"queued" | "duplicate" | Claim>;
  /** Takes due events to be sent, each for {@link LEASE} milliseconds from the call on, and nobody else meanwhile. */
  claim(limit: number, fresh: Fresh): Promise<readonly Claim[]>;
  /** Notes how sending ended; false: the lease was over, and somebody else has the event or had it. */
  settle(claim: Claim, settlement: Settlement): Promise<boolean>;
  /** What is to be done now and then: buries what is too old, forgets what was kept long enough, looks after its file. */
  tidy(): Promise<Tidied>;
  /** One event; undefined: there is none of this id. */
  get(id: string): Promise<Stored | undefined>;
  /** Events in the order of their acceptance. `after`: the last id of the page before. */
  list(state: State, after?: string, limit?: number): Promise<readonly Stored[]>;
  /** Tries a dead letter anew, with a new age; false: there is none of this id. */
  replay(id: string): Promise<boolean>;
  /** Deletes an event that nobody is sending; false: there is none of this id. Copies of it still count as duplicates. */
  drop(id: string): Promise<boolean>;
  /** Ends within a few seconds, whatever the store does. What is under way is told that it is closed. */
  close(): Promise<void>;
}

/** Milliseconds for which a claimed event belongs to its claimer: three times what an attempt can take. */
export const LEASE = 30_000;

/** Milliseconds for which a dead letter is kept. */
export const DEAD_KEPT = 30 * 86_400_000;

/** What a store is opened for: to run the service, to change events, or only to look: then nothing is changed. */
export type Access = "serve" | "change" | "look";

/** Neither delivered nor dead, or a dead letter. */
export type State = "pending" | "dead";

/** One webhook that is to become an event. */
export interface NewEvent {
  /** Identifies what happened: a hash, at most 64 characters of the URL-safe alphabet of Base64. */
  readonly key: string;
  /** Whom the webhook was sent to, hashed. */
  readonly recipient: string;
  /** Coder's `msg_id`, hashed. */
  readonly messageId: string;
  /** Built as if this webhook were the first of its occurrence: it is stored only if it is. */
  readonly event: PlatformXEvent;
}

/** Which events count as new: a backlog must not hold them up, nor they the backlog. They take turns. */
export interface Fresh {
  /** Milliseconds, back from now: what was accepted in that time and was never tried is new. */
  readonly within: number;
  /** Whether a new event comes first. */
  readonly first: boolean;
}

/** An event that was taken to be sent. */
export interface Claim {
  /** As it was before: `nextAttemptAt` is its place in the line. */
  readonly record: OutboxRecord;
  /** Counts the claims of this event: who settles must have the last one. */
  readonly fence: number;
  /** Milliseconds since its acceptance. */
  readonly age: number;
}

/** The claim of an event that was taken when it was accepted, at this time by the store's clock. */
export function claimOfNew(id: string, event: PlatformXEvent, acceptedAt: number): Claim {
  const record = {
    ...{ id, event, enqueuedAt: acceptedAt, nextAttemptAt: acceptedAt },
    ...{ attempts: 0, failures: 0, ambiguous: 0 },
    ...{ detail: undefined, lastAttemptAt: undefined, claimedAt: undefined, dead: undefined },
  };
  return { record, fence: 1, age: 0 };
}

/** How sending ended. */
export type Settlement =
  | { readonly kind: "delivered" }
  /** It was not sent: it goes back to its place in the line. */
  | { readonly kind: "released" }
  | {
    readonly kind: "pending";
    /** Milliseconds until it may be tried again; never past the end of its age. */
    readonly delayMs: number;
  } & Tried
  | { readonly kind: "dead"; readonly reason: DeadReason } & Tried;

/** What is known after an attempt. */
export interface Tried {
  readonly attempts: number;
  readonly failures: number;
  readonly ambiguous: number;
  readonly detail?: Redacted | undefined;
}

/** What {@link OutboxStore.tidy} did. */
export interface Tidied {
  /** Dead letters that it made. */
  readonly buried: readonly OutboxRecord[];
  /** Milliseconds until the next event is due, if any waits for its time. */
  readonly nextDueIn: number | undefined;
}

/** How much there is. Times are Unix milliseconds by this machine's clock, whatever the store's clock says. */
export interface Summary {
  readonly pending: number;
  readonly dead: number;
  readonly oldestPending: number | undefined;
  /** When the newest dead letter became one. */
  readonly newestDead: number | undefined;
  readonly deadByReason: readonly DeadLetters[];
}

/** Dead letters of one reason. */
export interface DeadLetters {
  readonly reason: DeadReason;
  readonly count: number;
  /** When the newest of them became one. */
  readonly newest: number;
  /** What its last attempt saw. */
  readonly detail: Redacted | undefined;
}

/** One of each in turn, then what is left of the longer. */
export function inTurns<T>(one: readonly T[], other: readonly T[]): readonly T[] {
  const rest = one.length > other.length ? one.slice(other.length) : other.slice(one.length);
  return [...one.slice(0, other.length).flatMap((item, n) => [item, ...other.slice(n, n + 1)]), ...rest];
}
