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
  /** Resolves when all was written, or cannot be: who reads a listing page by page is waited for. */
  flush(): Promise<void>;
}

/** The process's own. A reader that has seen enough ends no command (`outbox list | head`). */
export function terminalOf({ stdout, stderr }: Pick<Runtime, "stdout" | "stderr">, clock: Clock): Terminal {
  const out = new LineWriter(stdout, { clock, gather: 0 });
  const err = new LineWriter(stderr, { clock, gather: 0 });
  return {
    out: (text) => out.write(printable(text)),
    err: (text) => err.write(printable(text)),
    isTerminal: stdout.isTerminal,
    flush: async () => void await Promise.all([out.flush(), err.flush()]),
  };
}

/** JSON has none of what is escaped here: `printableJson` writes it by JSON's own rules. */
function printable(text: string): string {
  return text.split("\n").map(escapeControls).join("\n");
}
