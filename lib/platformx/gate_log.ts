/** What the gate tells of: each change once, and at DEBUG every attempt. */
import type { Log } from "../base/log.ts";
import { constant, plain, type Redacted, shownId } from "../base/redact.ts";
import type { Pause } from "./circuit_breaker.ts";
import type { PlatformXEvent } from "./event.ts";
import type { LaterCause, Verdict } from "./verdict.ts";

/** Log of a gate. */
export class GateLog {
  readonly #log: Log;
  readonly #meanwhile: Redacted;
  /** What was said since PlatformX last judged an event. */
  readonly #said = new Set<LaterCause>();

  /** @param meanwhile what becomes of events while nothing is sent */
  constructor(log: Log, meanwhile: Redacted) {
    this.#log = log;
    this.#meanwhile = meanwhile;
  }

  /** An attempt was made. */
  attempt(event: PlatformXEvent, verdict: Verdict, probe: boolean): void {
    if (!this.#log.writes("DEBUG")) return;
    this.#log.write("DEBUG", "attempt", plain`PlatformX's answer means: ${verdict.kind}`, {
      msg_id: shownId(event.metadata["coder_message_id"] ?? ""),
      verdict: verdict.kind,
      seen: "seen" in verdict ? verdict.seen : undefined,
      probe,
    });
  }

  /** A verdict led from one state of the pause to another, at `now`; perhaps to the same. */
  change(before: Pause, after: Pause, verdict: Verdict, now: number): void {
    if (verdict.kind === "later") this.#loud(verdict.cause, verdict.seen);
    if (before.state === "sending" && after.state === "paused") {
      const seen = "seen" in verdict ? verdict.seen : undefined;
      const whatToDo = TO_DO_ABOUT[seen ?? ""] ?? WHAT_TO_DO[after.cause];
      this.#log.write("WARNING", "paused", plain`${PAUSED}. Until then ${this.#meanwhile}. ${whatToDo}`, {
        reason: after.cause,
        seen,
      });
    }
    if (verdict.kind !== "delivered" && verdict.kind !== "refused") return;
    this.#said.clear();
    if (before.state === "sending") return;
    this.#log.write("INFO", "resumed", "PlatformX takes events again: sending goes on, with what waited", {
      paused_seconds: Math.round((now - before.since) / 1000),
    });
  }

  #loud(cause: LaterCause, seen: Redacted): void {
    const told = LOUD[cause];
    if (told === undefined || this.#said.has(cause)) return;
    this.#said.add(cause);
    this.#log.write("ERROR", told.event, plain`${told.text}. Until then ${this.#meanwhile}`, { seen });
  }
}

/** What an operator has to mend, said at once and not only when it becomes a pause. */
const LOUD: Readonly<
  Partial<Record<LaterCause, { readonly event: "key_refused" | "wrong_url"; readonly text: Redacted }>>
> = {
  key: {
    event: "key_refused",
    text: constant(
      "PlatformX does not accept the key: put the project's key into GETDX_API_KEY and restart, or into the file ",
      "of GETDX_API_KEY_FILE, which is read again by itself; systemd's copy of it changes only at a restart",
    ),
  },
  url: {
    event: "wrong_url",
    text: constant(
      "Something other than PlatformX answers at GETDX_API_URL, perhaps a proxy: check it and the proxy variables",
    ),
  },
};

const PAUSED =
  "Sending to PlatformX is paused; an event is tried now and then, and the first that is taken ends the pause";

/** What to do about a failure that tells more than its cause. */
const TO_DO_ABOUT: Readonly<Partial<Record<string, Redacted>>> = {
  tls_failed: constant(
    "The certificate shown to this machine is not trusted, or it is no TLS: behind a proxy that inspects TLS let ",
    "DENO_CERT name its CA's certificate (PEM); 'coder-platformx check' tells more",
  ),
  proxy_failed: constant(
    "The proxy that HTTPS_PROXY or ALL_PROXY names answers, but does not get to PlatformX: see the proxy's own log",
  ),
};
const WHAT_TO_DO = {
  platformx: "See DX's status page, and whether this machine reaches PlatformX: 'coder-platformx check'",
  rate_limit: "Something else uses up the DX account's limit, or GETDX_RATE_LIMIT is too high for it",
  key: "Replace the key: see key_refused",
  url: "Correct GETDX_API_URL or the proxy variables: see wrong_url",
} as const satisfies Readonly<Record<LaterCause, string>>;
