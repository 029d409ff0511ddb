/** Reads what is no regular file: a pipe (FIFO, process substitution) or a device. */
import type { FileFault } from "./runtime.ts";

/** Milliseconds that a pipe may take until its last byte. */
const TIMEOUT = 5_000;

/** Milliseconds between two looks at a pipe that has nothing yet. */
const PAUSE = 20;

/**
 * All of a pipe, once. Opened without waiting for a writer: Deno's own `open` waits, and up to 2.6 nothing else in the
 * process runs meanwhile, no timer and no signal.
 *
 * @throws {Error} the system's, with `code`
 */
export async function readPipe(path: string, limit: number): Promise<Uint8Array | FileFault> {
  const { closeSync, constants, openSync, readSync } = await import("node:fs");
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const bytes = new Uint8Array(limit + 1);
    let length = 0;
    for (let waited = 0; waited < TIMEOUT; waited += PAUSE) {
      try {
        for (;;) {
          const count = readSync(file, bytes, length, bytes.length - length, null);
          // Without a writer yet, a pipe is at its end as well.
          if (count === 0 && length === 0) break;
          if (count === 0) return bytes.slice(0, length);
          length += count;
          if (length > limit) return "too_large";
        }
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    return "stalled";
  } finally {
    closeSync(file);
  }
}
