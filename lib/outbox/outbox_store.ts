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
  close(): Promise<void>;
}
