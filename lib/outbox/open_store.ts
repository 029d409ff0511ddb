import type { OutboxStore } from "./outbox_store.ts";
export function openStore(..._: unknown[]): Promise<OutboxStore> {
  throw new Error("not yet");
}
