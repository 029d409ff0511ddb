import type { Clock } from "../base/clock.ts";

/**
 * Resolves after so many milliseconds; keeps no process alive, and cannot be cut short. For the moments after the start:
 * with the first timer of the usual kind Deno 2.9 loads `node:timers`, which takes 6 ms and more.
 */
export function afterStart(ms: number): Promise<void> {
  return new Promise((resolve) => AbortSignal.timeout(ms).addEventListener("abort", () => resolve()));
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => Math.round(performance.now()),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal.addEventListener("abort", wake);
    }),
};
