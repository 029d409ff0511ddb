/** The state in one sentence, and what it means for events. */
import type { OutboxStatus } from "../../outbox/outbox.ts";
import { WAIT_DEGRADES } from "../health.ts";
import type { Mode } from "../status.ts";
import type { LaterCause } from "../../platformx/verdict.ts";
import type { PageState } from "./state.ts";
import { ago, clockTime, span } from "./times.ts";

/** How good or bad it is. */
export type Tone = "good" | "idle" | "warn" | "bad";

/** The state in words. */
export interface Sentence {
  readonly tone: Tone;
  readonly text: string;
  /** What becomes of events, or what to do. */
  readonly more: string;
}

const CAUSES: Readonly<Record<LaterCause, string>> = {
  platformx: "PlatformX cannot be reached or does not answer properly.",
  rate_limit: "PlatformX's rate limit is used up.",
  key: "PlatformX does not accept the key.",
  url: "something other than PlatformX answers at GETDX_API_URL.",
};

const REMEDIES: Readonly<Record<LaterCause, string>> = {
  platformx: "An event is tried now and then; the first that is taken ends the pause.",
  rate_limit:
    "The limit is the DX account's, shared with everything else that uses it. The pause ends by itself.",
  key: "Put the key of the PlatformX project into GETDX_API_KEY and restart, or into the file of " +
    "GETDX_API_KEY_FILE, which is read again by itself.",
  url: "Check GETDX_API_URL and the proxy variables.",
};

const MEANWHILE: Readonly<Record<Mode, string>> = {
  direct: "Until then Coder is asked to send again: it tries five times within some 21 minutes.",
  outbox: "Until then events wait in the outbox.",
  dry_run: "",
};

const NOTHING_ARRIVES =
  "In Coder, the notification method must be webhook and the endpoint this address: CODER_NOTIFICATIONS_METHOD=webhook, " +
  "CODER_NOTIFICATIONS_WEBHOOK_ENDPOINT=https://coder:SECRET@host/. Then have Coder send a test notification: it must " +
  "appear below.";

/** Says it. `now`: Unix milliseconds. */
export function sentenceOf(
  { lastWebhook, mode, outbox, platformx, recent, uptimeMs }: PageState,
  now: number,
): Sentence {
  const { lastDelivered, paused } = platformx;
  if (outbox?.failing !== undefined) {
    return {
      tone: "bad",
      text: "The outbox takes no events.",
      more:
        `OUTBOX: ${outbox.failing}. Webhooks are answered with 503, and Coder sends them again for some 21 minutes.`,
    };
  }
  if (paused !== undefined) {
    const { at, cause } = paused;
    return {
      tone: cause === "rate_limit" ? "warn" : "bad",
      text: `Paused since ${clockTime(at, now, "minutes")}: ${CAUSES[cause]}`,
      more: `${REMEDIES[cause]} ${MEANWHILE[mode]}`,
    };
  }
  if ((outbox?.oldestPendingMs ?? 0) > WAIT_DEGRADES) {
    const { oldestPendingMs, pending } = outbox!;
    return {
      tone: "warn",
      text: `Delivering, but behind: the oldest of ${counted(pending, "event")} has waited for ${
        span(oldestPendingMs!)
      }.`,
      more:
        "Events go out at GETDX_RATE_LIMIT per minute, or are tried again one by one: the log says which.",
    };
  }
  const last = lastWebhook === undefined ? undefined : `Last webhook ${ago(lastWebhook, now)}`;
  if (mode === "dry_run" && last !== undefined) {
    const more = "Events are written to the log instead. Unset DRY_RUN to send them.";
    return { tone: "idle", text: `Dry run: nothing is sent. ${last}.`, more };
  }
  if (lastDelivered !== undefined) {
    const more = last === undefined ? "" : `${last}.`;
    return { tone: "good", text: `Delivering. Last event ${ago(lastDelivered, now)}.`, more };
  }
  if (last !== undefined) return undelivered(outbox, last);
  const since = span(uptimeMs);
  return recent.length === 0
    ? { tone: "idle", text: `Ready. No webhook in the ${since} since the start.`, more: NOTHING_ARRIVES }
    : {
      tone: "warn",
      text: `Ready, but every request in the ${since} since the start was turned away.`,
      more: "The reason stands with each of the last webhooks below.",
    };
}

function undelivered(outbox: OutboxStatus | undefined, last: string): Sentence {
  const pending = outbox?.pending ?? 0;
  return pending > 0
    ? {
      tone: "good",
      text: `Delivering. ${counted(pending, "event")} in the outbox, none sent yet.`,
      more: `${last}.`,
    }
    : {
      tone: "idle",
      text: `Ready. ${last}, but no event since the start.`,
      more: "What became of them stands with each of the last webhooks below.",
    };
}

/** A number with its noun. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
