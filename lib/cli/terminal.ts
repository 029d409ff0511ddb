import type { Clock } from "../base/clock.ts";
import { LineWriter } from "../base/line_writer.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** Where a command's results and problems go. */
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
  const out = new LineWriter(stdout, { clock });
  const err = new LineWriter(stderr, { clock });
  return {
    out: (text) => out.write(text),
    err: (text) => err.write(text),
    isTerminal: stdout.isTerminal,
    flush: async () => void await Promise.all([out.flush(), err.flush()]),
  };
}
