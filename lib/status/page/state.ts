/** What the page is made of. */
import type { Status as OutcomeStatus } from "../../delivery/outcome.ts";
import type { Status } from "../status.ts";

/** One of the last webhooks, without anything personal. */
export interface RecentWebhook {
  /** Unix milliseconds. */
  readonly at: number;
  readonly notification: string | undefined;
  readonly status: OutcomeStatus;
  readonly reason: string | undefined;
  readonly ms: number;
}

/** Counts of webhooks in spans of equal length, the oldest first; in each, per status in the order of `STATUSES`. */
export type Spans = readonly (readonly number[])[];

/** Everything the page with details shows. */
export interface PageState extends Omit<Status, "stats"> {
  readonly counts: Readonly<Record<string, number>>;
  readonly lastSeen: Readonly<Record<string, string | null>>;
  /** The last hour, by the minute. */
  readonly hour: Spans;
  /** The last day, by the half hour. */
  readonly day: Spans;
  /** When a webhook was last answered with anything but an error, in Unix milliseconds. */
  readonly lastWebhook: number | undefined;
  /** The newest first. */
  readonly recent: readonly RecentWebhook[];
}

/** Reads what the page shows out of the counters. */
export function pageState({ stats, ...status }: Status): PageState {
  const { counts, lastSeen, lastWebhook, recent, timeline } = stats;
  const { now } = status;
  return {
    ...status,
    ...{ counts, lastSeen, lastWebhook, recent },
    hour: timeline.last(60, 1, now),
    day: timeline.last(48, 30, now),
  };
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
