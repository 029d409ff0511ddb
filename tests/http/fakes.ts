/** The app without a socket, and requests to it. */
import { stateWith } from "../status/metrics_fakes.ts";
import { App, type AppOptions } from "../../lib/http/app.ts";
import { Authenticator } from "../../lib/http/auth.ts";
import type { HealthState } from "../../lib/status/health.ts";
import type { Report } from "../../lib/delivery/relay.ts";
import { Stats } from "../../lib/status/stats.ts";
import { FakeClock, notificationWith, RecordingLog } from "../support/fakes.ts";

/** What the relay reports unless a test says otherwise. */
export const FORWARDED: Report = {
  outcome: { status: "forwarded", event: "Workspace Created" },
  messageId: "5b3d4b0d-2190-4ce6-b7c8-08cb1e3152f5",
  attempts: 1,
};

/** A service that is well. */
export const HEALTHY: HealthState = {
  version: "1.2.3",
  uptimeSeconds: 42,
  mode: "direct",
  eventsTracked: ["Workspace Created"],
  lastSeen: { "Workspace Created": null },
  counts: { forwarded: 0 },
  paused: undefined,
  lastDelivered: undefined,
  outbox: undefined,
};

/** The app, open to everybody, with a relay that forwards; and what it writes to. */
export function appWith(options: Partial<AppOptions> = {}) {
  const never = new AbortController().signal;
  const log = new RecordingLog();
  const clock = new FakeClock();
  const stats = new Stats(["Workspace Created"], false);
  const app = new App({
    relay: { receive: () => Promise.resolve(FORWARDED) },
    senders: new Authenticator([]),
    readers: new Authenticator([]),
    health: () => Promise.resolve(HEALTHY),
    metrics: () => Promise.resolve(stateWith()),
    stats,
    clock,
    log,
    draining: never,
    cut: never,
    ...options,
  });
  return { app, log, clock, stats };
}

/** A signal that is aborted. */
export function aborted(): AbortSignal {
  return AbortSignal.abort();
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
