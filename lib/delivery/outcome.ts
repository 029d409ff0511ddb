/** What became of a webhook, and the HTTP answer that says so. */
import { IGNORED_REASONS, type IgnoredReason } from "../coder/attribution.ts";
import { utf8Bytes } from "../base/utf8.ts";
import { cut, shownName } from "../base/redact.ts";

/** Why nothing could be done now; nothing was lost, and Coder sends again. */
export const UNAVAILABLE_REASONS = [
  "platformx",
  "rate_limit",
  "key",
  "url",
  "outbox",
  "busy",
  "draining",
] as const;

/** One of {@link UNAVAILABLE_REASONS}. */
export type UnavailableReason = typeof UNAVAILABLE_REASONS[number];

/** Errors of a request, with their HTTP status. */
export const ERROR_STATUS = {
  invalid_json: 400,
  unauthorized: 401,
  not_found: 404,
  method_not_allowed: 405,
  too_slow: 408,
  too_large: 413,
  unsupported_media_type: 415,
  invalid_notification: 422,
  internal: 500,
} as const;

/** One of the keys of {@link ERROR_STATUS}. */
export type ErrorReason = keyof typeof ERROR_STATUS;

/** What became of a request. `event` is the notification's name, where it may be told. */
export type Outcome =
  | { readonly status: "forwarded" | "queued" | "dry_run" | "duplicate"; readonly event: string }
  | { readonly status: "ignored"; readonly reason: "secret" }
  | { readonly status: "ignored"; readonly reason: Exclude<IgnoredReason, "secret">; readonly event: string }
  | { readonly status: "refused"; readonly event: string; readonly message: string }
  | {
    readonly status: "unavailable";
    readonly reason: UnavailableReason;
    /** Milliseconds after which trying again can help. */
    readonly retryAfterMs: number;
    readonly event?: string;
  }
  | { readonly status: "error"; readonly reason: ErrorReason; readonly message: string };

/** One of the statuses of {@link Outcome}. */
export type Status = Outcome["status"];

/** Every status, in the order in which documents and health list them. */
export const STATUSES = [
  "forwarded",
  "queued",
  "dry_run",
  "duplicate",
  "ignored",
  "refused",
  "unavailable",
  "error",
] as const satisfies readonly Status[];

/** Every reason that a status can have; the empty one stands for none. */
export const REASONS: Readonly<Record<Status, readonly string[]>> = {
  forwarded: [""],
  queued: [""],
  dry_run: [""],
  duplicate: [""],
  ignored: IGNORED_REASONS,
  refused: [""],
  unavailable: UNAVAILABLE_REASONS,
  error: Object.keys(ERROR_STATUS),
};

/** An HTTP answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Bytes of an answer's body: Coder's log keeps that much (`dispatch/webhook.go`). */
export const ANSWER_LIMIT = 512;

const IGNORED_MESSAGES: Readonly<Record<IgnoredReason, string>> = {
  secret: "Dropped unread: it holds a password-reset code.",
  not_tracked: "EVENTS_TRACKED does not ask for it.",
  no_person: "The webhook holds no e-mail address of the person it is about.",
  domain: "The person's address is not in EMAIL_DOMAINS.",
};

const UNAVAILABLE_MESSAGES: Readonly<Record<UnavailableReason, string>> = {
  platformx: "PlatformX cannot be reached or does not answer properly. Send again later.",
  rate_limit: "The rate limit to PlatformX is used up. Send again later.",
  key: "PlatformX does not accept GETDX_API_KEY. Send again when it was replaced.",
  url: "Something other than PlatformX answers at GETDX_API_URL. Send again when it was corrected.",
  outbox: "The event cannot be stored in OUTBOX. Send again later.",
  busy: "Too many webhooks are in flight. Send again later.",
  draining: "The service is shutting down. Send again later.",
};

/** The HTTP answer to a webhook. Its body is at most {@link ANSWER_LIMIT} bytes. */
export function answerTo(outcome: Outcome): Answer {
  // No more than is needed: each further header costs some microseconds, and Coder reads none.
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
    case "forwarded":
    case "dry_run":
    case "duplicate":
    case "ignored":
      return 200;
    case "queued":
      return 202;
    case "refused":
      return 502;
    case "unavailable":
      return 503;
    case "error":
      return ERROR_STATUS[outcome.reason];
  }
}

function bodyOf(outcome: Outcome): string {
  const { status } = outcome;
  const reason = "reason" in outcome ? outcome.reason : undefined;
  const event = "event" in outcome && outcome.event !== undefined ? shownName(outcome.event) : undefined;
  const write = (message: string | undefined) => JSON.stringify({ status, reason, message, event });
  let message = messageOf(outcome);
  let body = write(message);
  for (
    let excess;
    message !== undefined && (excess = utf8Bytes(body) - ANSWER_LIMIT) > 0;
    body = write(message)
  ) {
    // A code point takes at most six bytes, so this never cuts too much, and ends after few rounds.
    message = cut(message, [...message].length - Math.ceil(excess / 6));
  }
  return body;
}

function messageOf(outcome: Outcome): string | undefined {
  switch (outcome.status) {
    case "ignored":
      return IGNORED_MESSAGES[outcome.reason];
    case "unavailable":
      return UNAVAILABLE_MESSAGES[outcome.reason];
    case "refused":
      return outcome.message === ""
        ? "PlatformX refused the event."
        : `PlatformX refused the event: ${outcome.message}`;
    case "error":
      return outcome.message;
    default:
      return undefined;
  }
}

export { shownName };
