import type { Log } from "./log.ts";
import type { StoreError, StoreFault } from "./store_error.ts";

/** Says when the store stops to work, once for each kind of fault, and when it works again. */
export class StoreWatch {
  readonly #log: Log;
  readonly #said = new Set<StoreFault>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** The store failed. */
  failed({ fault, message }: StoreError): void {
    if (this.#said.has(fault)) return;
    this.#said.add(fault);
    const text = `OUTBOX: ${message}. Until then webhooks are answered 503 and Coder sends them again`;
    this.#log.write("ERROR", "outbox_unusable", text, { fault });
  }

  /** The store took a commit. `accepted`: of a new event, so that it is not overfull either. */
  worked({ accepted = false } = {}): void {
    const isOverfull = !accepted && this.#said.delete("overfull");
    const failed = this.#said.size > 0;
    this.#said.clear();
    if (isOverfull) this.#said.add("overfull");
    if (!failed) return;
    this.#log.write("INFO", "outbox_usable", "OUTBOX: the store can be written again");
  }
}
