import { plain, type Redacted } from "../base/redact.ts";
import type { Log } from "../base/log.ts";
import type { StoreError, StoreFault } from "./store_fault.ts";

/** Says when the store stops to work, once for each kind of fault, and when it works again. */
export class StoreWatch {
  readonly #log: Log;
  /** Kinds of fault since the last operation that worked. */
  readonly #faults = new Map<StoreFault, Redacted>();
  /** Those for which a webhook was refused. */
  readonly #refused = new Set<StoreFault>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** The last fault, with words for the operator; undefined: the last operation worked. */
  get failing(): { readonly fault: StoreFault; readonly text: Redacted } | undefined {
    const [fault, text] = [...this.#faults].at(-1) ?? [];
    return fault === undefined || text === undefined ? undefined : { fault, text };
  }

  /** An operation failed. */
  failed({ fault, words }: StoreError): void {
    if (fault === "closed") return; // the service ends
    const isNew = !this.#faults.has(fault);
    this.#faults.delete(fault);
    this.#faults.set(fault, words);
    if (!isNew) return;
    const until = "Until then webhooks are answered 503 and Coder sends them again";
    this.#log.write("ERROR", "outbox_unusable", plain`OUTBOX: ${words}. ${until}`, { fault });
  }

  /** A webhook was refused for it: Coder sends it again, and so shows soon whether it lasts. */
  refused(error: StoreError): void {
    this.failed(error);
    this.#refused.add(error.fault);
  }

  /** An event was accepted. */
  accepted(): void {
    this.#worked([...this.#faults.keys()]);
  }

  /**
   * How sending ended was written: into a file that is gone, too, and without room for one more event. PostgreSQL needs
   * none to delete what was delivered.
   */
  settled(): void {
    const lasts = (fault: StoreFault) =>
      OF_THE_FILE.has(fault) || isNoRoom(fault) || (fault === "full" && this.#refused.has(fault));
    this.#worked([...this.#faults.keys()].filter((fault) => !lasts(fault)));
  }

  /** It was looked after: it is there again and answers. That says nothing of what only a write meets. */
  tidied(): void {
    this.#worked([...this.#faults.keys()].filter((fault) => SEEN_BY_LOOKING.has(fault)));
  }

  #worked(mended: readonly StoreFault[]): void {
    if (mended.length === 0) return;
    for (const fault of mended) {
      this.#faults.delete(fault);
      this.#refused.delete(fault);
    }
    if (this.#faults.size > 0) return;
    this.#log.write("INFO", "outbox_usable", "OUTBOX: the store can be written again");
  }
}

/** Of the file's place or content: SQLite goes on with the one that it has open. */
const OF_THE_FILE: ReadonlySet<StoreFault> = new Set(["gone", "wal_gone", "broken"]);

/** What every look at the store meets as long as it lasts. */
const SEEN_BY_LOOKING: ReadonlySet<StoreFault> = new Set([
  ...["gone", "wal_gone", "tables_gone", "missing", "busy", "slow"] as const,
  ...["unreachable", "refused", "no_login", "no_database"] as const,
  ...["no_tls", "tls_failed", "not_trusted"] as const,
]);

/** Whether a fault is only that there is no room for another event. */
export function isNoRoom(fault: StoreFault): boolean {
  return fault === "overfull" || fault === "keys_overfull";
}
