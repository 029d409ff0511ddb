/** What is answered to requests that do not get as far as the relay. */
import type { ErrorReason, Outcome } from "../delivery/outcome.ts";
import { type Body, BODY_LIMIT, BODY_TIMEOUT } from "./body.ts";
import type { Report } from "../delivery/relay.ts";

/** Another path than `/` and `/metrics`. */
export const NOT_FOUND = failure(
  "not_found",
  "Webhooks are taken at / only. Correct the address in Coder's endpoint setting.",
);
/** Another method at `/`. */
export const METHOD_NOT_ALLOWED: Outcome = {
  status: "error",
  reason: "method_not_allowed",
  message: "Use GET for health, POST for webhooks.",
};
/** A webhook without the secret. */
export const UNAUTHORIZED = failure(
  "unauthorized",
  "The secret is missing or wrong. Set Coder's endpoint to https://coder:SECRET@host/ with WEBHOOK_SECRET.",
);
/** Somebody who asks for details without a secret. */
export const MAY_NOT_READ = failure(
  "unauthorized",
  "The secret is missing or wrong. Send READ_SECRET or WEBHOOK_SECRET as bearer token or Basic-auth password.",
);
/** Another method at `/metrics`. */
export const NO_WEBHOOKS = failure(
  "method_not_allowed",
  "Use GET for metrics; webhooks are taken at / only.",
);
/** Another content type, or a packed body. */
export const UNSUPPORTED = failure(
  "unsupported_media_type",
  "The body must be application/json without Content-Encoding.",
);
/** A body above the limit, declared or read. */
export const TOO_LARGE = failure("too_large", `The body must have at most ${BODY_LIMIT} bytes.`);

/** A body that is no JSON, or did not arrive. */
export function withoutJson(kind: Exclude<Body["kind"], "json">): Report {
  switch (kind) {
    case "cut_off":
      return unavailable("draining");
    case "no_room":
      return unavailable("busy");
    case "too_large":
      return TOO_LARGE;
    case "too_slow":
      return failure("too_slow", `The body must arrive within ${BODY_TIMEOUT / 1000} seconds.`);
    case "invalid_json":
      return failure("invalid_json", "The body must be JSON in UTF-8.");
  }
}

/** An error of a request. */
export function failure(reason: ErrorReason, message: string): Report {
  return { outcome: { status: "error", reason, message }, attempts: 0 };
}

/** Nothing is wrong with the request: it is to be sent again. */
export function unavailable(reason: "busy" | "draining"): Report {
  return { outcome: { status: "unavailable", reason, retryAfterMs: 1_000 }, attempts: 0 };
}
