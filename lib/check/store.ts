/** Whether the outbox can be opened, read and written, where it is. */
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { fileSystemFinding, type FileSystemSeen } from "./file_system.ts";
import type { Finding } from "./finding.ts";
import type { Config } from "../config/config.ts";
import type { OutboxLocation } from "../config/outbox_location.ts";
import type { Clock } from "../base/clock.ts";
import { Store } from "../outbox/store.ts";
import { StoreError } from "../outbox/store_error.ts";

/** What the check needs from outside. */
export interface StoreOptions {
  readonly clock: Clock;
  /** Opens, reads through, writes, closes. Throws `StoreError`. */
  readonly tryStore: (location: OutboxLocation, clock: Clock) => Promise<void>;
  readonly exists: (path: string) => boolean;
  /** Deletes what a trial left. Never throws. */
  readonly remove: (path: string) => void;
  readonly fileSystemOf: (folder: string) => FileSystemSeen;
}

/** The machine's own. */
export const machineStore: Omit<StoreOptions, "clock"> = {
  tryStore: async (location, clock) => (await Store.open(location, clock)).close(),
  exists: (path) => {
    try {
      Deno.statSync(path);
      return true;
    } catch {
      return false;
    }
  },
  remove: (path) => {
    try {
      Deno.removeSync(path);
    } catch {
      // It was not made.
    }
  },
  fileSystemOf: (folder) => ({ os: Deno.build.os, magic: magicOf(folder), device: deviceOf(folder) }),
};

/** Looks at the store of the configuration. */
export async function storeFindings(
  { delivery, outbox }: Pick<Config, "delivery" | "outbox">,
  options: StoreOptions,
): Promise<readonly Finding[]> {
  if (delivery.dryRun) return [{ name: "outbox", state: "skipped", detail: "a dry run opens none" }];
  if (outbox === undefined) {
    return [{ name: "outbox", state: "skipped", detail: "none: events are delivered directly" }];
  }
  const { location } = outbox;
  const opened = await openFinding(location, options);
  if (location.kind !== "sqlite") return [opened];
  return [opened, fileSystemFinding(options.fileSystemOf(dirname(location.path)))];
}

async function openFinding(outbox: OutboxLocation, options: StoreOptions): Promise<Finding> {
  const { clock, exists, remove, tryStore } = options;
  const name = "outbox";
  // A file made here would belong to who runs the check, and the service's own user could not open it.
  const isTrial = outbox.kind === "sqlite" && !exists(outbox.path);
  const location = isTrial ? { ...outbox, path: `${outbox.path}.check-${crypto.randomUUID()}` } : outbox;
  try {
    await tryStore(location, clock);
    const detail = isTrial
      ? "not there yet; one can be made, written and read"
      : "opens, is read and written";
    return { name, state: "ok", detail };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { name, state: "failed", ...whatFailed(error) };
  } finally {
    if (isTrial && location.kind === "sqlite") {
      for (const ending of ["", "-wal", "-shm"]) remove(location.path + ending);
    }
  }
}

/** The error's text is what it is, a colon, and what to do. */
function whatFailed({ message }: StoreError): Pick<Finding, "detail" | "todo"> {
  const [detail = "", ...todo] = message.split(": ");
  const text = todo.join(": ");
  return text === "" ? { detail } : { detail, todo: text.charAt(0).toUpperCase() + text.slice(1) };
}

/** Only with the permission for it: the executable's need not have it, and the device number tells most of it. */
function magicOf(folder: string): number | undefined {
  if (Deno.permissions.querySync({ name: "sys", kind: "statfs" }).state !== "granted") return undefined;
  try {
    return statfsSync(folder).type;
  } catch {
    return undefined;
  }
}

function deviceOf(folder: string): number | undefined {
  try {
    return Deno.statSync(folder).dev;
  } catch {
    return undefined;
  }
}
