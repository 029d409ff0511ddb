/**
 * Values as the store holds them: JSON in bytes.
 *
 * Deno's own encoding of values is V8's, whose version rises: what Deno 2.9 writes, Deno 2.4 cannot read (tried). An
 * older executable, or Deno Deploy beside an operator's newer laptop, would take the store for damaged.
 */
import { StoreError } from "./store_error.ts";

/** The value of an index entry, whose key says all. */
export const NOTHING = new Uint8Array();

/** Encodes a record. */
export function pack(record: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(record));
}

/**
 * Decodes a record; null, as the store gives it for a missing entry, stays null.
 *
 * @throws {StoreError} it is no record
 */
export function unpack<T>(stored: unknown): T | null {
  if (stored === null) return null;
  try {
    if (stored instanceof Uint8Array) {
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(stored));
    }
  } catch {
    // Told below: the runtime's text would quote the entry.
  }
  throw new StoreError("broken");
}
