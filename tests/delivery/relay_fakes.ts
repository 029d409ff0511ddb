/** The whole relay behind a real socket, put together as `serve` does it, with its parts within a test's reach. */
import { denoFiles } from "../../lib/runtime/deno_files.ts";
import { ApiKey } from "../../lib/platformx/api_key.ts";
import { App } from "../../lib/http/app.ts";
import { Authenticator } from "../../lib/http/auth.ts";
import { type Clock, systemClock } from "../../lib/base/clock.ts";
import { parseTracking } from "../../lib/coder/tracking.ts";
import { deliverDirectly } from "../../lib/delivery/direct.ts";
import { deliverToLog } from "../../lib/delivery/dry_run.ts";
import { OccurrenceMemory } from "../../lib/delivery/dedup_cache.ts";
import { OneDelivery } from "../../lib/delivery/single_flight.ts";
import { attemptAt } from "../../lib/platformx/client.ts";
import { Relay } from "../../lib/delivery/relay.ts";
import { Sender } from "../../lib/platformx/gate.ts";
import { Stats } from "../../lib/status/stats.ts";
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
export function startRelay(platformXUrl: string, settings: RelaySettings = {}) {
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
  const key = new ApiKey(STAND_IN_KEY, undefined, denoFiles, log);
  const impatient: typeof fetch = (input, init) => {
    const { patience } = controls;
    if (patience === undefined) return fetch(input, init);
    return fetch(input, { ...init, signal: AbortSignal.any([init!.signal!, AbortSignal.timeout(patience)]) });
  };
  const attempt = attemptAt({
    url: platformXUrl,
    key,
    userAgent: "coder-platformx/0",
    clock,
    fetch: impatient,
    cut: cut.signal,
  });
  const sender = new Sender({
    meanwhile: "events wait",
    onAttempt: () => {},
    attempt,
    key,
    ratePerMinute: 0,
    clock,
    log,
    draining: draining.signal,
    cut: cut.signal,
  });
  const oneDelivery = new OneDelivery({
    memory: new OccurrenceMemory(86_400_000, clock.monotonic),
    deliver: dryRun ? deliverToLog(log) : deliverDirectly({ sender, clock, random: () => 0 }),
    clock,
    deadline,
    holds: sender,
  });
  const { tracking } = parseTracking("*");
  const relay = new Relay({
    rules: { tracking, domains: undefined },
    testData: false,
    dryRun,
    fulfil: oneDelivery.fulfil.bind(oneDelivery),
    log,
  });
  const everybody = new Authenticator([]);
  const app = new App({
    relay,
    senders: everybody,
    readers: everybody,
    health: () => Promise.reject(new Error("not asked here")),
    metrics: () => Promise.reject(new Error("not asked here")),
    stats: new Stats([], false),
    clock,
    log,
    draining: draining.signal,
    cut: cut.signal,
  });
  /** The ports that webhooks came from: one per connection. */
  const connections = new Set<number>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request, info) => {
    connections.add(info.remoteAddr.port);
    return app.handle(request);
  });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  return {
    controls,
    app,
    sender,
    log,
    draining,
    cut,
    connections,
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
