import { type OutboxStore, StoreError } from "./outbox_store.ts";

/** Opens the store of the configuration; `mustExist`: for a command that looks, and makes nothing. */
export function openStore(..._: unknown[]): Promise<OutboxStore> {
  return Promise.reject(new StoreError("it is not part of this draft: wait for the stores"));
}
