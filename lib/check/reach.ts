/** One request to PlatformX's address that carries neither a key nor an event. */
import type { DatedAnswer } from "./clock.ts";
import type { NetworkFailure } from "../platformx/verdict.ts";
import { failureOf } from "../platformx/client.ts";
import { readAtMost } from "../base/read_at_most.ts";

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
  readonly fetch: typeof fetch;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Milliseconds; default: as long as an attempt may take. */
  readonly timeout?: number;
}

const TIMEOUT = 10_000;
const ANSWER_LIMIT = 64 * 1024;

/** Asks. Any answer at all proves that name, connection, TLS and proxy work: which answer is not documented by DX. */
export async function reach(
  { url, userAgent, fetch, now, timeout = TIMEOUT }: ReachOptions,
): Promise<Reached> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort("timed_out"), timeout);
  try {
    const askedAt = now();
    const response = await fetch(url, {
      headers: { accept: "application/json", "user-agent": userAgent },
      redirect: "manual",
      signal: abort.signal,
    });
    const answeredAt = now();
    const { status, headers } = response;
    const date = headers.get("date");
    return { kind: "answer", status, date, askedAt, answeredAt, isPlatformX: await hasOk(response) };
  } catch (error) {
    return { kind: "failure", failure: abort.signal.aborted ? "timed_out" : failureOf(error) };
  } finally {
    clearTimeout(timer);
  }
}

async function hasOk(response: Response): Promise<boolean> {
  try {
    const bytes = await readAtMost(response.body, ANSWER_LIMIT);
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null && "ok" in value && typeof value.ok === "boolean";
  } catch {
    return false;
  }
}
