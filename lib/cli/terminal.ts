import type { Clock } from "../base/clock.ts";
import { LineWriter } from "../base/line_writer.ts";
import { escapeControls } from "../base/redact.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** Where a command's results and problems go: whatever they hold, nothing but lines and spaces moves the cursor. */
export interface Terminal {
  /** Results, to standard output. */
  out(text: string): void;
  /** Problems, to standard error. */
  err(text: string): void;
  /** Whether a person reads standard output. */
  readonly isTerminal: boolean;
  /**
   * Resolves when all was written, or cannot be: who reads a listing page by page is waited for. False: results are
   * lost, and not because nobody wanted to read on.
   */
  flush(): Promise<boolean>;
}

/** The process's own. A reader that has seen enough ends no command (`outbox list | head`). */
export function terminalOf({ stdout, stderr }: Pick<Runtime, "stdout" | "stderr">, clock: Clock): Terminal {
  let isLost = false;
  const results = {
    write: (bytes: Uint8Array) =>
      stdout.write(bytes).catch((error) => {
        isLost ||= !isBrokenPipe(error);
        throw error;
      }),
  };
  const out = new LineWriter(results, { clock });
  const err = new LineWriter(stderr, { clock });
  return {
    out: (text) => out.write(printable(text)),
    err: (text) => err.write(printable(text)),
    isTerminal: stdout.isTerminal,
    flush: async () => {
      await Promise.all([out.flush(), err.flush()]);
      return !isLost;
    },
  };
}

/** By Deno's name for it, or by Node.js's. */
function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error &&
    (error.name === "BrokenPipe" || ("code" in error && error.code === "EPIPE"));
}

/** JSON has none of what is escaped here: `printableJson` writes it by JSON's own rules. */
function printable(text: string): string {
  return text.split("\n").map(escapeControls).join("\n");
}
