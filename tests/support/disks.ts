/** Disks for tests: mounted in memory, and gone at the end. Needs Linux and the right to mount. */
import { succeed } from "./process.ts";

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

/** Takes the room that is left; removing the file gives it back. */
export function fillUp(path: string): void {
  using file = Deno.openSync(path, { write: true, create: true });
  for (const size of [65_536, 4_096, 1]) {
    const bytes = new Uint8Array(size);
    try {
      for (;;) file.writeSync(bytes);
    } catch (error) {
      if (!(error instanceof Error && /os error 28/.test(error.message))) throw error;
    }
  }
}

/** Forbids or allows all writing to a file, for root and for files that are open too. Needs root. */
export async function setImmutable(path: string, isImmutable: boolean): Promise<void> {
  await succeed(["chattr", isImmutable ? "+i" : "-i", path]);
}

const CANNOT_MOUNT =
  "this test mounts a small disk: run it on Linux as root, or in a container with CAP_SYS_ADMIN";
