import { Shutdown } from "../base/shutdown.ts";
import { VERSION } from "../base/version.ts";
import { expectedNames } from "../coder/tracking.ts";
import type { Config } from "../config/config.ts";
import { DedupCache } from "../delivery/dedup_cache.ts";
import { deliverDirectly } from "../delivery/direct.ts";
import { deliverToLog } from "../delivery/dry_run.ts";
import { Relay } from "../delivery/relay.ts";
import { SingleFlight } from "../delivery/single_flight.ts";
import { App } from "../http/app.ts";
import { Authenticator } from "../http/auth.ts";
import { serve as serveHttp, whyNot } from "../http/server.ts";
import { openOutbox } from "../outbox/open.ts";
import { openStore } from "../outbox/open_store.ts";
import { StoreError } from "../outbox/outbox_store.ts";
import { ApiKey } from "../platformx/api_key.ts";
import { attemptAt } from "../platformx/client.ts";
import { Gate } from "../platformx/gate.ts";
import { loadHash } from "../runtime/hashing.ts";
import { ListenError, type Runtime } from "../runtime/runtime.ts";
import { systemClock as clock } from "../runtime/system_clock.ts";
import { Stats } from "../status/stats.ts";
import type { Status } from "../status/status.ts";
import { openTelemetry, type Telemetry } from "../status/telemetry.ts";
import { graceWith } from "../status/telemetry_shutdown.ts";
import { configured, tellProblems } from "./load_config.ts";
import { type OpenLog, openLog } from "./open_log.ts";
import { meanwhile, modeOf, tellStart } from "./start_lines.ts";
import type { Terminal } from "./terminal.ts";

/** Help of `serve`. */
export const HELP = `coder-platformx serve

Takes Coder's webhooks at POST / and forwards tracked ones to DX PlatformX. This is what runs without a command.
Configured by environment variables and .env; a shutdown (SIGTERM, SIGINT, SIGHUP) lets work in progress finish.

Exit codes: 0 ended by a signal, 1 the address cannot be listened at or was lost, or OUTBOX cannot be used, 2
configuration.`;

/** Runs the service until a signal ends it. Returns the exit code. */
export async function serve(runtime: Runtime, terminal: Terminal): Promise<number> {
  const shutdown = new Shutdown(clock);
  // From the first moment: the kernel drops the signals that process 1 of a container does not listen to.
  runtime.onStop(() => shutdown.request());
  const setUp = configured(terminal, { needsKey: true });
  if (setUp === undefined) return 2;
  const { config, warnings } = setUp;
  const telemetry = await openTelemetry(config.apiUrl);
  const { graceForWork, problems } = graceWith(telemetry, config.shutdownGrace, runtime.env);
  if (problems.length > 0) return tellProblems(terminal, problems);
  const log = openLog(config, { runtime, clock, telemetry });
  tellStart({ config, warnings, runtime, log });
  try {
    return await run({ ...config, shutdownGrace: graceForWork }, { runtime, shutdown, log, telemetry });
  } catch (error) {
    if (error instanceof ListenError) terminal.err(whyNot(error.fault, config));
    else if (error instanceof StoreError) terminal.err(`OUTBOX cannot be used: ${error.message}`);
    else throw error;
    return 1;
  } finally {
    await log.flush();
  }
}

/** Puts the parts together, and serves. */
async function run(
  config: Config,
  { runtime, shutdown, log, telemetry }: {
    readonly runtime: Runtime;
    readonly shutdown: Shutdown;
    readonly log: OpenLog;
    readonly telemetry: Telemetry | undefined;
  },
): Promise<number> {
  const { draining, cut } = shutdown;
  const { domains, dryRun, testData, tracking, webhookSecrets: secrets } = config;
  const mode = modeOf(config);
  const stats = new Stats(expectedNames(tracking), mode === "outbox");
  const key = new ApiKey(config.apiKey, config.apiKeyFile, runtime.files, log);
  const userAgent = `coder-platformx/${VERSION}`;
  const attempt = attemptAt({ url: config.apiUrl, key, userAgent, clock, send: runtime.send, cut });
  const gate = new Gate({
    attempt: telemetry?.attempt(attempt) ?? attempt,
    key,
    ratePerMinute: config.ratePerMinute,
    meanwhile: meanwhile(mode),
    onAttempt: stats.countAttempt.bind(stats),
    ...{ clock, log, draining, cut },
  });
  const outbox = config.outbox === undefined || mode !== "outbox" ? undefined : openOutbox(
    await openStore(config.outbox, config, clock, log),
    {
      maxAge: config.outboxMaxAge,
      random: Math.random,
      onSettled: stats.countSettled.bind(stats),
      traced: telemetry?.traced ?? ((_, work) => work()),
      ...{ gate, clock, log, draining },
    },
  );
  const delivery = outbox?.outbox ?? new SingleFlight({
    cache: new DedupCache(config.dedupWindow, clock.monotonic),
    deliver: dryRun ? deliverToLog(log) : deliverDirectly({ gate, clock, random: Math.random }),
    deadline: config.deliveryDeadline,
    ...{ clock, log, gate },
  });
  const relay = new Relay({ rules: { tracking, domains }, testData, delivery, hash: loadHash, log });
  const startedAt = clock.now() - clock.monotonic();
  const status = (): Status => ({
    version: VERSION,
    runtime: { name: runtime.name, version: runtime.version },
    mode,
    now: clock.now(),
    startedAt,
    uptimeMs: clock.monotonic(),
    tracked: tracking.names,
    stats,
    inFlight: app.admission.count,
    platformx: gate.status(),
    outbox: outbox?.outbox.status(),
    coder: undefined,
    log: log.status(),
  });
  const app = new App({
    relay,
    senders: new Authenticator(secrets),
    readers: new Authenticator(config.readSecret === undefined ? secrets : [...secrets, config.readSecret]),
    status,
    usage: runtime.usage,
    count: stats.count.bind(stats),
    beforeAnswer: log.beforeAnswer,
    ...{ clock, log, telemetry, draining, cut },
  });
  return await serveHttp({
    address: config,
    grace: config.shutdownGrace,
    onListening: () => {
      void loadHash();
      outbox?.start();
    },
    idle: () => app.admission.idle().then(() => outbox?.idle()),
    close: () => Promise.resolve(outbox?.close()),
    ...{ runtime, app, shutdown, clock, log },
  });
}
