/** The whole relay behind a real socket, put together as `serve` does it, with its parts within a test's reach. */
import { constant } from "../../lib/base/redact.ts";
import type { Clock } from "../../lib/base/clock.ts";
import { parseTracking } from "../../lib/coder/tracking.ts";
import { DedupCache } from "../../lib/delivery/dedup_cache.ts";
import { deliverDirectly } from "../../lib/delivery/direct.ts";
import { deliverToLog } from "../../lib/delivery/dry_run.ts";
import { Relay } from "../../lib/delivery/relay.ts";
import { SingleFlight } from "../../lib/delivery/single_flight.ts";
import { App } from "../../lib/http/app.ts";
import { Authenticator } from "../../lib/http/auth.ts";
import { attemptAt } from "../../lib/platformx/client.ts";
import { Gate } from "../../lib/platformx/gate.ts";
import { denoClient } from "../../lib/runtime/deno_client.ts";
import { denoServer } from "../../lib/runtime/deno_server.ts";
import { sha256 } from "../../lib/runtime/hashing.ts";
import type { Send } from "../../lib/runtime/runtime.ts";
import { systemClock } from "../../lib/runtime/system_clock.ts";
import { STAND_IN_KEY } from "../support/platformx.ts";
import { type Body, RecordingLog } from "../support/fakes.ts";

/** What a webhook was answered. */
export interface Reply {
  readonly http: number;
  readonly status: string;
  readonly reason: string | undefined;
  readonly retryAfter: string | null;
}

/** Settings of {@link startRelay}. */
export interface RelaySettings {
  /** Milliseconds from a copy's arrival until when its attempts may start. Default: 10 s. */
  readonly deadline?: number;
  readonly dryRun?: boolean;
}

/** Starts a relay that tracks everything and sends to `platformXUrl`, without delay between its attempts. */
export async function startRelay(platformXUrl: string, settings: RelaySettings = {}) {
  const { deadline = 10_000, dryRun = false } = settings;
  const controls = {
    /** Milliseconds after which a new attempt's answer counts as lost, where ten seconds are too long for a test. */
    patience: undefined as number | undefined,
    /** Milliseconds that measured time is ahead of the machine's: skips the waits that are told to Coder. */
    ahead: 0,
  };
  const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + controls.ahead };
  const log = new RecordingLog();
  const draining = new AbortController();
  const cut = new AbortController();
  const realSend = denoClient(() => undefined);
  const send: Send = (request) => {
    const { patience } = controls;
    if (patience === undefined) return realSend(request);
    const over = new AbortController();
    const timer = setTimeout(() => over.abort("timed_out"), patience);
    const signal = AbortSignal.any([request.signal, over.signal]);
    return realSend({ ...request, signal }).finally(() => clearTimeout(timer));
  };
  const attempt = attemptAt({
    url: platformXUrl,
    key: { current: STAND_IN_KEY },
    userAgent: "coder-platformx/0",
    ...{ clock, send },
    cut: cut.signal,
  });
  const gate = new Gate({
    meanwhile: constant("events wait"),
    onAttempt: () => {},
    key: { reload: () => Promise.resolve() },
    ratePerMinute: 0,
    ...{ attempt, clock, log },
    draining: draining.signal,
    cut: cut.signal,
  });
  const delivery = new SingleFlight({
    cache: new DedupCache(86_400_000, clock.monotonic),
    deliver: dryRun ? deliverToLog(log) : deliverDirectly({ gate, clock, random: () => 0 }),
    ...{ clock, deadline, gate, log },
  });
  const relay = new Relay({
    rules: { tracking: parseTracking("*").tracking, domains: undefined },
    testData: false,
    directory: undefined,
    hash: sha256,
    ...{ delivery, log },
    draining: draining.signal,
  });
  const everybody = new Authenticator([]);
  const notAsked = () => {
    throw new Error("not asked here");
  };
  const app = new App({
    relay,
    senders: everybody,
    readers: everybody,
    status: notAsked,
    usage: notAsked,
    count: () => {},
    ...{ clock, log },
    draining: draining.signal,
    cut: cut.signal,
  });
  const server = await denoServer({ host: "127.0.0.1", port: 0 }, app.handle);
  const url = `http://127.0.0.1:${server.address.port}/`;
  return {
    ...{ controls, app, log, draining, cut },
    /** Sends one webhook, as Coder does. */
    async send(body: Body): Promise<Reply> {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const { status, reason } = await response.json();
      return { http: response.status, status, reason, retryAfter: response.headers.get("retry-after") };
    },
    async [Symbol.asyncDispose]() {
      draining.abort();
      cut.abort();
      await server.shutdown();
    },
  };
}
