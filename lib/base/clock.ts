/** Time, as the shell uses it; tests bring their own. */
export interface Clock {
  /** Unix milliseconds: for what is told to others. Jumps when the machine's clock is set. */
  now(): number;
  /** Whole milliseconds since the process started: for everything that is measured or waited for. Never jumps. */
  monotonic(): number;
  /** Resolves after `ms`, or as soon as the signal is aborted. Never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}
