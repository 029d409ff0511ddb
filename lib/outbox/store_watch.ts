import type { Log } from "../base/log.ts";
import type { StoreError, StoreFault } from "./store_error.ts";

/** Says when the store stops to work, once for each kind of fault, and when it works again. */
export class StoreWatch {
  readonly #log: Log;
  readonly #said = new Set<StoreFault>();
  #last: StoreError | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** What is wrong, in words for the operator; undefined: nothing. */
  get failing(): string | undefined {
    return this.#said.size > 0 ? this.#last?.message : undefined;
  }

  /** The store failed. */
  failed(error: StoreError): void {
    const { fault, message } = error;
    this.#last = error;
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
    if (failed) this.#tellUsable();
  }

  /** The store was read: a service that was away is back. Of a file that says little. */
  wasRead(): void {
    if (this.#said.delete("unreachable") && this.#said.size === 0) this.#tellUsable();
  }

  #tellUsable(): void {
    this.#log.write("INFO", "outbox_usable", "OUTBOX: the store can be written again");
  }
}
