/** Whether the outbox can be opened, read and written, where it is. */
import type { Config } from "../config/config.ts";
import type { OutboxLocation } from "../config/outbox_location.ts";
import { OPEN_TO_ALL, openStore } from "../outbox/open_store.ts";
import type { Access } from "../outbox/store.ts";
import { StoreError } from "../outbox/store_fault.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { systemClock } from "../runtime/system_clock.ts";
import { fileSystemFinding, type FileSystemSeen } from "./file_system.ts";
import type { Finding } from "./finding.ts";

/** What the check needs from outside. */
export interface StoreOptions {
  /** Opens, reads, writes, closes; makes it if it is to `serve`. Throws `StoreError`. */
  readonly tryStore: (location: OutboxLocation, config: Config, access: Access) => Promise<void>;
  /** Whether there is anything at a path, be it a link that leads nowhere. */
  readonly exists: (path: string) => boolean | Promise<boolean>;
  /** Whether every user of the machine may read a file. */
  readonly isForAll: (path: string) => boolean;
  /** Deletes what a trial left, if it did. Never rejects. */
  readonly remove: (path: string) => Promise<void>;
  readonly fileSystemOf: (folder: string) => Promise<FileSystemSeen>;
}

/** The machine's own. */
export function machineStore(
  { files, os, startThread }: Pick<Runtime, "files" | "os" | "startThread">,
): StoreOptions {
  return {
    tryStore: async (location, { delivery: { dedupWindow: window }, outbox }, access) => {
      const { maxAge, maxPending } = outbox!;
      const options = { window, maxAge, maxPending, access, startThread, clock: systemClock, log: undefined };
      await (await openStore(location, options)).close();
    },
    exists: async (path) => {
      const { lstat } = await import("node:fs/promises");
      return await lstat(path).then(() => true, () => false);
    },
    isForAll: (path) => files.stat(path)?.isForAll ?? false,
    remove: async (path) => await (await import("node:fs/promises")).rm(path).catch(() => {}),
    fileSystemOf: async (folder) => ({
      os,
      magic: await magicOf(folder),
      device: files.stat(folder)?.device,
    }),
  };
}

/** The system's number for a kind of file system; undefined where it may not be asked for. */
async function magicOf(folder: string): Promise<number | undefined> {
  try {
    return (await import("node:fs")).statfsSync(folder).type;
  } catch {
    return undefined;
  }
}

/** Looks at the store of the configuration. */
export async function storeFindings(
  config: Config,
  options: StoreOptions,
): Promise<readonly Finding[]> {
  const { delivery, outbox } = config;
  if (delivery.dryRun) return [{ name: "outbox", state: "skipped", detail: "a dry run opens none" }];
  if (outbox === undefined) {
    return [{ name: "outbox", state: "skipped", detail: "none: events are delivered directly" }];
  }
  const { location } = outbox;
  const opened = await openFinding(location, config, options);
  if (location.kind !== "sqlite") return [opened];
  const folder = /^(.*[\/])[^\/]*$/.exec(location.path)?.[1] ?? ".";
  return [opened, fileSystemFinding(await options.fileSystemOf(folder))];
}

async function openFinding(
  outbox: OutboxLocation,
  config: Config,
  { exists, isForAll, remove, tryStore }: StoreOptions,
): Promise<Finding> {
  const name = "outbox";
  // A file made here would belong to who runs the check, and the service's own user could not open it.
  const isTrial = outbox.kind === "sqlite" && !await exists(outbox.path);
  const works = (detail: string): Finding => {
    if (isTrial || outbox.kind !== "sqlite" || !isForAll(outbox.path)) return { name, state: "ok", detail };
    const found = parted(OPEN_TO_ALL);
    return { name, state: "warning", ...found, detail: `${detail}; ${found.detail}` };
  };
  const location = isTrial ? { ...outbox, path: `${outbox.path}.check-${crypto.randomUUID()}` } : outbox;
  try {
    await tryStore(location, config, isTrial ? "serve" : "change");
    return works(isTrial ? "not there yet; one can be made, written and read" : "opens, is read and written");
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    // Whoever runs the check is not to own the tables.
    if (outbox.kind === "postgres" && error.fault === "missing") {
      return { name, state: "ok", detail: TO_COME };
    }
    if (error.fault === "blank") return works("an empty file, in which its owner's service makes its tables");
    return { name, state: "failed", ...parted(error.message) };
  } finally {
    if (isTrial && location.kind === "sqlite") {
      for (const ending of ["", "-wal", "-shm"]) await remove(location.path + ending);
    }
  }
}

const TO_COME = "the database answers; the service makes its tables when it starts";

/** The text is what it is, a colon, and what to do. */
function parted(words: string): Pick<Finding, "detail" | "todo"> {
  const [detail = "", ...todo] = words.split(": ");
  const text = todo.join(": ");
  return text === "" ? { detail } : { detail, todo: text.charAt(0).toUpperCase() + text.slice(1) };
}
