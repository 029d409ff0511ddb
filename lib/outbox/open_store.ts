/** Opens the store that the configuration names. */
import type { StartThread } from "../runtime/thread.ts";
import type { Log } from "../base/log.ts";
import { constant, scrub } from "../base/redact.ts";
import type { OutboxLocation } from "../config/outbox_location.ts";
import type { LeftAlone } from "./record.ts";
import type { Access, OutboxStore } from "./store.ts";
import type { StoreOptions } from "./store_options.ts";

/** With what a store is opened. */
export interface OpenStoreOptions extends Omit<StoreOptions, "onLeftAlone"> {
  readonly access: Access;
  /** Starts threads of a module that exports `serveSqlite`. */
  readonly startThread: StartThread;
  /** Told of records that are left alone; undefined: nobody is. */
  readonly log: Log | undefined;
}

/**
 * Opens it. What only one of the engines needs is loaded with it.
 *
 * @throws {StoreError}
 */
export async function openStore(
  location: OutboxLocation,
  { access, log, startThread, ...options }: OpenStoreOptions,
): Promise<OutboxStore> {
  const onLeftAlone = ({ id, leftAlone }: LeftAlone) =>
    log?.write("WARNING", "record_unusable", LEFT_ALONE[leftAlone], { id: scrub(id, [], 64) });
  if (location.kind === "postgres") {
    const { PostgresStore } = await import("./postgres/store.ts");
    return await PostgresStore.open({ ...options, access, onLeftAlone, target: location });
  }
  const { SqliteStore } = await import("./sqlite/store.ts");
  const { path } = location;
  return await SqliteStore.open({ ...options, access, onLeftAlone, path, startThread });
}

/** Said of a file that {@link FileSeen.isForAll}; a file that the service makes is for its user only. */
export const OPEN_TO_ALL = constant(
  "every user of this machine may read its file, which holds addresses of people: take that right away, as with ",
  "chmod o=",
);

const LEFT_ALONE = {
  newer: "OUTBOX: an event was stored by a newer version and is left alone: run that version again",
  unreadable:
    "OUTBOX: an event cannot be read, as if a hand had changed it, and is left alone: mend its row, or delete it",
} as const;
