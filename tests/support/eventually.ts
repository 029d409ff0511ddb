/** The one wait of tests, proofs, benches and the demo: for a condition or a promise, and never for ever. */

/** Milliseconds after which a wait fails: far above what anything here takes, even on a busy machine. */
export const PATIENCE = 120_000;

const BETWEEN_LOOKS = 5;

// Kept from the beginning: some tests put timers of their own in the place of the global ones.
const { setTimeout, clearTimeout } = globalThis;

/** How a wait differs from the usual one. */
export interface Waiting {
  /** What else to tell when it fails, as it is then: a log, for instance. */
  readonly seen?: (() => unknown) | undefined;
  /** Milliseconds. Default: {@link PATIENCE}. */
  readonly patience?: number | undefined;
}

/** How a wait for a condition differs from the usual one. */
export interface Asking<T> extends Waiting {
  /** Which answer is the awaited one. Default: any but `false`, `undefined` and the like. */
  readonly until?: (answer: T) => boolean;
  /** Milliseconds between two looks. Default: few. */
  readonly every?: number;
}

/**
 * Asks until the answer is the awaited one, and returns it.
 *
 * @throws {Error} after the patience, with what was waited for and the last answer; and what asking throws
 */
export async function eventually<T>(
  ask: () => T | Promise<T>,
  what: string,
  { until = Boolean, every = BETWEEN_LOOKS, ...waiting }: Asking<T> = {},
): Promise<T> {
  const { patience = PATIENCE } = waiting;
  const end = performance.now() + patience;
  for (;;) {
    const asked = ask();
    const answer = asked instanceof Promise ? await within(asked, `an answer about ${what}`, waiting) : asked;
    if (until(answer)) return answer;
    if (performance.now() > end) throw late(`${what}: last seen ${Deno.inspect(answer)}`, waiting);
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}

/**
 * Waits for a promise.
 *
 * @throws {Error} after the patience, with what was waited for; and what the promise is rejected with
 */
export async function within<T>(promise: Promise<T>, what: string, waiting: Waiting = {}): Promise<T> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(late(what, waiting)), waiting.patience ?? PATIENCE);
  try {
    return await Promise.race([promise, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function late(what: string, { seen, patience = PATIENCE }: Waiting): Error {
  const more = seen === undefined ? "" : `\n${seen()}`;
  return new Error(`waited ${patience / 1_000} s for ${what}${more}`);
}
