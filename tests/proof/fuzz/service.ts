/** The whole service but for its socket, put together as `serve` does it, on a clock that waits for nobody. */
import { denoFiles } from "../../../lib/runtime/deno_files.ts";
import { ApiKey } from "../../../lib/platformx/api_key.ts";
import { App } from "../../../lib/http/app.ts";
import { Authenticator } from "../../../lib/http/auth.ts";
import type { Clock } from "../../../lib/base/clock.ts";
import type { LogLevel } from "../../../lib/base/log.ts";
import type { HealthState } from "../../../lib/status/health.ts";
import { expectedNames, parseTracking } from "../../../lib/coder/tracking.ts";
import { deliverDirectly } from "../../../lib/delivery/direct.ts";
import { deliverToLog } from "../../../lib/delivery/dry_run.ts";
import { createLog, type Log } from "../../../lib/base/log.ts";
import { OccurrenceMemory } from "../../../lib/delivery/dedup_cache.ts";
import { OneDelivery } from "../../../lib/delivery/single_flight.ts";
import { attemptAt } from "../../../lib/platformx/client.ts";
import { Relay } from "../../../lib/delivery/relay.ts";
import { Sender } from "../../../lib/platformx/gate.ts";
import { Stats } from "../../../lib/status/stats.ts";
import { stateWith } from "../../status/metrics_fakes.ts";
import { SECRETS } from "./canaries.ts";
import { Upstream } from "./upstream.ts";

/** A line of the log, and its level. */
export interface Line {
  readonly level: LogLevel;
  readonly format: "json" | "text";
  readonly text: string;
}

/** A clock that a sleeper moves on by itself. */
class FastClock implements Clock {
  #passed = 0;
  readonly now = () => Date.UTC(2026, 0, 2) + this.#passed;
  readonly monotonic = () => this.#passed;
  readonly sleep = (ms: number) => {
    this.pass(Math.max(0, ms));
    return Promise.resolve();
  };
  pass(ms: number): void {
    this.#passed += Math.ceil(ms);
  }
}

/** A service that answers in this process. */
export class FuzzedService {
  readonly upstream = new Upstream();
  readonly clock = new FastClock();
  /** Lines of the log since they were last taken away: each entry as JSON and as text. */
  lines: Line[] = [];
  readonly app: App;

  constructor({ dryRun = false, domains }: { dryRun?: boolean; domains?: readonly string[] } = {}) {
    const { clock } = this;
    const log = this.#log();
    const never = new AbortController().signal;
    const signals = { draining: never, cut: never };
    const { tracking } = parseTracking("*, Custom Notification, Test Notification");
    const stats = new Stats(expectedNames(tracking), false);
    const key = new ApiKey(SECRETS.key, undefined, denoFiles, log);
    const sender = new Sender({
      meanwhile: "events wait",
      onAttempt: (verdict, ms) => stats.countAttempt(verdict, ms),
      attempt: attemptAt({
        url: "https://x.example.com/events.track",
        key,
        userAgent: "coder-platformx/0",
        clock,
        fetch: this.upstream.fetch,
        cut: never,
      }),
      key,
      ratePerMinute: 0,
      clock,
      log,
      ...signals,
    });
    const oneDelivery = new OneDelivery({
      memory: new OccurrenceMemory(3_600_000, clock.monotonic),
      deliver: dryRun ? deliverToLog(log) : deliverDirectly({ sender, clock, random: () => 0 }),
      clock,
      deadline: 10_000,
      holds: sender,
    });
    const relay = new Relay({
      rules: { tracking, domains: domains && new Set(domains) },
      testData: false,
      dryRun,
      fulfil: oneDelivery.fulfil.bind(oneDelivery),
      log,
    });
    this.app = new App({
      relay,
      senders: new Authenticator([SECRETS.webhook, SECRETS.previous]),
      readers: new Authenticator([SECRETS.webhook, SECRETS.previous, SECRETS.read]),
      health: () => Promise.resolve(health(stats, sender)),
      metrics: () => Promise.resolve(stateWith({ webhooks: stats.webhooks, attempts: stats.attempts })),
      stats,
      clock,
      log,
      ...signals,
    });
  }

  /** Every entry at DEBUG, in both formats. */
  #log(): Log {
    const writers = (["json", "text"] as const).map((format) => {
      const add = (text: string, level: LogLevel) => void this.lines.push({ level, format, text });
      return createLog({ level: "DEBUG", format, colour: false, now: this.clock.now, out: add, err: add });
    });
    return {
      writes: () => true,
      write: (...entry) => writers.forEach((writer) => writer.write(...entry)),
    };
  }
}

function health(stats: Stats, sender: Sender): HealthState {
  const { counts, lastSeen } = stats;
  return {
    version: "1.2.3",
    uptimeSeconds: 42,
    mode: "direct",
    eventsTracked: ["*"],
    lastSeen,
    counts,
    paused: sender.paused,
    lastDelivered: sender.lastDelivered,
    outbox: undefined,
  };
}
