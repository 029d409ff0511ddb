/** Milliseconds between two looks at a pipe that has nothing. */
const LOOK_EVERY = 20;

/**
 * Reads a named pipe, a process substitution or a device, for at most so many milliseconds. It is opened without
 * waiting for somebody who writes: that would keep a thread for ever, and up to Deno 2.7 the whole process.
 *
 * @throws as `node:fs` does
 */
export async function readPipe(
  path: string,
  limit: number,
  timeout: number,
): Promise<Uint8Array | "too_large" | "stalled"> {
  const { constants, open } = await import("node:fs/promises");
  const until = performance.now() + timeout;
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const bytes = new Uint8Array(limit + 1);
    let length = 0;
    while (performance.now() < until) {
      const read = await file.read(bytes, length, bytes.length - length).then(
        (seen) => seen.bytesRead,
        waiting,
      );
      length += read ?? 0;
      if (length > limit) return "too_large";
      // Before the first byte an end means that nobody has begun to write.
      if (read === 0 && length > 0) return bytes.slice(0, length);
      if (!read) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
    }
    return "stalled";
  } finally {
    await file.close();
  }
}

/** Somebody has the pipe open, and has written nothing more so far. */
function waiting(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "EAGAIN") return undefined;
  throw error;
}
