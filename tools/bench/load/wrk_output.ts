/** What `requests.lua` writes at the end of wrk's report. */
import * as z from "zod";

/** One run of wrk. Times in milliseconds. */
export interface WrkResult {
  /** Answers below 400: this service and its stand-ins answer no 1xx and 3xx, so these are the 2xx. */
  readonly accepted: number;
  readonly rejected: number;
  /** Connections that failed and requests that had no answer in time. */
  readonly broken: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

const count = z.int().min(0);
const schema = z.strictObject({
  requests: count,
  microseconds: count,
  bad_status: count,
  broken: count,
  timeouts: count,
  p50: count,
  p99: count,
  most: count,
});

/**
 * Finds the line of JSON in the report.
 *
 * @throws {Error} when there is none: wrk's script failed, or another wrk was used
 */
export function parseWrk(report: string): WrkResult {
  const line = report.split("\n").findLast((text) => text.startsWith("{"));
  if (line === undefined) throw new Error(`wrk reported no result:\n${report.trim()}`);
  const { requests, microseconds, bad_status, broken, timeouts, p50, p99, most } = schema.parse(
    JSON.parse(line),
  );
  return {
    accepted: requests - bad_status,
    rejected: bad_status,
    broken: broken + timeouts,
    seconds: microseconds / 1e6,
    p50: p50 / 1000,
    p99: p99 / 1000,
    most: most / 1000,
  };
}
