/** PlatformX's answer → what it means for the event. The only place where success is decided. */
import { scrub } from "../base/redact.ts";

/** Reasons for trying again later that say where the fault is. */
export const LATER_CAUSES = ["platformx", "rate_limit", "key", "url"] as const;

/** One of {@link LATER_CAUSES}. */
export type LaterCause = typeof LATER_CAUSES[number];

/** What an answer means for the event. */
export type Verdict =
  | { readonly kind: "delivered" }
  /** This event will never be taken. `words` are PlatformX's, made fit to be shown. */
  | { readonly kind: "refused"; readonly words: string }
  /** Not taken, and nothing is wrong with the event. */
  | {
    readonly kind: "later";
    readonly cause: LaterCause;
    /** What was seen, for the log: a status or a kind of failure, with PlatformX's words if any. */
    readonly seen: string;
    readonly retryAfterMs?: number;
  }
  /** May have been taken: the answer was lost or made no sense. */
  | { readonly kind: "unknown"; readonly seen: string; readonly retryAfterMs?: number };

/** Every kind of verdict. */
export const VERDICTS = ["delivered", "refused", "later", "unknown"] as const satisfies readonly Verdict[
  "kind"
][];

/** How an attempt ended without an answer; named by kind, because the runtime's texts quote URL and headers. */
export type NetworkFailure =
  | "connection_failed"
  | "name_not_found"
  | "proxy_refused"
  | "tls_failed"
  | "connection_lost"
  | "timed_out"
  | "cut_off"
  | "unknown_failure";

/** What one attempt brought. */
export type Answer =
  | {
    readonly kind: "response";
    readonly status: number;
    /** The body; empty when it was too long or broke off. */
    readonly body: string;
    /** Milliseconds asked for by `Retry-After`. */
    readonly retryAfterMs?: number;
  }
  | { readonly kind: "failure"; readonly failure: NetworkFailure };

/** Failures of which it is certain that PlatformX did not see the event. */
const NOT_SENT: ReadonlySet<NetworkFailure> = new Set([
  "connection_failed",
  "name_not_found",
  "proxy_refused",
  "tls_failed",
]);

/** Statuses that speak of the caller, a proxy or the moment, not of the event. */
const NOT_ABOUT_THE_EVENT: ReadonlySet<number> = new Set([401, 403, 407, 408, 425, 429]);

const NAMES_RATE_LIMIT = /rate.?limit|too many requests|throttl/i;
/** Kept narrow: "invalid metadata key" is about an event, and must not stop everybody's. */
const NAMES_AUTHENTICATION = new RegExp(
  [
    "unauth|not.?auth|authenti|authoriz|forbidden|credential|(?:^|[^a-z])auth(?:$|[^a-z])",
    "(?:api|project|access|bearer)[ _-]?(?:key|token)",
    "(?:invalid|expired|revoked|missing)[ _-]token|token[ _-](?:invalid|expired|revoked|missing)",
  ].join("|"),
  "i",
);

/** Shorter texts of an event are parts of ordinary words. */
const SHORTEST_ECHO = 3;

/**
 * Judges an answer. `secrets` are removed from PlatformX's words wherever they are shown; `event` are texts of the event
 * that the words may repeat: a workspace named "auth" says nothing of the key.
 */
export function judge(
  answer: Answer,
  secrets: readonly string[],
  event: readonly string[] = [],
): Verdict {
  if (answer.kind === "failure") {
    const seen = answer.failure;
    if (!NOT_SENT.has(seen)) return { kind: "unknown", seen };
    return { kind: "later", cause: seen === "proxy_refused" ? "url" : "platformx", seen };
  }
  const { status } = answer;
  const success = status >= 200 && status < 300;
  const json = parseObject(answer.body);
  if (success && json?.["ok"] === true) return { kind: "delivered" };
  const said = wordsOf(json);
  const words = scrub(said, secrets);
  // Without what it repeats: "no user throttle@example.com" names no rate limit.
  const about = () =>
    scrub(said, [...secrets, ...event.filter((text) => text.length >= SHORTEST_ECHO)], 2_000);
  const seen = words === "" ? `status ${status}` : `status ${status}: ${words}`;
  const wait = answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs };
  const later = (cause: LaterCause): Verdict => ({ kind: "later", cause, seen, ...wait });

  if (status === 429) return later("rate_limit");
  if (status === 401 || status === 403) return later("key");
  if ((success || isClientError(status)) && json?.["ok"] === false) {
    if (NAMES_RATE_LIMIT.test(about())) return later("rate_limit");
    if (NAMES_AUTHENTICATION.test(about())) return later("key");
    if (!NOT_ABOUT_THE_EVENT.has(status)) return { kind: "refused", words };
    return later(status === 407 ? "url" : "platformx");
  }
  if (success || status === 502 || status === 504) return { kind: "unknown", seen, ...wait };
  return later(status >= 500 ? "platformx" : "url");
}

function isClientError(status: number): boolean {
  return status >= 400 && status < 500;
}

type JsonObject = Readonly<Record<string, unknown>>;

function parseObject(body: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? value as JsonObject : undefined;
  } catch {
    return undefined;
  }
}

/** The error's text, in the order in which DX's own client reads it. */
function wordsOf(json: JsonObject | undefined): string {
  const details = json?.["error_details"];
  const detailed = typeof details === "object" && details !== null
    ? (details as JsonObject)["message"]
    : undefined;
  for (const words of [detailed, json?.["error"], json?.["message"]]) {
    if (typeof words === "string" && words !== "") return words;
  }
  return "";
}
