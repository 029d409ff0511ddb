/** Coder's REST API, read only. What it answers is never logged or kept whole: the deployment's holds passwords. */
import type { Clock } from "../base/clock.ts";
import type { NetworkFailure, Send } from "../runtime/runtime.ts";

/** Milliseconds until an answer must be there. */
const TIMEOUT = 5_000;

/** Bytes of an answer that are read. */
const ANSWER_LIMIT = 1024 * 1024;

/** What came of a question. */
export type ApiAnswer =
  | { readonly kind: "ok"; readonly json: unknown }
  /** `isCoder`: in the form of Coder's errors; else somebody on the way may have answered. */
  | { readonly kind: "refused"; readonly status: number; readonly isCoder: boolean }
  /** `not_coder`: what answers is not Coder's API. */
  | { readonly kind: "failure"; readonly failure: NetworkFailure | "not_coder" };

/** What asking needs from outside. */
export interface CoderApiOptions {
  /** Coder's address, without a path of the API. */
  readonly url: string;
  /** Undefined: only what needs none can be asked. */
  readonly token: string | undefined;
  readonly userAgent: string;
  readonly send: Send;
  readonly clock: Pick<Clock, "sleep">;
}

/** Asks Coder. */
export class CoderApi {
  readonly #options: CoderApiOptions;
  readonly #base: string;

  constructor(options: CoderApiOptions) {
    this.#options = options;
    this.#base = `${options.url.replace(/\/+$/, "")}/api/v2`;
  }

  /** `GET /api/v2…`; each variable part of `path` must be percent-encoded. Never rejects, follows no redirect. */
  async get(path: string): Promise<ApiAnswer> {
    const { clock, send, token, userAgent } = this.#options;
    const abort = new AbortController();
    const answered = new AbortController();
    void clock.sleep(TIMEOUT, answered.signal).then(() => abort.abort("timed_out"));
    const answer = await send({
      method: "GET",
      url: this.#base + path,
      headers: {
        accept: "application/json",
        "user-agent": userAgent,
        ...(token === undefined ? {} : { "coder-session-token": token }),
      },
      limit: ANSWER_LIMIT,
      signal: abort.signal,
    });
    answered.abort();
    if (answer.kind === "failure") return answer;
    const json = answer.bodyEnd === undefined ? parsed(answer.body) : undefined;
    const { status } = answer;
    if (status < 200 || status > 299) return { kind: "refused", status, isCoder: isError(json) };
    if (json !== undefined) return { kind: "ok", json };
    return { kind: "failure", failure: answer.bodyEnd === "cut_off" ? "connection_lost" : "not_coder" };
  }
}

/** Undefined: no JSON. The error's text is not kept: it may quote what must not be shown. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isError(json: unknown): boolean {
  return typeof json === "object" && json !== null && "message" in json && typeof json.message === "string";
}
