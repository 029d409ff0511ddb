/** What the outbox needs of a store. */
import type { PlatformXEvent } from "../platformx/event.ts";
import type { DeadReason, OutboxRecord, Settlement } from "./record.ts";

export interface NewEvent {
  readonly key: string;
  readonly recipient: string;
  readonly messageId: string;
  readonly event: PlatformXEvent;
}
export interface Claim {
  readonly record: OutboxRecord;
  readonly token: number;
}
export interface Summary {
  readonly pending: number;
  readonly dead: number;
  readonly oldestPending: number | undefined;
  readonly deadLetters: readonly {
    readonly reason: DeadReason;
    readonly count: number;
    readonly newest: number;
    readonly detail: string;
  }[];
}
export class StoreError extends Error {
  readonly fault: string;
  constructor(fault: string) {
    super(fault);
    this.fault = fault;
  }
}
export interface OutboxStore {
  readonly known: Summary;
  accept(draft: NewEvent): Promise<"queued" | "duplicate">;
  claim(limit: number, fresh: { readonly since: number; readonly first: boolean }): Promise<readonly Claim[]>;
  settle(claim: Claim, settlement: Settlement): Promise<boolean>;
  tidy(): Promise<{ readonly buried: readonly OutboxRecord[]; readonly nextDueIn?: number | undefined }>;
  get(id: string): Promise<Stored | undefined>;
  /** Events in the order of their acceptance. `after`: the last id of the page before. */
  list(state: "pending" | "dead", after?: string, limit?: number): Promise<readonly Stored[]>;
  /** Tries a dead letter anew; false: there is none of this id. */
  replay(id: string): Promise<boolean>;
  /** Deletes an event that nobody is sending; false: there is none of this id. */
  drop(id: string): Promise<boolean>;
  close(): Promise<void>;
}

/** One stored event, as operators look at it. Times are Unix milliseconds. */
export interface StoredEvent {
  readonly id: string;
  readonly event: PlatformXEvent;
  readonly enqueuedAt: number;
  readonly nextAttemptAt: number;
  readonly attempts: number;
  readonly ambiguous: number;
  readonly detail: string | undefined;
  readonly lastAttemptAt: number | undefined;
  /** When it was taken to be sent; undefined: nobody has it. It is held until `nextAttemptAt`. */
  readonly claimedAt: number | undefined;
  readonly dead: { readonly reason: DeadReason; readonly at: number } | undefined;
}

/** A record of which only the id is certain. */
export interface LeftAlone {
  readonly id: string;
  readonly leftAlone: "newer" | "unreadable";
}

/** What a store finds under an id. */
export type Stored = StoredEvent | LeftAlone;
