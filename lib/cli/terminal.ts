/** Where a command's results and problems go. */
export interface Terminal {
  /** Results, to standard output. */
  readonly out: (text: string) => void;
  /** Problems, to standard error. */
  readonly err: (text: string) => void;
  /** Whether a person reads standard output. */
  readonly isTerminal: boolean;
}

/** The process's own. */
export const processTerminal: Terminal = {
  out: (text) => console.log(text),
  err: (text) => console.error(text),
  isTerminal: Deno.stdout.isTerminal(),
};
