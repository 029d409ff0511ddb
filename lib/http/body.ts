/** Reads a webhook's body, within its limits of size and time. */
import type { Clock } from "../base/clock.ts";
import { Deadlines } from "../base/deadlines.ts";
import { readAtMost } from "../runtime/read_at_most.ts";
import type { IncomingRequest } from "../runtime/runtime.ts";

/** Bytes of a webhook's body; Coder's largest are some 20 KB. */
export const BODY_LIMIT = 1024 * 1024;

/** Milliseconds from the request's head until its body must be here. */
export const BODY_TIMEOUT = 15_000;

/**
 * Declared bytes up to which a body is read in one go. That is faster by a fifth, but cannot be stopped: of a sender
 * that stalls so much stays in memory until it hangs up.
 */
const IN_ONE_GO = 64 * 1024;

/** The decoded JSON, or why there is none. */
export type Body =
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "too_large" | "too_slow" | "cut_off" | "no_room" | "invalid_json" };

/** Reads and decodes bodies, each within the same time. */
export class BodyReader {
  readonly #deadlines: Deadlines;
  readonly #decoder = new TextDecoder();
  readonly #strictDecoder = new TextDecoder("utf-8", { fatal: true });

  /** @param timeout milliseconds for a body to arrive @param cut aborted when work must end */
  constructor(timeout: number, cut: AbortSignal, clock: Pick<Clock, "monotonic" | "sleep">) {
    this.#deadlines = new Deadlines(timeout, cut, clock);
  }

  /**
   * After the time for it, or when work must end, the answer is there at once and no more is read. Never throws.
   *
   * @param take asked for room for the bytes of a body of unknown length; there is room for a declared one
   */
  read(request: IncomingRequest, declaredLength: number, take: (bytes: number) => boolean): Promise<Body> {
    return new Promise((resolve) => {
      let stop: AbortController | undefined;
      let hasRoom = true;
      const room = (bytes: number) => hasRoom = take(bytes);
      const arrived = this.#deadlines.begin((why) => {
        resolve({ kind: why === "timed_out" ? "too_slow" : "cut_off" });
        stop?.abort();
      });
      const bytes: Promise<Uint8Array | undefined> = declaredLength <= IN_ONE_GO
        ? request.bytes()
        : readAtMost(
          request.body,
          BODY_LIMIT,
          (stop = new AbortController()).signal,
          Number.isNaN(declaredLength) ? room : undefined,
        );
      bytes.then((bytes) => this.#decoded(bytes), () => INVALID).then((body) => {
        arrived();
        resolve(hasRoom ? body : { kind: "no_room" });
      });
    });
  }

  #decoded(bytes: Uint8Array | undefined): Body {
    if (bytes === undefined) return { kind: "too_large" };
    try {
      // A decoder that must fail makes texts of two bytes a character, which all that follows is slower with: it is
      // asked only where something was replaced.
      const text = this.#decoder.decode(bytes);
      if (text.includes("\uFFFD")) this.#strictDecoder.decode(bytes);
      return { kind: "json", value: JSON.parse(text) };
    } catch {
      return INVALID;
    }
  }
}

/** Not UTF-8, not JSON, or the connection broke: in that case nobody reads the answer. */
const INVALID: Body = { kind: "invalid_json" };
