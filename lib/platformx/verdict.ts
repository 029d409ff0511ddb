/** PlatformX's answer → what it means for the event. The only place where success is decided. */
import { constant, plain, type Redacted, scrub } from "../base/redact.ts";
import type { Answer as HttpAnswer, NetworkFailure } from "../runtime/runtime.ts";

/** Reasons for trying again later that say where the fault is. */
export const LATER_CAUSES = ["platformx", "rate_limit", "key", "url"] as const;

/** One of {@link LATER_CAUSES}. */
export type LaterCause = typeof LATER_CAUSES[number];

/** What an answer means for the event. */
export type Verdict =
  | { readonly kind: "delivered" }
  /** This event will never be taken. `words` are PlatformX's, made fit to be shown. */
  | { readonly kind: "refused"; readonly words: Redacted }
  /** Not taken, and nothing is wrong with the event. */
  | {
    readonly kind: "later";
    readonly cause: LaterCause;
    /** What was seen, for the log: a status or a kind of failure, with PlatformX's words if any. */
    readonly seen: Redacted;
    readonly retryAfterMs?: number;
  }
  /** May have been taken: the answer was lost or made no sense. */
  | { readonly kind: "unknown"; readonly seen: Redacted; readonly retryAfterMs?: number };

/** Every kind of verdict. */
export const VERDICTS = ["delivered", "refused", "later", "unknown"] as const satisfies readonly Verdict[
  "kind"
][];

/** What one attempt brought; milliseconds asked for by `Retry-After`. */
export type Answer =
  | Extract<HttpAnswer, { kind: "failure" }>
  | (Omit<Extract<HttpAnswer, { kind: "response" }>, "headers"> & {
    readonly retryAfterMs?: number | undefined;
  });

/** Failures of which it is certain that PlatformX did not see the event, and where the fault is. */
const NOT_SENT: Readonly<Partial<Record<NetworkFailure, LaterCause>>> = {
  connection_failed: "platformx",
  name_not_found: "platformx",
  proxy_failed: "platformx",
  proxy_refused: "url",
  tls_failed: "platformx",
};

/** Statuses that speak of the caller, a proxy or the moment, not of the event. */
const NOT_ABOUT_THE_EVENT: ReadonlySet<number> = new Set([401, 403, 407, 408, 425, 429]);

const NAMES_RATE_LIMIT = /rate.?limit|too.?many.?requests|throttl/i;
/** Kept narrow: "invalid metadata key" is about an event, and must not stop everybody's. */
const NAMES_AUTHENTICATION = new RegExp(
  [
    "unauth|not.?auth|authenti|authoriz|forbidden|credential|(?:^|[^a-z])auth(?:$|[^a-z])",
    "(?:api|project|access|bearer)[ _-]?(?:key|token)",
    "(?:invalid|expired|revoked|missing)[ _-]token|token[ _-](?:invalid|expired|revoked|missing)",
  ].join("|"),
  "i",
);

/** A machine's word for an error, in which nobody quotes a part of an event: `invalid_auth`. */
const CODE = /^[\w.-]{1,64}$/;

/**
 * Judges an answer. `secrets` are removed from PlatformX's words wherever they are shown. `event` are texts of the event:
 * where one of them speaks of keys or limits itself, words that may repeat it decide nothing for everybody else.
 */
export function judge(answer: Answer, secrets: readonly string[], event: readonly string[] = []): Verdict {
  if (answer.kind === "failure") {
    const seen = constant(answer.failure);
    const cause = NOT_SENT[answer.failure];
    return cause === undefined ? { kind: "unknown", seen } : { kind: "later", cause, seen };
  }
  const { status, retryAfterMs } = answer;
  const success = status >= 200 && status < 300;
  const json = answer.bodyEnd === undefined ? parseObject(answer.body) : undefined;
  if (success && json?.["ok"] === true) return { kind: "delivered" };
  const said = wordsOf(json);
  const words = scrub(said, secrets);
  const seen = words === "" ? plain`status ${status}` : plain`status ${status}: ${words}`;
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  const later = (cause: LaterCause): Verdict => ({ kind: "later", cause, seen, ...wait });

  if (status === 429) return later("rate_limit");
  if (status === 401 || status === 403) return later("key");
  if ((success || isClientError(status)) && json?.["ok"] === false) {
    const isQuoted = (subject: RegExp) =>
      event.some((text) => CODE.test(said) ? text.includes(said) : subject.test(text));
    const speaksOf = (subject: RegExp) => subject.test(said) && !isQuoted(subject);
    if (speaksOf(NAMES_RATE_LIMIT)) return later("rate_limit");
    if (speaksOf(NAMES_AUTHENTICATION)) return later("key");
    if (!NOT_ABOUT_THE_EVENT.has(status)) return { kind: "refused", words };
    return later(status === 407 ? "url" : "platformx");
  }
  if (status === 502 || status === 504 || (success && answer.bodyEnd === "cut_off")) {
    return { kind: "unknown", seen, ...wait };
  }
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
