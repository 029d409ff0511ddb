/** States of the page, at one frozen time. */
import type { HealthState } from "../../../lib/status/health.ts";
import { type Status, STATUSES } from "../../../lib/delivery/outcome.ts";
import type { PageState, RecentWebhook } from "../../../lib/status/page/state.ts";
import { expectedNames, parseTracking } from "../../../lib/coder/tracking.ts";

/** When the page is looked at. */
export const NOW = Date.UTC(2026, 0, 2, 14, 30, 5);

/** Counts of one span. */
export function spanOf(counts: Partial<Record<Status, number>>): readonly number[] {
  return STATUSES.map((status) => counts[status] ?? 0);
}

const QUIET_HEALTH: HealthState = {
  version: "1.2.3",
  uptimeSeconds: 180,
  mode: "direct",
  eventsTracked: ["Workspace Created"],
  lastSeen: { "Workspace Created": null },
  counts: Object.fromEntries(STATUSES.map((status) => [status, 0])),
  paused: undefined,
  lastDelivered: undefined,
  outbox: undefined,
};

/** A service that has just started; parts replaced. */
export function stateWith(
  health: Partial<HealthState> = {},
  rest: Partial<Omit<PageState, "health">> = {},
): PageState {
  return {
    health: { ...QUIET_HEALTH, ...health },
    hour: Array.from({ length: 60 }, () => spanOf({})),
    day: Array.from({ length: 48 }, () => spanOf({})),
    lastWebhook: undefined,
    recent: [],
    ...rest,
  };
}

const OUTCOMES: readonly Omit<RecentWebhook, "at" | "ms">[] = [
  { notification: "Workspace Created", status: "queued", reason: undefined },
  { notification: "Workspace Created", status: "duplicate", reason: undefined },
  { notification: "Workspace Deleted", status: "ignored", reason: "not_tracked" },
  { notification: undefined, status: "ignored", reason: "secret" },
  { notification: "User account created", status: "queued", reason: undefined },
  { notification: "User account created", status: "ignored", reason: "no_person" },
  { notification: "Test Notification", status: "ignored", reason: "not_tracked" },
  { notification: "Workspace Manually Updated", status: "ignored", reason: "domain" },
  { notification: "Task Paused", status: "unavailable", reason: "outbox" },
  { notification: undefined, status: "error", reason: "unauthorized" },
  { notification: undefined, status: "error", reason: "invalid_notification" },
  { notification: "User account suspended", status: "refused", reason: undefined },
];

/** The last 50 webhooks of a busy service. */
export const BUSY_RECENT: readonly RecentWebhook[] = Array.from({ length: 50 }, (_, index) => ({
  ...OUTCOMES[index % OUTCOMES.length]!,
  at: NOW - 12_000 - index * index * 37_000,
  ms: (index * 7919) % 240,
}));

const TRACKED = "*, Workspace Manual Build Failed, Changelog, c0ffee00-0000-4000-8000-000000000001";

/** With an outbox, every notification tracked, something of everything. */
export function busyState(health: Partial<HealthState> = {}): PageState {
  const names = expectedNames(parseTracking(TRACKED).tracking);
  const seen = new Map(BUSY_RECENT.toReversed().map(({ at, notification }) => [notification, at]));
  const wave = (index: number, scale: number) => Math.max(0, Math.round(scale * (1 + Math.sin(index / 6))));
  const spans = (length: number, scale: number) =>
    Array.from({ length }, (_, index) =>
      spanOf({
        queued: wave(index, scale),
        duplicate: wave(index + 3, scale / 2),
        ignored: wave(index * 2, scale / 4),
        unavailable: index % 17 === 4 ? scale : 0,
        error: index % 23 === 9 ? Math.ceil(scale / 4) : 0,
      }));
  return stateWith({
    mode: "outbox",
    uptimeSeconds: 3 * 86_400 + 5 * 3_600,
    eventsTracked: TRACKED.split(", "),
    lastSeen: Object.fromEntries(names.map((name) => {
      const at = seen.get(name);
      return [name, at === undefined ? null : new Date(at).toISOString()];
    })),
    counts: {
      forwarded: 0,
      queued: 4_812,
      dry_run: 0,
      duplicate: 2_106,
      ignored: 987,
      refused: 0,
      unavailable: 341,
      error: 32,
      delivered: 4_790,
    },
    lastDelivered: NOW - 12_000,
    outbox: { pending: 3, dead: 19, oldestPendingMs: 45_000, oldestDeadMs: 26 * 3_600_000 },
    ...health,
  }, { hour: spans(60, 4), day: spans(48, 40), lastWebhook: NOW - 12_000, recent: BUSY_RECENT });
}
