/** One HTTP attempt at PlatformX's `events.track`. Retries, pause and limits are around it. */
import type { Clock } from "../base/clock.ts";
import { Deadlines } from "../base/deadlines.ts";
import type { Send } from "../runtime/runtime.ts";
import { parseRetryAfter } from "./backoff.ts";
import type { PlatformXEvent } from "./event.ts";
import { judge, type Verdict } from "./verdict.ts";

/** Milliseconds; the contract's. */
const ATTEMPT_TIMEOUT = 10_000;

/** Bytes of an answer that are read; PlatformX's own have some 50. */
const ANSWER_LIMIT = 64 * 1024;

/** What an attempt needs from outside. */
export interface ClientOptions {
  readonly url: string;
  /** The key, wherever it comes from. */
  readonly key: { readonly current: string };
  readonly userAgent: string;
  readonly clock: Clock;
  readonly send: Send;
  /** Aborted when attempts under way must end. */
  readonly cut: AbortSignal;
  /** Milliseconds for one attempt, connection and answer included. */
  readonly timeout?: number;
}

/** Makes one attempt: one POST on the wire. Never rejects. */
export type Attempt = (event: PlatformXEvent) => Promise<Verdict>;

/** Makes the function that sends an event once and judges the answer. */
export function attemptAt({ url, key, userAgent, clock, send, cut, timeout }: ClientOptions): Attempt {
  const limit = new Deadlines(timeout ?? ATTEMPT_TIMEOUT, cut, clock);
  return async (event) => {
    const sentKey = key.current;
    const abort = new AbortController();
    const ended = limit.begin((why) => abort.abort(why));
    const answer = await send({
      method: "POST",
      url,
      headers: {
        authorization: `Bearer ${sentKey}`,
        "content-type": "application/json",
        accept: "application/json",
        "user-agent": userAgent,
      },
      body: JSON.stringify(event),
      limit: ANSWER_LIMIT,
      signal: abort.signal,
    });
    ended();
    if (answer.kind === "response" && answer.status === 200 && answer.body === TAKEN) return DELIVERED;
    const seen = answer.kind === "failure"
      ? answer
      : { ...answer, retryAfterMs: parseRetryAfter(answer.headers.get("retry-after"), clock.now()) };
    // The address as it is written here too: it may have a form that no pattern knows.
    return judge(seen, [sentKey, event.email], [
      event.name,
      event.email,
      ...Object.entries(event.metadata).flat(),
    ]);
  };
}

/** PlatformX's usual answer needs no parsing. */
const TAKEN = '{"ok":true}';
const DELIVERED: Verdict = { kind: "delivered" };
