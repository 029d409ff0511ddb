/** One request to PlatformX's address that carries neither a key nor an event. */
import type { Clock } from "../base/clock.ts";
import type { Answer, NetworkFailure, OutgoingRequest, Send } from "../runtime/runtime.ts";
import type { DatedAnswer } from "./clock.ts";

/** What came of it. */
export type Reached =
  | ({
    readonly kind: "answer";
    readonly status: number;
    /** The answer is JSON with `ok`, as every answer of PlatformX is documented to be. */
    readonly isPlatformX: boolean;
  } & DatedAnswer)
  | { readonly kind: "failure"; readonly failure: NetworkFailure };

/** What the request needs from outside. */
export interface ReachOptions {
  readonly url: string;
  readonly userAgent: string;
  readonly send: Send;
  readonly clock: Pick<Clock, "now" | "sleep">;
  /** Milliseconds; default: as long as an attempt may take. */
  readonly timeout?: number;
}

const TIMEOUT = 10_000;
const ANSWER_LIMIT = 64 * 1024;

/** Asks. Any answer at all proves that name, connection, TLS and proxy work: which answer is not documented by DX. */
export async function reach(
  { url, userAgent, send, clock, timeout }: ReachOptions,
): Promise<Reached> {
  const askedAt = clock.now();
  const headers = { accept: "application/json", "user-agent": userAgent };
  const answer = await ask(send, { method: "GET", url, headers }, clock, timeout);
  if (answer.kind === "failure") return answer;
  return {
    kind: "answer",
    status: answer.status,
    date: answer.headers.get("date"),
    askedAt,
    answeredAt: clock.now(),
    isPlatformX: hasOk(answer.body),
  };
}

/** Makes a request that ends by itself. `timeout`: milliseconds. */
export async function ask(
  send: Send,
  request: Omit<OutgoingRequest, "limit" | "signal">,
  clock: Pick<Clock, "sleep">,
  timeout = TIMEOUT,
): Promise<Answer> {
  const abort = new AbortController();
  const answered = new AbortController();
  void clock.sleep(timeout, answered.signal).then(() => abort.abort("timed_out"));
  const answer = await send({ ...request, limit: ANSWER_LIMIT, signal: abort.signal });
  answered.abort();
  return answer;
}

function hasOk(body: string): boolean {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null && "ok" in value && typeof value.ok === "boolean";
  } catch {
    return false;
  }
}
