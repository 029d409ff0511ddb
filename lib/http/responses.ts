/** Outcomes of requests that do not get as far as the relay. */
import { plain, type Redacted } from "../base/redact.ts";
import type { Outcome } from "../delivery/outcome.ts";
import type { ErrorReason } from "../delivery/reasons.ts";
import { type Body, BODY_LIMIT, BODY_TIMEOUT } from "./body.ts";

/** A body that is no JSON, or did not arrive. */
export function withoutJson(kind: Exclude<Body["kind"], "json">): Outcome {
  switch (kind) {
    case "cut_off":
      return unavailable("draining");
    case "no_room":
      return unavailable("busy");
    case "too_large":
      return failure(kind, plain`The limit is ${BODY_LIMIT} bytes`);
    case "too_slow":
      return failure(kind, plain`The limit is ${BODY_TIMEOUT / 1000} seconds`);
    case "invalid_json":
      return failure(kind);
  }
}

/** An error of a request. `detail`: a sentence without its full stop. */
export function failure(reason: ErrorReason, detail?: Redacted): Outcome {
  return { status: "error", reason, attempts: 0, ...(detail === undefined ? {} : { detail }) };
}

/** Nothing is wrong with the request: it is to be sent again. */
export function unavailable(reason: "busy" | "draining"): Outcome {
  return { status: "unavailable", reason, retryAfterMs: 1_000, attempts: 0 };
}
