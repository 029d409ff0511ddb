import { readAtMost } from "./read_at_most.ts";
import { readPipe } from "./read_pipe.ts";
import type { FileFault, Files } from "./runtime.ts";

/** Milliseconds that reading may take: a pipe may have no writer, a disk may stall. */
const READ_TIMEOUT = 5_000;

/** Files, as Deno brings them. */
export function denoFiles(): Files {
  /** Files whose reading was given up and has not ended: a thread of the runtime's is with each, and one must do. */
  const stalled = new Set<string>();
  return {
    async read(path, limit) {
      if (stalled.has(path)) return "stalled";
      const { promise: late, resolve } = Promise.withResolvers<"stalled">();
      const timer = setTimeout(() => {
        stalled.add(path);
        resolve("stalled");
      }, READ_TIMEOUT);
      const read = readOnce(path, limit).finally(() => stalled.delete(path));
      try {
        return await Promise.race([read, late]);
      } catch (error) {
        return faultOf(error);
      } finally {
        clearTimeout(timer);
      }
    },
    stat(path) {
      try {
        const { dev, ino, isDirectory, isFile, size } = Deno.statSync(path);
        const kind = isFile ? "file" : isDirectory ? "folder" : "other";
        return { kind, size, device: dev, id: ino === null ? undefined : `${dev}/${ino}` };
      } catch {
        return undefined;
      }
    },
  };
}

/** Once: a process substitution can be read a single time. */
async function readOnce(path: string, limit: number): Promise<Uint8Array | FileFault> {
  const { isDirectory, isFile } = await Deno.stat(path);
  if (isDirectory) return "folder";
  if (!isFile) return await readPipe(path, limit, READ_TIMEOUT);
  const file = await Deno.open(path);
  return await readAtMost(file.readable, limit) ?? "too_large";
}

function faultOf(error: unknown): FileFault {
  const { NotCapable, NotFound, PermissionDenied } = Deno.errors;
  if (error instanceof NotFound) return "missing";
  return error instanceof PermissionDenied || error instanceof NotCapable ? "forbidden" : "unreadable";
}
