/** The state in one sentence, and what it means for events. */
import { CODER_PATIENCE } from "../../coder/patience.ts";
import { type ErrorReason, REASONS } from "../../delivery/reasons.ts";
import type { LaterCause } from "../../platformx/verdict.ts";
import { type AttentionCode, attentionOf, isWithin } from "../attention.ts";
import { type Kind, KINDS } from "../stats.ts";
import type { Mode, Status } from "../status.ts";
import { ago, clockTime, span } from "./times.ts";

/** How good or bad it is: the last two exactly when health is `degraded`. */
export type Tone = "good" | "idle" | "warn" | "bad";

/** The state in words. */
export interface Headline {
  readonly tone: Tone;
  readonly text: string;
  /** What becomes of events, and what to do. */
  readonly more: string;
}

/** For how many milliseconds a failure keeps the page from being green. */
const RECENT = 3_600_000;

/** Says it: the first reason for attention, or how it goes. */
export function headlineOf(status: Status): Headline {
  const [first] = attentionOf(status);
  return first === undefined ? calm(status) : saidOf(first, status);
}

/** What is said of a reason for attention that holds. */
export function saidOf(code: AttentionCode, status: Status): Headline {
  return SAID[code](status);
}

/** For everybody: as good or bad as it is, with nothing that only readers may know, or that depends on the mode. */
export function publicHeadline(status: Status): Headline {
  const { tone } = headlineOf(status);
  const isWell = tone === "good" || tone === "idle";
  return isWell
    ? { tone, text: "Running.", more: "This service takes notifications of Coder for DX PlatformX." }
    : {
      tone,
      text: "Running, but an operator is needed.",
      more: "The details say what is wrong and what to do.",
    };
}

const MEANWHILE: Readonly<Record<Mode, string>> = {
  direct:
    `Until then Coder is asked to send again: it does so for ${CODER_PATIENCE}, then the event is lost.`,
  outbox: "Until then events wait in the outbox, at most for OUTBOX_MAX_AGE.",
  dry_run: "",
};

const SAID: Readonly<Record<AttentionCode, (status: Status) => Headline>> = {
  store_failing: ({ outbox }) => ({
    tone: "bad",
    text: "The outbox takes no events.",
    more: `OUTBOX: ${
      outbox!.failing
    }. Webhooks are answered 503, and Coder sends them again for ${CODER_PATIENCE}.`,
  }),
  key_refused: (status) => unsent("bad", "key", status),
  wrong_url: (status) => unsent("bad", "url", status),
  paused: (status) => {
    const { cause } = status.platformx.paused!;
    return unsent(cause === "rate_limit" ? "warn" : "bad", cause, status);
  },
  backlog: ({ outbox }) => ({
    tone: "warn",
    text: `Behind: the oldest of ${counted(outbox!.pending, "event")} has waited for ${
      span(outbox!.oldestPendingMs!)
    }.`,
    more: "Events go out at GETDX_RATE_LIMIT per minute, or are tried again one by one: " +
      "'coder-platformx outbox list --pending' says what the last answers were.",
  }),
  dead_letters: ({ outbox }) => ({
    tone: "bad",
    text: `${counted(outbox!.dead, "event")} could not be delivered.`,
    more:
      "Dead letters are not tried any more, and deleted 30 days later. Mend the cause, then replay or drop them.",
  }),
  refused: ({ now, stats: { lastRefused } }) => ({
    tone: "bad",
    text: `PlatformX refuses events, the last one ${ago(lastRefused!, now)}.`,
    more: `Coder is answered 502 and sends each again for ${CODER_PATIENCE}, then the event is lost.`,
  }),
  turned_away: ({ stats: { memory } }) => {
    const { reason } = memory.failed.find(({ status }) => status === "error")!;
    const { todo, what } = REASONS[reason as ErrorReason];
    return { tone: "bad", text: "Coder's webhooks are turned away.", more: `${what} ${todo}` };
  },
  coder_unreachable: ({ coder }) => ({
    tone: "warn",
    text: `Coder has not answered for ${span(coder!.failingMs!)}.`,
    more:
      "People whom a webhook names without an address cannot be looked up: those webhooks are answered 503. " +
      `${REASONS.coder.todo}`,
  }),
  log_failing: ({ log, now }) => ({
    tone: "warn",
    text: `Lines of the log are lost: ${log.lost} since the start.`,
    more:
      `The last one ${
        ago(now - log.lastLostMs!, now)
      }. See what reads the log, and whether its disk is full. ` +
      "Events are not held up.",
  }),
  dry_run: ({ now, stats: { lastWebhook } }) => ({
    tone: "idle",
    text: "Dry run: nothing is sent.",
    more: `Events are written to the log instead. Unset DRY_RUN to send them. ${
      lastWebhook === undefined
        ? `No webhook since the start. ${NOTHING_ARRIVES}`
        : `Last webhook ${ago(lastWebhook, now)}.`
    }`,
  }),
};

/** Sending is paused, or about to be. */
function unsent(tone: Tone, cause: LaterCause, { mode, now, platformx: { paused } }: Status): Headline {
  const { todo, what } = REASONS[cause];
  if (paused === undefined) return { tone, text: what, more: `${todo} ${MEANWHILE[mode]}` };
  const { at, nextProbeMs } = paused;
  const next = `The next ${mode === "outbox" ? "event" : "webhook"}`;
  const when = nextProbeMs === 0
    ? ""
    : ` after ${clockTime(now + nextProbeMs, now, "seconds")} UTC, in ${span(nextProbeMs)},`;
  return {
    tone,
    text: `Paused since ${clockTime(at, now, "minutes")}: ${what}`,
    more: `${todo} ${next}${when} is tried; the first that is taken ends the pause. ${MEANWHILE[mode]}`,
  };
}

const NOTHING_ARRIVES =
  "In Coder, the notification method must be webhook and the endpoint this address: CODER_NOTIFICATIONS_METHOD=webhook, " +
  "CODER_NOTIFICATIONS_WEBHOOK_ENDPOINT=https://coder:SECRET@host/. Then have Coder send a test notification: it must " +
  "appear below.";

/** Nothing needs an operator. Green only where events arrive and none came to nothing of late. */
function calm(status: Status): Headline {
  const { now, outbox, platformx, stats, uptimeMs } = status;
  const { lastDelivered, paused } = platformx;
  if (paused !== undefined) return unsent("idle", paused.cause, status);
  const last = stats.lastWebhook === undefined ? "" : `Last webhook ${ago(stats.lastWebhook, now)}.`;
  const failed = isWithin(RECENT, stats.lastFailed, now) ? failures(status) : undefined;
  if (lastDelivered !== undefined) {
    const tone = failed === undefined ? "good" : "idle";
    return { tone, text: `Delivering. Last event ${ago(lastDelivered, now)}.`, more: failed ?? last };
  }
  if (outbox !== undefined && outbox.pending > 0) {
    const text = `Sending. ${
      counted(outbox.pending, "event")
    } in the outbox, none delivered since the start yet.`;
    return { tone: "idle", text, more: failed ?? last };
  }
  if (stats.lastWebhook !== undefined) {
    const more = failed ?? "What became of them stands with each of the last webhooks below.";
    return { tone: "idle", text: `Ready. ${last.slice(0, -1)}, but no event since the start.`, more };
  }
  const since = span(uptimeMs);
  return stats.memory.all.length === 0
    ? { tone: "idle", text: `Ready. No webhook in the ${since} since the start.`, more: NOTHING_ARRIVES }
    : {
      tone: "idle",
      text: `Ready. Every request in the ${since} since the start was turned away.`,
      more: "The reason stands with each of the last webhooks below.",
    };
}

/** What came to nothing in the last hour. */
function failures(status: Status): string {
  const parts = ([["unavailable", "answered 503, which Coder sends again"], ["dead", "given up"]] as const)
    .map(([kind, what]) => [lastHour(status, kind), what] as const).filter(([count]) => count > 0)
    .map(([count, what]) => `${count} ${what}`);
  const all = counted(lastHour(status, "failed"), "webhook");
  return `${all} came to nothing in the last hour${parts.length === 0 ? "" : `: ${parts.join(", ")}`}.`;
}

/** How many of a kind there were in the last hour. A minute that has begun counts in full. */
export function lastHour({ now, stats }: Status, kind: Kind): number {
  return stats.last(1, 61, now)[0]![KINDS.indexOf(kind)]!;
}

/** A number with its noun. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
