/** A terminal that keeps what it is told. */
import type { Terminal } from "../../lib/cli/terminal.ts";

/** The terminal, and what was written to either stream so far. */
export function fakeTerminal() {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal: Terminal = {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    isTerminal: true,
    flush: () => Promise.resolve(true),
  };
  return { terminal, out, err };
}
