/** What became of a webhook, and the HTTP answer that says so. */
import { constant, cut, plain, type Redacted, unended } from "../base/redact.ts";
import { utf8Bytes } from "../base/utf8.ts";
import type { OutgoingResponse } from "../runtime/runtime.ts";
import {
  type ErrorReason,
  ERRORS,
  IGNORED,
  type IgnoredReason,
  REASONS,
  UNAVAILABLE,
  type UnavailableReason,
} from "./reasons.ts";

/** What became of a webhook, and what may be told of it. */
export type Outcome =
  & (
    | { readonly status: "forwarded" | "queued" | "dry_run" | "duplicate" }
    | { readonly status: "ignored"; readonly reason: IgnoredReason }
    /** `words` are PlatformX's, fit to be shown. */
    | { readonly status: "refused"; readonly words: Redacted }
    | {
      readonly status: "unavailable";
      readonly reason: UnavailableReason;
      /** Milliseconds after which trying again can help. */
      readonly retryAfterMs: number;
      /** An answer was lost: PlatformX may have the event, and another attempt may double it. */
      readonly maybeTaken?: boolean;
    }
    /** `detail`: what the reason's own words do not say: a field, a path. */
    | { readonly status: "error"; readonly reason: ErrorReason; readonly detail?: Redacted }
  )
  & Trace;

/** What is told of a webhook beside its outcome. */
export interface Trace {
  /** Requests made to PlatformX for it. */
  readonly attempts: number;
  /** Shortened, without addresses; undefined: the body is no notification. */
  readonly messageId?: Redacted | undefined;
  /** The notification's name as it may be shown; undefined where it may not. */
  readonly notification?: Redacted | undefined;
  /** The tracked name that has arrived with it, if any. */
  readonly arrived?: string | undefined;
}

/** One of the statuses of {@link Outcome}. */
export type Status = Outcome["status"];

/** Every status, in the order in which documents and health list them, and what it means. */
export const STATUSES = {
  forwarded: "PlatformX took the event.",
  queued: "The event is stored in OUTBOX, and goes to PlatformX from there.",
  dry_run: "The event was logged, not sent (DRY_RUN).",
  duplicate: "A further recipient's copy, or Coder's repetition: one event is enough.",
  ignored: "Not wanted.",
  refused: "PlatformX refuses the event.",
  unavailable: "Not now: Coder is asked to send it again.",
  error: "The request was wrong, or the service failed.",
} as const satisfies Readonly<Record<Status, string>>;

/** The names of {@link STATUSES}. */
export const STATUS_NAMES = Object.keys(STATUSES) as readonly Status[];

/** Every reason that a status can have; the empty one stands for none. */
export const REASONS_OF: Readonly<Record<Status, readonly string[]>> = {
  forwarded: [""],
  queued: [""],
  dry_run: [""],
  duplicate: [""],
  ignored: Object.keys(IGNORED),
  refused: [""],
  unavailable: Object.keys(UNAVAILABLE),
  error: Object.keys(ERRORS),
};

/** What happened, and what to do: for the log and the page. */
export function told(outcome: Outcome): Redacted {
  const { status } = outcome;
  if (status === "ignored") return NO_EVENT[outcome.reason];
  if (status === "refused") {
    return constant(
      "PlatformX refuses the event, and Coder is asked to send it again. The log entry event_refused says why",
    );
  }
  if (!("reason" in outcome)) return unended(constant(STATUSES[status]));
  const { what, todo } = REASONS[outcome.reason];
  const before = status === "error" ? "Turned away: " : "";
  const after = status === "unavailable" ? " Coder is asked to send it again." : "";
  return unended(plain`${before}${what}${detailOf(outcome)}${after} ${todo}`);
}

function noEvent(reason: IgnoredReason): Redacted {
  const { what, todo } = IGNORED[reason];
  return unended(plain`No event: ${what} ${todo}`);
}

/** Made once: most webhooks of a Coder deployment end here. */
const NO_EVENT: Readonly<Record<IgnoredReason, Redacted>> = {
  secret: noEvent("secret"),
  not_tracked: noEvent("not_tracked"),
  no_person: noEvent("no_person"),
  domain: noEvent("domain"),
};

function detailOf(outcome: Outcome): Redacted {
  return "detail" in outcome && outcome.detail !== undefined ? plain` ${outcome.detail}.` : constant("");
}

/** Bytes of an answer's body: Coder's log keeps that much (`dispatch/webhook.go`). */
export const ANSWER_LIMIT = 512;

/** The HTTP answer to a webhook. Its body is at most {@link ANSWER_LIMIT} bytes. */
export function answerTo(outcome: Outcome): OutgoingResponse & { readonly body: string } {
  // No more headers than are needed: each costs some microseconds, and Coder reads none.
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (outcome.status === "unavailable") {
    headers["retry-after"] = String(Math.ceil(outcome.retryAfterMs / 1000) || 1);
  }
  if (outcome.status === "error" && outcome.reason === "unauthorized") {
    headers["www-authenticate"] = 'Basic realm="coder-platformx", charset="UTF-8"';
  }
  return { status: httpStatus(outcome), headers, body: bodyOf(outcome) };
}

function httpStatus(outcome: Outcome): number {
  switch (outcome.status) {
    case "queued":
      return 202;
    case "refused":
      return 502;
    case "unavailable":
      return 503;
    case "error":
      return ERRORS[outcome.reason].http;
    default:
      return 200;
  }
}

function bodyOf(outcome: Outcome): string {
  const { status, notification: event } = outcome;
  const reason = "reason" in outcome ? outcome.reason : undefined;
  let message = messageOf(outcome);
  const write = () => JSON.stringify({ status, reason, message, event });
  let body = write();
  if (message === undefined || body.length * 3 <= ANSWER_LIMIT) return body;
  for (let excess; (excess = utf8Bytes(body) - ANSWER_LIMIT) > 0; body = write()) {
    // A code point takes at most six bytes, so this never cuts too much, and ends after few rounds.
    message = cut(message, [...message].length - Math.ceil(excess / 6));
  }
  return body;
}

function messageOf(outcome: Outcome): Redacted | undefined {
  if (outcome.status === "refused") {
    return outcome.words === ""
      ? constant("PlatformX refused the event.")
      : plain`PlatformX refused the event: ${outcome.words}`;
  }
  if (!("reason" in outcome)) return undefined;
  const { what, todo } = REASONS[outcome.reason];
  if (outcome.status === "unavailable") return plain`${what} Send again later.`;
  return outcome.status === "error" && todo !== ""
    ? plain`${what}${detailOf(outcome)} ${todo}`
    : plain`${what}${detailOf(outcome)}`;
}
