/** What the log says of an answered webhook: what happened, what comes next, and what an operator can do. */
import type { IgnoredReason } from "../coder/attribution.ts";
import type { ErrorReason, Outcome, UnavailableReason } from "./outcome.ts";
import { scrub } from "../base/redact.ts";

const AGAIN = "Coder is asked to send it again";

const IGNORED: Readonly<Record<IgnoredReason, string>> = {
  secret: "No event: a password-reset code, dropped unread. Let Coder send 'One-Time Passcode' by e-mail",
  not_tracked: "No event: not in EVENTS_TRACKED. Add the name there if it is wanted",
  no_person:
    "No event: the webhook holds no address of the person it is about; 'explain' shows what it holds",
  domain: "No event: the person's address is not in EMAIL_DOMAINS. Add the domain there if it is wanted",
};

const UNAVAILABLE: Readonly<Record<UnavailableReason, string>> = {
  platformx:
    `PlatformX was not reached or gave no proper answer: ${AGAIN}. See DX's status and the way to GETDX_API_URL`,
  rate_limit:
    `The rate limit is used up: ${AGAIN}. See GETDX_RATE_LIMIT and who else uses the DX account's limit`,
  key: `PlatformX does not accept GETDX_API_KEY: ${AGAIN}. Replace the key`,
  url: `Something other than PlatformX answers: ${AGAIN}. Correct GETDX_API_URL or the proxy variables`,
  outbox: `OUTBOX cannot take the event: ${AGAIN}. The log entry outbox_unusable says why`,
  busy: `Too many webhooks are in flight: ${AGAIN}. See who sends so many, and why answers take long`,
  draining: `The service is shutting down: ${AGAIN}. Nothing is to be done`,
};

const ERRORS: Readonly<Record<ErrorReason, string>> = {
  unauthorized: "the secret is missing or wrong. Put WEBHOOK_SECRET into Coder's endpoint setting",
  not_found: "the path is not /. Correct Coder's endpoint setting",
  method_not_allowed: "webhooks are taken at / only. Correct Coder's endpoint setting",
  unsupported_media_type:
    "not JSON by its headers. Coder's are: see who else sends, or what changes them on the way",
  too_large: "the body is above the limit. Coder's are far below it: see who else sends",
  too_slow: "the body did not arrive in time. Coder sends it again; see the network and the proxy in front",
  invalid_json:
    "the body is not JSON in UTF-8. Coder's are: see who else sends, or what changes them on the way",
  invalid_notification: "not a notification as Coder sends it",
  internal: `The service failed: ${AGAIN}. Report the log entry internal_error`,
};

/** One line for the log about what became of a webhook. */
export function told(outcome: Outcome): string {
  switch (outcome.status) {
    case "forwarded":
      return "PlatformX took the event";
    case "queued":
      return "The event is stored in OUTBOX, and goes to PlatformX from there";
    case "dry_run":
      return "The event was logged, not sent (DRY_RUN)";
    case "duplicate":
      return "A copy of a webhook that is done: no second event";
    case "ignored":
      return IGNORED[outcome.reason];
    case "refused":
      return "PlatformX refuses the event: Coder sends it again a few times. The log entry event_refused says why";
    case "unavailable":
      return UNAVAILABLE[outcome.reason];
    case "error":
      return errorTold(outcome.reason, outcome.message);
  }
}

function errorTold(reason: ErrorReason, message: string): string {
  if (reason === "internal") return ERRORS.internal;
  const which = reason === "invalid_notification" ? ` (${scrub(message, [], 160)})` : "";
  return `Turned away: ${ERRORS[reason]}${which}`;
}
