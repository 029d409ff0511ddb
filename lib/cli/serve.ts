import type { Config } from "../config/config.ts";
import { divideGrace, type ExportTime } from "../status/telemetry_shutdown.ts";
import type { HealthState, Mode } from "../status/health.ts";
import type { MetricsState } from "../status/metrics.ts";
import { expectedNames } from "../coder/tracking.ts";
import type { Alarm } from "../outbox/alarm.ts";
import { ApiKey } from "../platformx/api_key.ts";
import { App } from "../http/app.ts";
import { Authenticator } from "../http/auth.ts";
import { systemClock as clock } from "../base/clock.ts";
import { createLog, type Log } from "../base/log.ts";
import { LogOutput } from "../base/log_output.ts";
import { attemptAt } from "../platformx/client.ts";
import { Relay } from "../delivery/relay.ts";
import { Sender } from "../platformx/gate.ts";
import { ListenError, serve as serveHttp, type Shutdown } from "../http/server.ts";
import { Stats } from "../status/stats.ts";
import { stopRequested } from "../http/stop_signals.ts";
import { StoreError } from "../outbox/store_error.ts";
import { openTelemetry, type Telemetry } from "../status/telemetry.ts";
import type { Terminal } from "./terminal.ts";
import { VERSION } from "../base/version.ts";
import { denoFiles } from "../runtime/deno_files.ts";
import { type Configured, configured, tellProblems, whereRead } from "./load_config.ts";
import { openDelivery } from "./delivery.ts";

/** Help of `serve`. */
export const HELP = `coder-platformx serve

Takes Coder's webhooks at POST / and forwards tracked ones to DX PlatformX. This is what runs without a command.
Configured by environment variables and .env; a shutdown (SIGTERM, SIGINT) lets work in progress finish.

Exit codes: 0 ended by a signal, 1 the address cannot be listened at or was lost, or OUTBOX cannot be used, 2
configuration.`;

/** Runs the service until a signal ends it; `alarm` wakes the outbox. */
export async function serve(terminal: Terminal, alarm: Alarm, envFile: string | undefined): Promise<number> {
  const shutdown = { draining: new AbortController(), cut: new AbortController() };
  const stop = stopRequested(clock, shutdown.cut);
  const setUp = await configured(terminal, { needsKey: true, envFile });
  if (setUp === undefined) return 2;
  const { config } = setUp;
  const telemetry = await openTelemetry(config.platformx.url);
  const { graceForWork, problems } = graceWith(telemetry, config.shutdownGrace);
  if (problems.length > 0) {
    return tellProblems(terminal, problems.map((text) => ({ variable: "SHUTDOWN_GRACE", text })));
  }
  const output = new LogOutput(telemetry === undefined);
  const log = logFor(config, terminal, output);
  tellStart(setUp, log);
  try {
    return await run({ ...config, shutdownGrace: graceForWork }, log, { alarm, shutdown, stop, telemetry });
  } catch (error) {
    if (error instanceof ListenError) terminal.err(error.message);
    else if (error instanceof StoreError) terminal.err(`OUTBOX cannot be used: ${error.message}`);
    else throw error;
    return 1;
  } finally {
    output.flush();
  }
}

/** Puts the parts together, and serves. */
async function run(
  config: Config,
  log: Log,
  { alarm, shutdown, stop, telemetry }: {
    readonly alarm: Alarm;
    readonly shutdown: Shutdown;
    readonly stop: Promise<"stop">;
    readonly telemetry: Telemetry | undefined;
  },
): Promise<number> {
  const draining = shutdown.draining.signal;
  const cut = shutdown.cut.signal;
  const { keyFile, ratePerMinute, testData, url } = config.platformx;
  const key = new ApiKey(config.platformx.key, keyFile, denoFiles, log);
  const userAgent = `coder-platformx/${VERSION}`;
  const plain = attemptAt({ url, key, userAgent, clock, fetch, cut });
  const attempt = telemetry?.traced(plain) ?? plain;
  const { domains, tracking } = config.events;
  const { dryRun } = config.delivery;
  const mode = modeOf(config);
  const meanwhile = mode === "outbox"
    ? "events wait in OUTBOX, as long as OUTBOX_MAX_AGE"
    : "webhooks are answered 503: Coder sends each again for some 20 minutes, then it is lost";
  const stats = new Stats(expectedNames(tracking), mode === "outbox");
  const onAttempt = stats.countAttempt.bind(stats);
  const sender = new Sender({ attempt, key, ratePerMinute, meanwhile, clock, log, onAttempt, draining, cut });
  const delivery = await openDelivery({ config, mode, sender, stats, alarm, clock, log, draining });
  const startedAt = clock.now() - clock.monotonic();
  try {
    const relay = new Relay({ rules: { tracking, domains }, testData, dryRun, fulfil: delivery.fulfil, log });
    const health = async (): Promise<HealthState> => ({
      version: VERSION,
      uptimeSeconds: Math.floor(clock.monotonic() / 1000),
      mode,
      eventsTracked: tracking.names,
      lastSeen: stats.lastSeen,
      counts: stats.counts,
      paused: sender.paused,
      lastDelivered: sender.lastDelivered,
      outbox: await delivery.outbox(),
    });
    const metrics = async (): Promise<MetricsState> => {
      // First, so that everything after it is of one moment.
      const outbox = await delivery.outbox();
      return {
        version: VERSION,
        denoVersion: Deno.version.deno,
        startedAt,
        webhooks: stats.webhooks,
        attempts: stats.attempts,
        webhookDurations: stats.webhookDurations,
        deliveryDurations: stats.deliveryDurations,
        attemptDurations: stats.attemptDurations,
        inFlight: app.inFlight.count,
        paused: sender.paused?.cause,
        lastWebhook: stats.lastWebhook,
        lastDelivered: sender.lastDelivered,
        outbox,
      };
    };
    const { readSecret, webhookSecrets } = config.http;
    const senders = new Authenticator(webhookSecrets);
    const readers = new Authenticator([...webhookSecrets, ...readSecret === undefined ? [] : [readSecret]]);
    const app = new App({
      relay,
      senders,
      readers,
      health,
      metrics,
      stats,
      clock,
      log,
      telemetry,
      draining,
      cut,
    });
    const idle = () => app.inFlight.idle().then(delivery.idle);
    const stopping = { shutdown, stopRequested: stop };
    return await serveHttp({
      app,
      onListening: delivery.start,
      idle,
      config: { ...config.http, shutdownGrace: config.shutdownGrace },
      ...stopping,
      clock,
      log,
    });
  } finally {
    delivery.close();
  }
}

/** The grace that is left for work, as the export of telemetry comes after it. Deno Deploy sees to that by itself. */
function graceWith(telemetry: Telemetry | undefined, grace: number): ExportTime {
  if (telemetry === undefined || Deno.env.get("DENO_DEPLOY")) return { graceForWork: grace, problems: [] };
  return divideGrace(grace, (name) => Deno.env.get(name), telemetry.metrics);
}

function modeOf({ delivery, outbox }: Config): Mode {
  if (delivery.dryRun) return "dry_run";
  return outbox === undefined ? "direct" : "outbox";
}

function logFor({ log: { level, format } }: Config, { isTerminal }: Terminal, { out, err }: LogOutput): Log {
  return createLog({
    level,
    format: format ?? (isTerminal ? "text" : "json"),
    colour: isTerminal && !Deno.env.get("NO_COLOR"),
    now: clock.now,
    out,
    err,
  });
}

const STARTING: Readonly<Record<Mode, string>> = {
  direct: "coder-platformx starts; events go to PlatformX while Coder waits for the answer",
  outbox: "coder-platformx starts; events are stored in OUTBOX and sent from there",
  dry_run: "coder-platformx starts; events are logged and not sent (DRY_RUN)",
};

function tellStart({ config, given, warnings }: Configured, log: Log): void {
  const mode = modeOf(config);
  log.write("INFO", "starting", STARTING[mode], {
    version: VERSION,
    mode,
    deno: Deno.version.deno,
    env_file: whereRead(given.envFile),
  });
  for (const { text } of warnings) log.write("WARNING", "config_warning", text);
  const whence = config.events.isDefault ? "the default of EVENTS_TRACKED" : "EVENTS_TRACKED";
  log.write("INFO", "tracking", `Tracked, by ${whence}: ${config.events.tracking.names.join(", ")}`);
  const where = config.delivery.dryRun
    ? "Nothing leaves this process (DRY_RUN). Logged for each of them, the address masked"
    : "Sent to PlatformX for each of them";
  log.write("INFO", "sent_data", `${where}: ${SENT_DATA}`);
}

const SENT_DATA =
  "the notification's name, the person's e-mail address, the time, and as metadata Coder's labels (workspace, template, " +
  "version, organization, initiator and whatever else it labels it with) and the ids of workspace, template, version " +
  "and organization. Never: the recipient, unless the event is about them; titles, texts, links, build parameters, " +
  "passcodes";
