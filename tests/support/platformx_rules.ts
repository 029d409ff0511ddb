/**
 * What PlatformX's `events.track` answers to a call, as far as DX documents it. Pure: the server around it is
 * in `platformx.ts`, the rate limit in `platformx_rate.ts`.
 */
import type { Received } from "./platformx_wire.ts";

/** An event as it was received, unknown fields included: a test must also see what should not have been sent. */
export interface ReceivedEvent {
  readonly name: string;
  readonly email: string;
  /** Unix seconds, as text. */
  readonly timestamp: string;
  /** Empty when the call had none. */
  readonly metadata: Readonly<Record<string, string>>;
  /** `true`: DX surveys this person at once and keeps the event out of its reports. */
  readonly test_data?: boolean;
}

/** What the rules look at of a request. */
export type Call = Omit<Received, "connection">;

/** The answer to a call, and the event when it was taken. */
export interface Judgement {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly event?: ReceivedEvent;
}

/** The only path of the stand-in. */
export const TRACK_PATH = "/events.track";

/**
 * Most bytes of `metadata`, as compact JSON in UTF-8. DX documents "1KB", without saying whether that is 1000
 * or 1024 bytes, or of which serialisation: the stand-in takes the stricter.
 */
export const METADATA_LIMIT_BYTES = 1000;

const NOT_FOUND: Judgement = {
  status: 404,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body: "Not Found",
};

/** Judges one call by the documented rules, apart from the rate limit. */
export function judge(call: Call, key: string): Judgement {
  if (call.method !== "POST" || call.path !== TRACK_PATH) return NOT_FOUND;
  if (call.headers.get("authorization") !== `Bearer ${key}`) {
    // Not documented by DX: neither the status nor the words for a key that it does not accept.
    return json(401, { ok: false, error: "not_authed" });
  }
  const event = readEvent(call);
  return typeof event === "string"
    ? json(422, { ok: false, error: "invalid_payload", error_details: { message: event } })
    : { ...json(200, { ok: true }), event };
}

/** The answer above the rate limit. Not documented by DX: the words, and whether `Retry-After` is sent. */
export function rateLimited(retryAfterSeconds: number): Judgement {
  const { status, headers, body } = json(429, { ok: false, error: "rate_limited" });
  return { status, headers: { ...headers, "retry-after": String(retryAfterSeconds) }, body };
}

function json(status: number, value: unknown): Judgement {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

/** The event, or what is wrong with the payload. */
function readEvent({ headers, body }: Call): ReceivedEvent | string {
  // DX documents a JSON body, not what becomes of one that is not declared: many servers do not read it as JSON.
  if (!/^application\/json\s*(;|$)/i.test(headers.get("content-type") ?? "")) {
    return "Content-Type must be application/json";
  }
  let payload: unknown;
  try {
    payload = JSON.parse(body);
  } catch {
    return "body must be JSON";
  }
  if (!isObject(payload)) return "body must be a JSON object";

  const { name, email, timestamp, metadata = {}, test_data } = payload;
  if (typeof name !== "string" || name === "") return "name must be a non-empty string";
  // DX also knows people by github_username and gitlab_username; nothing here sends those.
  if (typeof email !== "string" || email === "") return "email must be a non-empty string";
  // At most ten digits (until the year 2286), so that milliseconds are noticed.
  if (typeof timestamp !== "string" || !/^\d{1,10}$/.test(timestamp)) {
    return "timestamp must be a string of Unix seconds";
  }
  // Documented is "a JSON object", not what becomes of numbers and nested values.
  if (!isObject(metadata) || !hasOnlyStrings(metadata)) return "metadata must be a flat object of strings";
  const bytes = new TextEncoder().encode(JSON.stringify(metadata)).length;
  if (bytes > METADATA_LIMIT_BYTES) {
    return `metadata must be at most ${METADATA_LIMIT_BYTES} bytes of JSON: it is ${bytes}`;
  }
  if (test_data === undefined) return { ...payload, name, email, timestamp, metadata };
  if (typeof test_data !== "boolean") return "test_data must be a boolean";
  return { ...payload, name, email, timestamp, metadata, test_data };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function hasOnlyStrings(value: Record<string, unknown>): value is Record<string, string> {
  return Object.values(value).every((item) => typeof item === "string");
}
