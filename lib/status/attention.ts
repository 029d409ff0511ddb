/** What needs an operator: derived from the state of the moment, never remembered. */
import type { Status } from "./status.ts";

/** Milliseconds that the oldest event may wait. */
const BACKLOG = 5 * 60_000;
/** Milliseconds that a pause may take. */
const PAUSE = 60_000;
/** Milliseconds for which a dead letter, a refusal and lost lines of the log are news. */
const DEAD_LETTER = 24 * 3_600_000;
const REFUSAL = 3_600_000;
const LOST_LINES = 3_600_000;

/** Each reason, the most urgent first: the first that holds is the page's headline. */
const HOLDS = {
  store_failing: ({ outbox }) => outbox?.failing !== undefined,
  key_refused: ({ platformx }) => blames(platformx, "key"),
  wrong_url: ({ platformx }) => blames(platformx, "url"),
  paused: ({ platformx: { paused } }) => paused !== undefined && paused.forMs > PAUSE,
  backlog: ({ outbox }) => (outbox?.oldestPendingMs ?? 0) > BACKLOG,
  dead_letters: ({ outbox, now }) =>
    outbox?.deadByReason.some(({ newest }) => isWithin(DEAD_LETTER, newest, now)) ?? false,
  refused: ({ stats, now }) => isWithin(REFUSAL, stats.lastRefused, now),
  turned_away: ({ stats, now }) => stats.isTurnedAway(now),
  coder_unreachable: ({ coder }) => coder?.failingMs !== undefined,
  log_failing: ({ log: { lastLostMs } }) => lastLostMs !== undefined && lastLostMs <= LOST_LINES,
  dry_run: ({ mode }) => mode === "dry_run",
} as const satisfies Readonly<Record<string, (status: Status) => boolean>>;

/** One of the reasons. */
export type AttentionCode = keyof typeof HOLDS;

/** Every reason, in the order of urgency. */
export const ATTENTION_CODES = Object.keys(HOLDS) as readonly AttentionCode[];

/** The reasons that hold, in the order of {@link ATTENTION_CODES}. */
export function attentionOf(status: Status): readonly AttentionCode[] {
  return ATTENTION_CODES.filter((code) => HOLDS[code](status));
}

/** Whether something is wrong. A dry run is as somebody wanted it. */
export function isDegraded(attention: readonly AttentionCode[]): boolean {
  return attention.some((code) => code !== "dry_run");
}

/** Whether a time (Unix milliseconds) is at most `ms` ago. One to come is: the machine's clock was set back. */
export function isWithin(ms: number, at: number | undefined, now: number): boolean {
  return at !== undefined && now - at <= ms;
}

function blames({ paused, trouble }: Status["platformx"], cause: "key" | "url"): boolean {
  return paused?.cause === cause || trouble === cause;
}
