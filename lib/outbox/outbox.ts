/** Accepting events: committed before Coder is answered, so that 202 means it will arrive. */
import { hash } from "node:crypto";
import type { PlatformXEvent } from "../platformx/event.ts";
import { assign, type Happening } from "../coder/occurrence.ts";
import { type OutboxRecord, RECORD_VERSION } from "./record.ts";
import type { Change } from "./change.ts";
import type { Clock } from "../base/clock.ts";
import type { Order } from "../delivery/single_flight.ts";
import { OUTBOX_KEYS as KEYS } from "./outbox_keys.ts";
import { added, type Claim } from "./ledger.ts";
import type { Store } from "./store.ts";
import { pack, unpack } from "./stored.ts";
import { StoreError } from "./store_error.ts";

/** How accepting ended. */
export type Accepted = { readonly kind: "queued" } & Claim | { readonly kind: "duplicate" };

/** The remembered occurrences of a happening, the oldest first. */
interface HappeningRecord {
  readonly version: number;
  readonly occurrences: readonly {
    readonly number: number;
    readonly since: number;
    readonly arrivedAt: number;
  }[];
}

/**
 * One recipient's messages (hashed) and the occurrences they are copies of. An occurrence is named by its number and
 * its first arrival: numbers begin anew when a happening was forgotten, and this record can outlive that.
 */
interface CopiesRecord {
  readonly version: number;
  readonly messages: readonly (readonly [message: string, number: number, since: number])[];
}

/** What accepting needs from outside. */
export interface OutboxOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Milliseconds for which an occurrence is remembered. */
  readonly window: number;
  readonly maxPending: number;
  readonly newId: () => string;
}

/** What the store says about an order, and what to commit. */
type Step =
  | { readonly kind: "known" }
  | {
    readonly kind: "commit";
    /** Absent: only a copy is noted. */
    readonly record: OutboxRecord | undefined;
    readonly build: (change: Change) => Change;
  };

/** Takes orders into the store. */
export class Outbox {
  readonly #options: OutboxOptions;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /**
   * Commits event, occurrence and copy in one operation, or finds that the occurrence is known.
   *
   * @throws {StoreError} nothing was accepted
   */
  async accept(order: Order): Promise<Accepted> {
    const { store } = this.#options;
    for (;;) {
      if (!store.isThere) throw new StoreError("gone");
      const step = await this.#next(order);
      if (step.kind === "known") return { kind: "duplicate" };
      const { record, build } = step;
      let versionstamp: string | undefined;
      try {
        versionstamp = await store.commit(build);
      } catch (error) {
        // The commit may have worked all the same: what is in the store decides.
        versionstamp = record && await this.#versionOf(record.id);
        if (versionstamp === undefined) throw error;
      }
      // A failed check: another copy was faster. All is read again.
      if (versionstamp === undefined) continue;
      return record === undefined ? { kind: "duplicate" } : { kind: "queued", record, versionstamp };
    }
  }

  async #next({ key, copy: { recipient, messageId, arrivedAt }, eventFor }: Order): Promise<Step> {
    const { clock, maxPending, newId, store, window } = this.#options;
    const copy = { recipient: hashed(recipient), messageId: hashed(messageId), arrivedAt };
    const keys = { happening: KEYS.happening(key), copies: KEYS.copies(key, copy.recipient) };
    const [happeningEntry, copiesEntry, count] = await store.read((kv) =>
      kv.getMany<[Uint8Array, Uint8Array, Deno.KvU64]>([
        keys.happening,
        keys.copies,
        KEYS.pendingCount,
      ])
    );
    const happening = unpack<HappeningRecord>(happeningEntry.value);
    const copies = unpack<CopiesRecord>(copiesEntry.value);
    if ([happening, copies].some((record) => record !== null && record.version > RECORD_VERSION)) {
      throw new StoreError("newer");
    }
    const now = clock.now();
    const before = happeningOf(happening, copies, copy.recipient);
    const assigned = assign(before, copy, { now, window, isHeld: () => false });
    if (assigned.kind === "retry") return { kind: "known" };

    const record = assigned.kind === "copy"
      ? undefined
      : recordOf(newId(), eventFor({ messageId, arrivedAt }), now);
    if (record !== undefined && (count.value?.value ?? 0n) >= BigInt(maxPending)) {
      throw new StoreError("overfull");
    }
    const after = recordsOf(assigned.happening, copy.recipient);
    return {
      kind: "commit",
      record,
      build: (change) => {
        change.inPlace().check(happeningEntry, copiesEntry)
          .set(keys.happening, pack(after.happening), { expireIn: window })
          .set(keys.copies, pack(after.copies), { expireIn: window });
        return record === undefined ? change : added(change, record);
      },
    };
  }

  async #versionOf(id: string): Promise<string | undefined> {
    const { versionstamp } = await this.#options.store.read((kv) => kv.get(KEYS.event(id)));
    return versionstamp ?? undefined;
  }
}

/** Texts of the sender's choice, at a length that fits into keys (2 KiB) and values (64 KiB). */
function hashed(text: string): string {
  return hash("sha256", text, "base64url");
}

function recordOf(id: string, event: PlatformXEvent, now: number): OutboxRecord {
  return { version: RECORD_VERSION, id, event, since: now, due: now, attempts: 0, unknown: 0 };
}

/** The stored records as the core sees a happening: with the copies of one recipient, who alone decides. */
function happeningOf(
  happening: HappeningRecord | null,
  copies: CopiesRecord | null,
  recipient: string,
): Happening {
  return (happening?.occurrences ?? []).map((occurrence) => ({
    ...occurrence,
    copies: (copies?.messages ?? []).flatMap(([message, number, since]) =>
      number === occurrence.number && since === occurrence.since ? [recipient, message] : []
    ),
    settled: true,
  }));
}

function recordsOf(
  happening: Happening,
  recipient: string,
): { readonly happening: HappeningRecord; readonly copies: CopiesRecord } {
  const messages = happening.flatMap(({ number, since, copies }) =>
    copies.flatMap((text, i) =>
      i % 2 === 1 && copies[i - 1] === recipient ? [[text, number, since] as const] : []
    )
  );
  return {
    happening: {
      version: RECORD_VERSION,
      occurrences: happening.map(({ number, since, arrivedAt }) => ({ number, since, arrivedAt })),
    },
    copies: { version: RECORD_VERSION, messages },
  };
}
