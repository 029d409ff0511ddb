/** One HTTP attempt at PlatformX's `events.track`. Retries, pause and limits are around it. */
import type { PlatformXEvent } from "./event.ts";
import { parseRetryAfter } from "./backoff.ts";
import { type Answer, judge, type NetworkFailure, type Verdict } from "./verdict.ts";
import type { Clock } from "../base/clock.ts";
import { declaredLength, readAtMost } from "../base/read_at_most.ts";
import { TimeLimit } from "../base/deadlines.ts";

/** Milliseconds; the contract's. */
const ATTEMPT_TIMEOUT = 10_000;

/** Bytes of an answer that are read; PlatformX's own have some 50. */
const ANSWER_LIMIT = 64 * 1024;

/** The key, wherever it comes from. */
export interface ApiKey {
  readonly current: string;
}

/** What an attempt needs from outside. */
export interface PlatformXOptions {
  readonly url: string;
  readonly key: ApiKey;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  /** Aborted when attempts under way must end. */
  readonly cut: AbortSignal;
  /** Milliseconds for one attempt, connection and answer included. */
  readonly timeout?: number;
}

/** Makes one attempt. Never throws. */
export type Attempt = (event: PlatformXEvent) => Promise<Verdict>;

/** Makes the function that sends an event once and judges the answer. */
export function attemptAt(options: PlatformXOptions): Attempt {
  const limit = new TimeLimit(options.timeout ?? ATTEMPT_TIMEOUT, options.cut);
  return async (event) => {
    const key = options.key.current;
    const abort = new AbortController();
    const ended = limit.begin((why) => abort.abort(why));
    const answer = await send(event, key, abort.signal, options);
    ended();
    // The address as it is written here too: it may have a form that no pattern knows.
    return judge(answer, [key, event.email], [event.name, ...Object.values(event.metadata)]);
  };
}

async function send(
  event: PlatformXEvent,
  key: string,
  signal: AbortSignal,
  { clock, fetch, url, userAgent }: PlatformXOptions,
): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        accept: "application/json",
        "user-agent": userAgent,
      },
      body: JSON.stringify(event),
      redirect: "manual",
      signal,
    });
    const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"), clock.now());
    return {
      kind: "response",
      status: response.status,
      body: await textOf(response),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  } catch (error) {
    return { kind: "failure", failure: signal.aborted ? signal.reason : failureOf(error) };
  }
}

/** The body as text; empty when it is longer than allowed or breaks off: the status then decides alone. */
async function textOf(response: Response): Promise<string> {
  try {
    // In one go, which is faster, where the length is known; Deno removes it where it unpacks the answer.
    if (declaredLength(response.headers) <= ANSWER_LIMIT) return await response.text();
    const bytes = await readAtMost(response.body, ANSWER_LIMIT);
    return bytes === undefined ? "" : new TextDecoder().decode(bytes);
  } catch {
    return "";
  }
}

/**
 * Names a failure of `fetch` by its kind. Deno tells kinds apart in its texts only: in `message` (2.4) or in
 * `cause.message` (2.9); "(Connect)" is hyper's word for "no connection was made".
 */
export function failureOf(error: unknown): NetworkFailure {
  if (!(error instanceof Error)) return "unknown_failure";
  const cause = error.cause instanceof Error ? error.cause.message : "";
  // The address is quoted, and its words are the operator's.
  const text = `${error.message} ${cause}`.replace(/url \(\S*\)/g, "");
  if (/dns error|failed to lookup/i.test(text)) return "name_not_found";
  // DENO_CERT or DENO_TLS_CA_STORE cannot be used: nothing was sent.
  if (/opening CA file|certificate store|platform certificates/i.test(text)) return "tls_failed";
  if (/\(Connect\): (?:proxy auth|unsuccessful tunnel)/i.test(text)) return "proxy_refused";
  if (!/\(Connect\)|connection refused|are blocked/i.test(text)) {
    return /connection|sendrequest|reset|closed|eof/i.test(text) ? "connection_lost" : "unknown_failure";
  }
  return /certificate|tls|ssl|handshake|corrupt message/i.test(text) ? "tls_failed" : "connection_failed";
}
