/** The one event that `check` sends, and only when it is told to. */
import type { Clock } from "../base/clock.ts";
import { VERSION } from "../base/version.ts";
import type { Config } from "../config/config.ts";
import { attemptAt } from "../platformx/client.ts";
import { addressOf, domainOf } from "../coder/address.ts";
import type { PlatformXEvent } from "../platformx/event.ts";
import type { LaterCause, Verdict } from "../platformx/verdict.ts";
import type { Send } from "../runtime/runtime.ts";
import type { Finding } from "./finding.ts";

/** Name of the event: no notification of Coder has it, so nobody takes it for one. */
export const TEST_EVENT = "coder-platformx test";

/** Whether a text can be somebody's e-mail address; PlatformX decides whether it is. */
export function isAddress(text: string): boolean {
  return text.length <= 254 && addressOf(text) !== undefined;
}

/** The event about a person. `now`: Unix milliseconds. */
export function testEvent(email: string, now: number, version: string): PlatformXEvent {
  return {
    name: TEST_EVENT,
    email,
    timestamp: String(Math.floor(now / 1000)),
    metadata: { sent_by: "coder-platformx check", version },
    test_data: true,
  };
}

/** Why no event may be sent about a person; undefined: it may. */
export function whyNotSend(
  email: string,
  { delivery: { dryRun }, events: { domains } }: Config,
): string | undefined {
  if (dryRun) return "--send-test-event sends an event, and DRY_RUN forbids it: leave one of the two out";
  if (domains === undefined || domains.has(domainOf(email))) return undefined;
  return "--send-test-event needs an address in EMAIL_DOMAINS: nobody else is told to PlatformX";
}

/** Sends the event about a person, once. */
export async function sendTestEvent(
  email: string,
  { clock, config, send, userAgent }: {
    readonly clock: Clock;
    readonly config: Config;
    readonly send: Send;
    readonly userAgent: string;
  },
): Promise<Finding> {
  const { key, url } = config.platformx;
  const cut = new AbortController().signal;
  const attempt = attemptAt({ url, key: { current: key }, userAgent, clock, send, cut });
  return testEventFinding(await attempt(testEvent(email, clock.now(), VERSION)));
}

const NAME = "answer";

/** PlatformX's answer in words. */
export function testEventFinding(verdict: Verdict): Finding {
  switch (verdict.kind) {
    case "delivered":
      return { name: NAME, state: "ok", detail: `PlatformX took the event '${TEST_EVENT}'` };
    case "refused":
      return {
        name: NAME,
        state: "failed",
        detail: `PlatformX refused the event: ${verdict.words || "it does not say why"}`,
        todo: "Correct what PlatformX names; it has to know this address",
      };
    case "later":
      return {
        name: NAME,
        state: "failed",
        detail: `not taken: ${verdict.seen}`,
        todo: WHAT_TO_DO[verdict.cause],
      };
    case "unknown":
      return {
        name: NAME,
        state: "failed",
        detail: `no answer that makes sense: ${verdict.seen}`,
        todo: "Look into PlatformX before you send another one: it may have this one",
      };
  }
}

const WHAT_TO_DO: Readonly<Record<LaterCause, string>> = {
  platformx: "PlatformX could not take it now: try again later",
  rate_limit: "Wait a minute: DX's limit is shared by everything that uses the account",
  key: "Give GETDX_API_KEY the key of this project, from its page in PlatformX",
  url: "Check GETDX_API_URL and the proxy: somebody else than PlatformX answers",
};
