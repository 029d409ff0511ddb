/** Reads a webhook's body, within its limits of size and time. */
import { readAtMost } from "./read_at_most.ts";

/** Bytes of a webhook's body; Coder's largest are some 20 KB. */
export const BODY_LIMIT = 1024 * 1024;

/** Milliseconds from the request's head until its body must be here. */
export const BODY_TIMEOUT = 15_000;

/** The decoded JSON, or why there is none. */
export type Body =
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "too_large" | "too_slow" | "cut_off" | "invalid_json" };

/** Whether a declared length is over the limit. */
export function declaresTooMuch(headers: Headers): boolean {
  return Number(headers.get("content-length") ?? 0) > BODY_LIMIT;
}

/**
 * Reads and decodes. After `timeout` milliseconds, or when `cut` is aborted, the answer is there at once and no more
 * is read. Never throws.
 */
export async function readBody(request: Request, timeout: number, cut: AbortSignal): Promise<Body> {
  const stop = new AbortController();
  const stopped = Promise.withResolvers<Body>();
  const end = (kind: "too_slow" | "cut_off") => {
    stopped.resolve({ kind });
    stop.abort();
  };
  const cutOff = () => end("cut_off");
  const timer = setTimeout(end, timeout, "too_slow");
  cut.addEventListener("abort", cutOff);
  try {
    return await Promise.race([stopped.promise, readJson(request, stop.signal)]);
  } finally {
    clearTimeout(timer);
    cut.removeEventListener("abort", cutOff);
  }
}

async function readJson(request: Request, stop: AbortSignal): Promise<Body> {
  try {
    const bytes = await readAtMost(request.body, BODY_LIMIT, stop);
    if (bytes === undefined) return { kind: "too_large" };
    return { kind: "json", value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) };
  } catch {
    // Not UTF-8, not JSON, or the connection broke: in that case nobody reads the answer.
    return { kind: "invalid_json" };
  }
}
