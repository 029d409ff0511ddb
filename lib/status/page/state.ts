/** What the page is made of. */
import type { HealthState } from "../health.ts";
import type { Status } from "../../delivery/outcome.ts";

/** One of the last webhooks, without anything personal. */
export interface RecentWebhook {
  /** Unix milliseconds. */
  readonly at: number;
  readonly notification: string | undefined;
  readonly status: Status;
  readonly reason: string | undefined;
  readonly ms: number;
}

/** Counts of webhooks in spans of equal length, the oldest first; in each, per status in the order of `STATUSES`. */
export type Spans = readonly (readonly number[])[];

/** Everything the page with details shows. */
export interface PageState {
  readonly health: HealthState;
  /** The last hour, by the minute. */
  readonly hour: Spans;
  /** The last day, by the half hour. */
  readonly day: Spans;
  /** When a webhook was last answered with anything but an error, in Unix milliseconds. */
  readonly lastWebhook: number | undefined;
  /** The newest first. */
  readonly recent: readonly RecentWebhook[];
}

/** Of the address the page was asked for. */
export interface PageView {
  /** Whether details were asked for: links keep that. */
  readonly details: boolean;
  /** Whether the page must not renew itself. */
  readonly still: boolean;
}

/** Seconds after which the page renews itself. */
export const RENEWAL = 15;
