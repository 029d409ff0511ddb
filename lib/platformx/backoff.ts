/** Attempts → delay. Pure: the loop and the sleep live elsewhere. */

/** Exponential growth of delays. */
export interface Backoff {
  /** Milliseconds: the bound of the first delay. */
  readonly first: number;
  /** Milliseconds: the bound that is never exceeded. */
  readonly longest: number;
}

/** Direct delivery: Coder waits for the answer. */
export const DIRECT_BACKOFF: Backoff = { first: 500, longest: 5_000 };

/** Milliseconds that a `Retry-After` is believed at most. */
export const LONGEST_RETRY_AFTER = 3_600_000;

/**
 * Milliseconds to wait after the n-th failed attempt (n from 1): full jitter, so that senders that failed together
 * do not come back together; never sooner than PlatformX asked for.
 *
 * @param random from 0 to below 1
 */
export function delayAfter(
  attempts: number,
  backoff: Backoff,
  options: { readonly random: number; readonly retryAfterMs?: number | undefined },
): number {
  return Math.max(Math.floor(options.random * bound(attempts, backoff)), options.retryAfterMs ?? 0);
}

/** Milliseconds: `first`, doubled for each attempt after the first, up to `longest`. */
export function bound(attempts: number, { first, longest }: Backoff): number {
  // 2 ** 40 is past every bound and still an exact number.
  return Math.min(longest, first * 2 ** Math.min(Math.max(attempts, 1) - 1, 40));
}

/**
 * Milliseconds that a `Retry-After` header asks for (RFC 9110, section 10.2.3: seconds or a date), at most an
 * hour; undefined when it is missing or makes no sense.
 */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+(?:\.\d+)?$/.test(text)) return Math.min(Number(text) * 1000, LONGEST_RETRY_AFTER);
  // Only texts with a day and a time: Date.parse also takes bare numbers and words for years.
  if (!/^[a-z]{3,9},? .*\d\d:\d\d:\d\d/i.test(text)) return undefined;
  // The form of asctime names no zone, and means GMT.
  const at = Date.parse(/ GMT$/i.test(text) ? text : `${text} GMT`);
  return Number.isNaN(at) ? undefined : Math.min(Math.max(at - now, 0), LONGEST_RETRY_AFTER);
}
