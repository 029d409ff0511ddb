/** The one event that `check` sends, and only when it is told to. */
import { addressOf } from "../coder/address.ts";
import type { PlatformXEvent } from "../platformx/event.ts";
import type { LaterCause, Verdict } from "../platformx/verdict.ts";
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
