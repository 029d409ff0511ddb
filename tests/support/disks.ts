/** Disks for tests: mounted in memory, and gone at the end. Needs Linux and the right to mount. */
import { succeed } from "../../support/process.ts";

/** A file system of its own. */
export interface Disk extends AsyncDisposable {
  readonly folder: string;
  remount(options: "ro" | "rw"): Promise<void>;
}

/** @throws {Error} when nothing can be mounted; the message says what to do */
export async function mountDisk(megabytes: number): Promise<Disk> {
  const folder = await Deno.makeTempDir();
  const dispose = async () => {
    await succeed(["umount", folder]).catch(() => {});
    await Deno.remove(folder);
  };
  try {
    await succeed(["mount", "-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder]);
  } catch (cause) {
    await dispose();
    throw new Error(`${CANNOT_MOUNT}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  return {
    folder,
    remount: async (options) => void await succeed(["mount", "-o", `remount,${options}`, folder]),
    [Symbol.asyncDispose]: dispose,
  };
}

/** Forbids or allows all writing to a file, for root and for files that are open too. Needs root. */
export async function setImmutable(path: string, isImmutable: boolean): Promise<void> {
  await succeed(["chattr", isImmutable ? "+i" : "-i", path]);
}

const CANNOT_MOUNT =
  "these tests mount small disks: run 'deno task suite faults' on Linux as root, or in a container with CAP_SYS_ADMIN";
