/** The service at one frozen time, in the states that an operator meets. */
import { constant, inFull, plain, type Redacted } from "../../lib/base/redact.ts";
import { expectedNames, parseTracking } from "../../lib/coder/tracking.ts";
import type { Outcome } from "../../lib/delivery/outcome.ts";
import type { OutboxStatus } from "../../lib/outbox/outbox.ts";
import type { DeadReason, OutboxRecord } from "../../lib/outbox/record.ts";
import type { GateStatus } from "../../lib/platformx/gate.ts";
import type { LaterCause } from "../../lib/platformx/verdict.ts";
import type { ProcessUsage } from "../../lib/runtime/runtime.ts";
import { Stats } from "../../lib/status/stats.ts";
import type { Status } from "../../lib/status/status.ts";

/** When it is looked at. */
export const NOW = Date.UTC(2026, 0, 2, 14, 30, 5);
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** What the process uses. */
export const USAGE: ProcessUsage = {
  cpuSeconds: 12.5,
  residentBytes: 64 * 1024 * 1024,
  openDescriptors: 24,
  maxDescriptors: 65_536,
};

/** Sending goes on. */
export const SENDING: GateStatus = { paused: undefined, trouble: undefined, lastDelivered: undefined };

/** An outbox without anything in it. */
export const EMPTY: OutboxStatus = {
  pending: 0,
  dead: 0,
  oldestPendingMs: undefined,
  deadByReason: [],
  failing: undefined,
};

/** A service that has just started, with direct delivery; `changes` replace parts of it. */
export function statusWith(changes: Partial<Status> = {}): Status {
  const uptimeMs = changes.uptimeMs ?? 3 * MINUTE;
  return {
    version: "1.2.3",
    runtime: { name: "deno", version: "2.9.6" },
    mode: "direct",
    now: NOW,
    startedAt: NOW - uptimeMs,
    uptimeMs,
    tracked: ["Workspace Created"],
    stats: statsOf(),
    inFlight: 0,
    platformx: SENDING,
    outbox: undefined,
    coder: undefined,
    log: { lost: 0, lastLostMs: undefined },
    ...changes,
  };
}

/** A pause that began so many milliseconds ago. */
export function pausedFor(forMs: number, cause: LaterCause = "platformx", nextProbeMs = 12_000): GateStatus {
  return { ...SENDING, paused: { cause, at: NOW - forMs, forMs, nextProbeMs } };
}

/** Dead letters of one reason, the newest so many milliseconds old. */
export function deadLetters(
  count: number,
  ageMs: number,
  reason: DeadReason = "refused",
  detail: Redacted = WORDS,
): OutboxStatus {
  return { ...EMPTY, dead: count, deadByReason: [{ reason, count, newest: NOW - ageMs, detail }] };
}

/** PlatformX's, made up. */
export const WORDS = constant("status 422: email does not belong to a user of this account");

/** An answered webhook: how long ago, and how. */
export interface Past {
  readonly ago: number;
  readonly outcome: Outcome;
  /** It has not the header of Coder's webhooks. */
  readonly stranger?: boolean;
}

/** Counters that have seen this, in this order. */
export function statsOf(
  past: readonly Past[] = [],
  { expected = ["Workspace Created"], withOutbox = false }: {
    readonly expected?: readonly string[];
    readonly withOutbox?: boolean;
  } = {},
): Stats {
  const stats = new Stats(expected, withOutbox);
  for (const { ago, outcome, stranger } of past) {
    stats.count(outcome, { now: NOW - ago, ms: 12, fromCoder: stranger !== true });
  }
  return stats;
}

/** What became of a webhook of this notification. */
export function outcomeOf(
  outcome: DistributedOmit<Outcome, "attempts">,
  { id = "5b3d4b0d-2190-4ce6-b7c8-08cb1e3152f5", name = "Workspace Created" }: {
    readonly id?: string;
    readonly name?: string;
  } = {},
): Outcome {
  const wasSent = outcome.status === "forwarded" || outcome.status === "refused";
  const notification = outcome.status === "error" ? {} : { notification: inFull(name), arrived: name };
  return { attempts: wasSent ? 1 : 0, messageId: inFull(id), ...notification, ...outcome };
}

type DistributedOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** An event of the outbox that was accepted so many milliseconds ago. */
export function recordOf(id: string, ageMs: number, name = "Workspace Created"): OutboxRecord {
  return {
    id,
    event: { name, email: "alice@example.com", timestamp: "1767323045", metadata: { coder_message_id: id } },
    enqueuedAt: NOW - ageMs,
    nextAttemptAt: NOW,
    ...{ attempts: 1, failures: 1, ambiguous: 0 },
    detail: WORDS,
    lastAttemptAt: NOW - 1_000,
    claimedAt: undefined,
    dead: undefined,
  };
}

/** Lets an event come to its end, so many milliseconds after it was accepted. */
export function settle(stats: Stats, record: OutboxRecord, end: "delivered" | DeadReason, ms: number): void {
  const tried = { attempts: 2, failures: 2, ambiguous: 0, detail: WORDS };
  const settlement = end === "delivered" ? { kind: end } : { kind: "dead" as const, reason: end, ...tried };
  stats.countSettled({ record, settlement, at: record.enqueuedAt + ms, ageMs: ms });
}

const TRACKED = "*, Workspace Manual Build Failed, Changelog, c0ffee00-0000-4000-8000-000000000001";

/** What has happened to a busy service; `taken`: how events are answered. */
function busyPast(taken: "forwarded" | "queued" | "dry_run", sinceMs: number): Past[] {
  const rows: readonly (readonly [name: string, outcome: DistributedOmit<Outcome, "attempts">])[] = [
    ["Workspace Created", { status: taken }],
    ["Workspace Created", { status: "duplicate" }],
    ["User account created", { status: taken }],
    ["Workspace Deleted", { status: "ignored", reason: "not_tracked" }],
    ["Test Notification", { status: "ignored", reason: "not_tracked" }],
    ["Workspace Manually Updated", { status: "ignored", reason: "domain" }],
    ["User account created", { status: "ignored", reason: "no_person" }],
    ["User account suspended", { status: taken }],
    ["Workspace Manually Updated", { status: taken }],
    ["Workspace Manually Updated", { status: "duplicate" }],
  ];
  return Array.from({ length: 160 }, (_, index) => {
    const [name, outcome] = rows[(index * 7) % rows.length]!;
    const id = `${String(index).padStart(8, "0")}-2190-4ce6-b7c8-08cb1e3152f5`;
    return { ago: sinceMs + 12_000 + index * index * 3_300, outcome: outcomeOf(outcome, { id, name }) };
  }).filter(({ ago }) => ago < 3 * DAY).reverse();
}

/** A service that has run for days. */
export function busyWith(changes: Partial<Status> = {}, past: readonly Past[] = []): Status {
  const mode = changes.mode ?? "direct";
  const taken = { direct: "forwarded", outbox: "queued", dry_run: "dry_run" } as const;
  const expected = expectedNames(parseTracking(TRACKED).tracking);
  const stats = statsOf([...busyPast(taken[mode], past.length > 0 ? 40 * MINUTE : 0), ...past], {
    expected,
    withOutbox: mode === "outbox",
  });
  return statusWith({
    stats,
    tracked: TRACKED.split(", "),
    uptimeMs: 3 * DAY + 5 * HOUR,
    platformx: { ...SENDING, lastDelivered: mode === "dry_run" ? undefined : NOW - 12_000 },
    ...mode === "outbox" ? { outbox: EMPTY } : {},
    ...changes,
  });
}

/** A busy service with an outbox whose last webhooks have come to every end. */
export function outboxInUse(outbox: Partial<OutboxStatus> = {}): Status {
  const ends = ["delivered", "delivered", "refused", "waiting", "delivered", "waiting"] as const;
  const id = (index: number) => `${index}a3d4b0d-2190-4ce6-b7c8-08cb1e3152f5`;
  const past = ends.map((_, index): Past => ({
    ago: (ends.length - index) * 40_000,
    outcome: outcomeOf({ status: "queued" }, { id: id(index) }),
  }));
  const status = busyWith({
    mode: "outbox",
    outbox: { ...deadLetters(7, 3 * MINUTE), pending: 2, oldestPendingMs: 121_000, ...outbox },
  }, past);
  ends.forEach((end, index) => {
    if (end !== "waiting") settle(status.stats, recordOf(id(index), past[index]!.ago), end, 3_000);
  });
  return status;
}

const turnedAway = (reason: "unauthorized" | "redirected", ...agos: readonly number[]): Past[] =>
  agos.map((ago, index) => ({
    ago,
    outcome: {
      status: "error",
      reason,
      attempts: 0,
      messageId: plain`f${index}3d4b0d-2190-4ce6-b7c8-08cb1e3152f5`,
    },
  }));

/** The states in which the page is looked at. */
export const STATES: Readonly<Record<string, Status>> = {
  ready: statusWith(),
  delivering: busyWith(),
  outbox: outboxInUse({ dead: 0, deadByReason: [] }),
  key_refused: busyWith(
    { platformx: { ...pausedFor(28 * MINUTE, "key"), lastDelivered: NOW - 29 * MINUTE } },
    [
      ...[0, 1, 2, 3].map((index): Past => ({
        ago: (20 - index) * MINUTE,
        outcome: outcomeOf({ status: "unavailable", reason: "key", retryAfterMs: 60_000 }),
      })),
    ],
  ),
  dead_letters: outboxInUse(),
  turned_away: busyWith({}, turnedAway("unauthorized", 9 * MINUTE, 8 * MINUTE, 3 * MINUTE, 2 * MINUTE)),
  store_failing: outboxInUse({
    failing: "the disk is full: make room at the path that OUTBOX names",
    deadByReason: [],
    dead: 0,
    pending: 812,
    oldestPendingMs: 47 * MINUTE,
  }),
  refused: busyWith({ log: { lost: 1_204, lastLostMs: 4 * MINUTE } }, [
    { ago: 5 * MINUTE, outcome: outcomeOf({ status: "refused", words: WORDS }) },
    ...turnedAway("redirected", 2 * MINUTE),
  ]),
  dry_run: busyWith({ mode: "dry_run" }),
};
