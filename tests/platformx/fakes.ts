/** A sender with stand-ins around it, for its own tests and for those of what uses it. */
import assert from "node:assert/strict";
import { denoFiles } from "../../lib/runtime/deno_files.ts";
import { ApiKey } from "../../lib/platformx/api_key.ts";
import type { Verdict } from "../../lib/platformx/verdict.ts";
import { type Held, type Permit, Sender } from "../../lib/platformx/gate.ts";
import { EVENT, FakeClock, PendingAttempts, RecordingLog } from "../support/fakes.ts";

export const DELIVERED: Verdict = { kind: "delivered" };
export const FAILED: Verdict = { kind: "later", cause: "platformx", seen: "status 500" };
export const RATE_LIMITED: Verdict = { kind: "later", cause: "rate_limit", seen: "status 429" };
export const KEY_REFUSED: Verdict = { kind: "later", cause: "key", seen: "status 401" };
export const WRONG_URL: Verdict = { kind: "later", cause: "url", seen: "status 404" };

/** A sender on a clock that stands still; without a limit unless one is given. */
export function senderWith(
  { ratePerMinute = 0, keyFile }: { ratePerMinute?: number; keyFile?: string } = {},
) {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const platformX = new PendingAttempts();
  const draining = new AbortController();
  const cut = new AbortController();
  const key = new ApiKey("old-key", keyFile, denoFiles, log);
  const sender = new Sender({
    meanwhile: "events wait",
    onAttempt: () => {},
    attempt: platformX.attempt,
    key,
    ratePerMinute,
    clock,
    log,
    draining: draining.signal,
    cut: cut.signal,
  });
  const acquire = (ms = 10_000) => sender.acquire(clock.monotonic() + ms);
  /** Makes one attempt that ends like this. */
  const send = async (verdict: Verdict): Promise<Verdict> => {
    const sending = permitted(await acquire()).send(EVENT);
    await platformX.end(verdict);
    return await sending;
  };
  return { sender, clock, log, platformX, draining, cut, key, acquire, send };
}

/** Leave, which must have been given. */
export function permitted(leave: Permit | Held): Permit {
  assert.ok(leave.kind === "permit", `held: ${JSON.stringify(leave)}`);
  return leave;
}
