import { type OutboxStore, StoreError } from "./outbox_store.ts";

/** Opens the store of the configuration; `access`: `look` and `change` make no file, and `look` changes nothing. */
export function openStore(..._: unknown[]): Promise<OutboxStore> {
  return Promise.reject(new StoreError("it is not part of this draft: wait for the stores"));
}
