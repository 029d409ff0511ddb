const WINDOW_MS = 60_000;

/** Says for a call at `now` (ms, never going back) how many seconds to wait: 0 when it is admitted, else at least 1. */
export type RateWindow = (now: number) => number;

/**
 * A sliding window of one minute, as DX documents its limit (1000 requests per minute and account). A call
 * that is turned away does not count, so one that waits as long as it was told gets through.
 */
export function rateWindow(requestsPerMinute: number): RateWindow {
  const admitted: number[] = []; // times of the calls of the last minute, oldest first
  return (now) => {
    if (requestsPerMinute === Infinity) return 0; // a bench must not pay for the list
    for (let first = admitted[0]; first !== undefined && first + WINDOW_MS <= now; first = admitted[0]) {
      admitted.shift();
    }
    if (admitted.length < requestsPerMinute) {
      admitted.push(now);
      return 0;
    }
    const free = (admitted[0] ?? now) + WINDOW_MS; // no first one: the limit is 0
    return Math.ceil((free - now) / 1000);
  };
}
