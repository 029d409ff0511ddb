/** Puts the parts of the service together, and runs it. */
import type { Clock } from "../base/clock.ts";
import type { Shutdown } from "../base/shutdown.ts";
import { VERSION } from "../base/version.ts";
import { CoderApi } from "../coder/coder_api.ts";
import { Directory } from "../coder/directory.ts";
import { expectedNames } from "../coder/tracking.ts";
import type { Config } from "../config/config.ts";
import { Relay } from "../delivery/relay.ts";
import { App } from "../http/app.ts";
import { Authenticator } from "../http/auth.ts";
import { serve as serveHttp } from "../http/server.ts";
import { ApiKey } from "../platformx/api_key.ts";
import { attemptAt } from "../platformx/client.ts";
import { Gate } from "../platformx/gate.ts";
import { loadHash, sha256 } from "../runtime/hashing.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { afterStart } from "../runtime/system_clock.ts";
import { Stats } from "../status/stats.ts";
import type { Status } from "../status/status.ts";
import type { Telemetry } from "../status/telemetry.ts";
import { openDelivery } from "./open_delivery.ts";
import type { OpenLog } from "./open_log.ts";
import { meanwhile, modeOf } from "./start_lines.ts";

/** Milliseconds after the start in which nothing is loaded that the first answers can do without. */
const SETTLED = 500;

/** What the service stands on. */
export interface Surroundings {
  readonly runtime: Runtime;
  readonly shutdown: Shutdown;
  readonly log: OpenLog;
  /** Undefined: telemetry is off. */
  readonly telemetry: Telemetry | undefined;
  readonly clock: Clock;
}

/** Serves until a signal ends it, or the listener is lost. Returns the exit code. */
export async function serve(config: Config, surroundings: Surroundings): Promise<number> {
  const { clock, log, runtime, shutdown, telemetry } = surroundings;
  const { draining, cut } = shutdown;
  const { events: { domains, tracking }, http, platformx } = config;
  const mode = modeOf(config);
  const stats = new Stats(expectedNames(tracking), mode === "outbox");
  const key = new ApiKey(platformx.key, platformx.keyFile, runtime.files, log);
  const userAgent = `coder-platformx/${VERSION}`;
  const attempt = attemptAt({ url: platformx.url, key, userAgent, clock, send: runtime.send, cut });
  const gate = new Gate({
    attempt: telemetry?.attempt(attempt) ?? attempt,
    key,
    ratePerMinute: platformx.ratePerMinute,
    meanwhile: meanwhile(mode),
    onAttempt: stats.countAttempt.bind(stats),
    ...{ clock, log, draining, cut },
  });
  const { delivery, outbox } = await openDelivery(config, surroundings, { gate, stats });
  const directory = config.coder === undefined
    ? undefined
    : new Directory(new CoderApi({ ...config.coder, userAgent, send: runtime.send, clock }), clock);
  const relay = new Relay({
    rules: { tracking, domains },
    testData: platformx.testData,
    hash: sha256,
    ...{ delivery, directory, draining, log },
  });
  const startedAt = clock.now() - clock.monotonic();
  const status = (): Status => ({
    version: VERSION,
    runtime: { name: runtime.name, version: runtime.version },
    ...{ mode, startedAt, stats, tracked: tracking.names },
    now: clock.now(),
    uptimeMs: clock.monotonic(),
    inFlight: app.admission.count,
    platformx: gate.status(),
    outbox: outbox?.outbox.status(),
    coder: directory?.status(),
    log: log.status(),
  });
  const app = new App({
    senders: new Authenticator(http.webhookSecrets),
    readers: new Authenticator([
      ...http.webhookSecrets,
      ...http.readSecret === undefined ? [] : [http.readSecret],
    ]),
    count: stats.count.bind(stats),
    usage: runtime.usage,
    beforeAnswer: log.beforeAnswer,
    ...{ relay, status, clock, log, telemetry, draining, cut },
  });
  return await serveHttp({
    address: http,
    grace: config.shutdownGrace,
    onListening: () => {
      outbox?.start();
      return afterStart(SETTLED).then(loadHash);
    },
    idle: () => app.admission.idle().then(() => outbox?.idle()),
    close: () => Promise.resolve(outbox?.close()),
    ...{ runtime, app, shutdown, clock, log },
  });
}
