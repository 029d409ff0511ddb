/** What became of a webhook, in an operator's words. */
import { type ReasonRow, REASONS } from "../../delivery/reasons.ts";
import type { OutboxStatus } from "../../outbox/outbox.ts";
import type { DeadReason } from "../../outbox/record.ts";
import type { RememberedWebhook } from "../webhook_memory.ts";
import { clockTime, span } from "./times.ts";

/** A word for the badge, its colour, and a sentence or two; empty where there is nothing to say. */
export interface Became {
  readonly word: string;
  readonly kind: "good" | "idle" | "warn" | "bad";
  readonly words: string;
}

/** Milliseconds by which the store's clock may differ from this machine's. */
const CLOCKS_DIFFER = 60_000;

/** What is said of dead letters, by reason. */
export const DEAD: Readonly<Record<DeadReason, ReasonRow>> = {
  refused: { what: "PlatformX refuses it.", todo: "A replay helps once the cause is mended." },
  expired: { what: "It was older than OUTBOX_MAX_AGE.", todo: "Replay it when PlatformX takes events." },
  outcome_unknown: {
    what: "PlatformX's answer was lost three times.",
    todo: "Look in DX whether it is there before a replay, else there are two.",
  },
};

/** Says it. */
export function became(
  webhook: RememberedWebhook,
  { now, outbox }: { readonly now: number; readonly outbox: OutboxStatus | undefined },
): Became {
  const { at, reason, settled, status, words } = webhook;
  switch (status) {
    case "queued":
      if (settled?.kind === "delivered") {
        return { word: "delivered", kind: "good", words: `${span(Math.max(0, settled.at - at))} later` };
      }
      if (settled?.kind === "dead") {
        return { word: "dead", kind: "bad", words: said(DEAD[settled.reason!].what, settled.words) };
      }
      return isWaiting(at, now, outbox)
        ? {
          word: "waiting",
          kind: "warn",
          words: `Stored at ${clockTime(at, now, "seconds")}, not sent by this instance yet.`,
        }
        : {
          word: "queued",
          kind: "idle",
          words: "Not in the outbox any more: another instance sent it, or a command took it out.",
        };
    case "duplicate":
      return { word: status, kind: "idle", words: "A further recipient's copy, or Coder's repetition." };
    case "refused":
      return { word: status, kind: "bad", words: said("PlatformX refuses it.", words) };
    case "error":
    case "unavailable":
      return { word: status, kind: status === "error" ? "bad" : "warn", words: sentences(reason) };
    case "ignored":
      return { word: status, kind: "idle", words: sentences(reason) };
    case "forwarded":
      return { word: status, kind: "good", words: "" };
    case "dry_run":
      return { word: "dry run", kind: "idle", words: "" };
  }
}

/** The outbox knows how old its oldest event is: one accepted before that is there no more. */
function isWaiting(at: number, now: number, outbox: OutboxStatus | undefined): boolean {
  const oldest = outbox?.oldestPendingMs;
  return oldest !== undefined && at >= now - oldest - CLOCKS_DIFFER;
}

function said(what: string, words: string | undefined): string {
  return words ? `${what} PlatformX: “${words}”` : what;
}

function sentences(reason: string | undefined): string {
  const row: ReasonRow | undefined = reason !== undefined && Object.hasOwn(REASONS, reason)
    ? REASONS[reason as keyof typeof REASONS]
    : undefined;
  return row === undefined ? reason ?? "" : `${row.what} ${row.todo}`.trim();
}
