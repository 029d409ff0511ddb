/** A gate with stand-ins around it, for its own tests and for those of what uses it. */
import { constant } from "../../lib/base/redact.ts";
import { denoFiles } from "../../lib/runtime/deno_files.ts";
import { ApiKey } from "../../lib/platformx/api_key.ts";
import { Gate, type GateOptions, type Held } from "../../lib/platformx/gate.ts";
import type { Verdict } from "../../lib/platformx/verdict.ts";
import { EVENT, FakeClock, PendingAttempts, RecordingLog, settled, watched } from "../support/fakes.ts";

export const DELIVERED: Verdict = { kind: "delivered" };
export const FAILED: Verdict = { kind: "later", cause: "platformx", seen: constant("status 500") };
export const RATE_LIMITED: Verdict = { kind: "later", cause: "rate_limit", seen: constant("status 429") };
export const KEY_REFUSED: Verdict = { kind: "later", cause: "key", seen: constant("status 401") };
export const WRONG_URL: Verdict = { kind: "later", cause: "url", seen: constant("status 404") };
export const LOST: Verdict = { kind: "unknown", seen: constant("timed_out") };

/** What has come of a sending so far. */
export type Sending = { readonly value: Verdict | Held | undefined };

/** A gate on a clock that stands still; without a limit unless one is given. */
export function gateWith({ keyFile, ...options }: Partial<GateOptions> & { keyFile?: string } = {}) {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const platformX = new PendingAttempts();
  const draining = new AbortController();
  const cut = new AbortController();
  const key = new ApiKey("old-key", keyFile, denoFiles, log);
  const gate = new Gate({
    meanwhile: constant("events wait"),
    onAttempt: () => {},
    attempt: platformX.attempt,
    ratePerMinute: 0,
    ...{ key, clock, log },
    draining: draining.signal,
    cut: cut.signal,
    ...options,
  });
  /** Begins to send an event: after that it is on its way, held, or waits. */
  const begin = async (ms = 10_000): Promise<Sending> => {
    const sending = watched(gate.send(EVENT, clock.monotonic() + ms));
    await settled();
    return sending;
  };
  /** Makes one attempt that ends like this. */
  const send = async (verdict: Verdict): Promise<Verdict | Held | undefined> => {
    const sending = await begin();
    await platformX.end(verdict);
    return sending.value;
  };
  /** How many of so many that begin at once are on their way at once. They all end well. */
  const most = async (count: number): Promise<number> => {
    for (let i = 0; i < count; i++) void gate.send(EVENT, clock.monotonic());
    await settled();
    const { underWay } = platformX;
    while (platformX.underWay > 0) await platformX.end(DELIVERED);
    return underWay;
  };
  return { gate, clock, log, platformX, draining, cut, key, begin, send, most };
}
