import type { Log } from "../base/log.ts";
import type { StoreError } from "./outbox_store.ts";

/** Says when the store stops to work, once for each kind of fault, and when it works again. */
export class StoreWatch {
  readonly #log: Log;
  /** Kinds of fault since the last operation that worked. */
  readonly #faults = new Map<string, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** What is wrong, in words for the operator; undefined: the last operation worked. */
  get failing(): string | undefined {
    return [...this.#faults.values()].at(-1);
  }

  /** Its kind. */
  get fault(): string | undefined {
    return [...this.#faults.keys()].at(-1);
  }

  /** An operation failed. */
  failed({ fault, message }: StoreError): void {
    const isNew = !this.#faults.has(fault);
    this.#faults.delete(fault);
    this.#faults.set(fault, message);
    if (!isNew) return;
    const text = `OUTBOX: ${message}. Until then webhooks are answered 503 and Coder sends them again`;
    this.#log.write("ERROR", "outbox_unusable", text, { fault });
  }

  /** An operation that writes worked. */
  worked(): void {
    if (this.#faults.size === 0) return;
    this.#faults.clear();
    this.#log.write("INFO", "outbox_usable", "OUTBOX: the store can be written again");
  }
}
