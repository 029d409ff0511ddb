/** Files and variables, as Deno has them. */
import { readPipe } from "./read_pipe.ts";
import { type FileFault, type Files, FOR_ALL } from "./runtime.ts";

/** A variable of the environment; undefined when it is not set, or is not among those that may be read. */
export function denoEnv(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/** Files that settings name. */
export const denoFiles: Files = {
  async read(path, limit) {
    try {
      const { isDirectory, isFile } = await Deno.stat(path);
      if (isDirectory) return "folder";
      if (!isFile) return await readPipe(path, limit);
      // Closed by hand: Node.js before 24 could not read `using`, nor then say that it is too old (tools/bundle.ts).
      const file = await Deno.open(path);
      try {
        const bytes = new Uint8Array(limit + 1);
        for (let length = 0;;) {
          const count = await file.read(bytes.subarray(length));
          if (count === null) return bytes.slice(0, length);
          length += count;
          if (length > limit) return "too_large";
        }
      } finally {
        file.close();
      }
    } catch (error) {
      return faultOf(error);
    }
  },
  stat(path) {
    try {
      const { dev, ino, isDirectory, isFile, mode, size } = Deno.statSync(path);
      const kind = isFile ? "file" : isDirectory ? "folder" : "other";
      const isForAll = Deno.build.os !== "windows" && ((mode ?? 0) & FOR_ALL) !== 0;
      return { kind, size, device: dev, id: ino === null ? undefined : `${dev}/${ino}`, isForAll };
    } catch {
      return undefined;
    }
  },
  absolute: (path) => /^(?:[\\/]|[a-z]:)/i.test(path) ? path : `${Deno.cwd()}/${path}`,
};

function faultOf(error: unknown): FileFault {
  if (error instanceof Deno.errors.NotFound) return "missing";
  const { NotCapable, PermissionDenied } = Deno.errors;
  return error instanceof PermissionDenied || error instanceof NotCapable ? "forbidden" : "unreadable";
}
