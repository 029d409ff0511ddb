/** Outcomes and reasons in an operator's words. */
import type { IgnoredReason } from "../../coder/attribution.ts";
import type { ErrorReason, Status, UnavailableReason } from "../../delivery/outcome.ts";

/** What an outcome means. */
export const MEANINGS: Readonly<Record<Status, string>> = {
  forwarded: "PlatformX took the event",
  queued: "the event is in the outbox",
  dry_run: "the event was logged, not sent",
  duplicate: "a further recipient's copy, or Coder's repetition: one event is enough",
  ignored: "not wanted; the reason stands with each of the last webhooks",
  refused: "PlatformX will never take this event",
  unavailable: "not now: Coder was asked to send again",
  error: "the request was wrong, or the service failed",
};

/** Every reason an outcome can have. */
export type Reason = IgnoredReason | UnavailableReason | ErrorReason;

const REASONS: Readonly<Record<Reason, string>> = {
  secret: "A password-reset code: dropped unread. Let Coder send these by e-mail.",
  not_tracked: "Not in EVENTS_TRACKED.",
  no_person: "It holds no address of the person it is about.",
  domain: "The person's address is not in EMAIL_DOMAINS.",
  platformx: "PlatformX cannot be reached or does not answer properly.",
  rate_limit: "The rate limit to PlatformX is used up.",
  key: "PlatformX does not accept GETDX_API_KEY.",
  url: "Something other than PlatformX answers at GETDX_API_URL.",
  outbox: "The outbox is full or cannot be written.",
  busy: "Too many webhooks at once.",
  draining: "The service was shutting down.",
  invalid_json: "The body is not JSON in UTF-8.",
  unauthorized: "The secret is missing or wrong: Coder's endpoint must be https://coder:SECRET@host/.",
  not_found: "The address has a path: Coder's endpoint must end in the host and a slash.",
  method_not_allowed: "Webhooks come by POST.",
  too_slow: "The body did not arrive in time.",
  too_large: "The body is too long.",
  unsupported_media_type: "The body is not declared as JSON, or is compressed.",
  invalid_notification: "Not a notification of Coder's; the answer named the field.",
  internal: "A fault of the service: the log has an internal_error line. Please report it.",
};

/** Why a webhook came to nothing, in a sentence; nothing where there is nothing to say. */
export function reasonWords(status: Status, reason: string | undefined): string {
  if (status === "duplicate") return "A further recipient's copy, or Coder's repetition.";
  if (status === "refused") return "PlatformX's words are in the log line event_refused or dead_letter.";
  return reason !== undefined && Object.hasOwn(REASONS, reason) ? REASONS[reason as Reason] : reason ?? "";
}
