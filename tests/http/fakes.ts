/** The app without a socket, and requests to it. */
import { constant } from "../../lib/base/redact.ts";
import assert from "node:assert/strict";
import type { Outcome } from "../../lib/delivery/outcome.ts";
import { App, type AppOptions } from "../../lib/http/app.ts";
import { Authenticator } from "../../lib/http/auth.ts";
import type { OutgoingResponse } from "../../lib/runtime/runtime.ts";
import { Stats } from "../../lib/status/stats.ts";
import { statusWith, USAGE } from "../status/states.ts";
import { FakeClock, notificationWith, RecordingLog } from "../support/fakes.ts";

/** What the relay tells unless a test says otherwise. */
export const FORWARDED: Outcome = {
  status: "forwarded",
  notification: constant("Workspace Created"),
  messageId: constant("5b3d4b0d-2190-4ce6-b7c8-08cb1e3152f5"),
  attempts: 1,
};

/** The app, open to everybody, with a relay that forwards; and what it writes to. */
export function appWith(options: Partial<AppOptions> = {}) {
  const never = new AbortController().signal;
  const log = new RecordingLog();
  const clock = new FakeClock();
  const stats = new Stats(["Workspace Created"], false);
  /** Of what was counted, whether Coder sent it. */
  const fromCoder: boolean[] = [];
  const app = new App({
    relay: { receive: () => Promise.resolve(FORWARDED) },
    senders: new Authenticator([]),
    readers: new Authenticator([]),
    status: () => statusWith({ stats }),
    usage: () => USAGE,
    count: (outcome, at) => {
      stats.count(outcome, at);
      fromCoder.push(at.fromCoder);
    },
    clock,
    log,
    draining: never,
    cut: never,
    ...options,
  });
  return { app, log, clock, stats, fromCoder };
}

/** A webhook as Coder posts it; `init` replaces parts of it, and its headers are added. */
export function webhook(init: RequestInit = {}, path = "/"): Request {
  const headers = new Headers({ "content-type": "application/json", "x-message-id": "m" });
  for (const [name, value] of new Headers(init.headers)) headers.set(name, value);
  const body = JSON.stringify(notificationWith());
  return new Request(`http://relay.example.com${path}`, { method: "POST", body, ...init, headers });
}

/** A request without a body. */
export function request(method: string, path = "/", headers: Record<string, string> = {}): Request {
  return new Request(`http://relay.example.com${path}`, { method, headers });
}

/** The header that Coder sends for a secret in its endpoint setting. */
export function basic(secret: string): { readonly authorization: string } {
  return { authorization: `Basic ${btoa(`coder:${secret}`)}` };
}

/** The JSON of an answer, which is none of a redirect's and at most 512 bytes. */
export function jsonOf({ status, headers, body }: OutgoingResponse): Readonly<Record<string, unknown>> {
  assert.ok(status < 300 || status >= 400, `${status}`);
  assert.equal(headers["location"], undefined);
  assert.equal(headers["content-type"], "application/json");
  assert.ok(body !== null && new TextEncoder().encode(body).length <= 512, String(body));
  return JSON.parse(body);
}

/** Fails unless this is the answer to HEAD that GET would have had: all of it but the body. */
export function assertHead(answer: OutgoingResponse, status: number): void {
  assert.equal(answer.status, status);
  assert.equal(answer.headers["content-type"], "application/json");
  assert.ok(Number(answer.headers["content-length"]) > 0, answer.headers["content-length"]);
  assert.equal(answer.body, null);
}

/** A body that comes in one chunk, and then ends or stalls. It tells how often it was asked for more. */
export function bodyOf(chunk: string, then: "ends" | "stalls") {
  const seen = { pulls: 0 };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (++seen.pulls === 1) controller.enqueue(new TextEncoder().encode(chunk));
      else if (then === "ends") controller.close();
      else return new Promise(() => {});
    },
  }, { highWaterMark: 0 });
  return { stream, seen };
}
