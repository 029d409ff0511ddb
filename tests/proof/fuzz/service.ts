/** The whole service but for its socket, put together as `serve` does it, on a clock that waits for nobody. */
import type { Clock } from "../../../lib/base/clock.ts";
import { createLog, type Log, type LogLevel } from "../../../lib/base/log.ts";
import { constant } from "../../../lib/base/redact.ts";
import { expectedNames, parseTracking } from "../../../lib/coder/tracking.ts";
import { DedupCache } from "../../../lib/delivery/dedup_cache.ts";
import { deliverDirectly } from "../../../lib/delivery/direct.ts";
import { deliverToLog } from "../../../lib/delivery/dry_run.ts";
import { Relay } from "../../../lib/delivery/relay.ts";
import { SingleFlight } from "../../../lib/delivery/single_flight.ts";
import { App } from "../../../lib/http/app.ts";
import { Authenticator } from "../../../lib/http/auth.ts";
import { attemptAt } from "../../../lib/platformx/client.ts";
import { Gate } from "../../../lib/platformx/gate.ts";
import { sha256 } from "../../../lib/runtime/hashing.ts";
import type { IncomingRequest } from "../../../lib/runtime/runtime.ts";
import { Stats } from "../../../lib/status/stats.ts";
import { statusWith, USAGE } from "../../status/states.ts";
import { SECRETS } from "./canaries.ts";
import { Upstream } from "./upstream.ts";

/** A line of the log, and its level. */
export interface Line {
  readonly level: LogLevel;
  readonly format: "json" | "text";
  readonly text: string;
}

/** Milliseconds from which a sleep is a deadline's: nothing hangs here, so that none is ever over. */
const DEADLINE = 5_000;

/** A clock that a sleeper moves on by itself. */
class FastClock implements Clock {
  #passed = 0;
  readonly now = () => Date.UTC(2026, 0, 2) + this.#passed;
  readonly monotonic = () => this.#passed;
  readonly sleep = (ms: number, signal: AbortSignal) => {
    if (ms >= DEADLINE) return ended(signal);
    this.pass(Math.max(0, ms));
    return Promise.resolve();
  };
  pass(ms: number): void {
    this.#passed += Math.ceil(ms);
  }
}

function ended(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}

/** A service that answers in this process. */
export class FuzzedService {
  readonly upstream = new Upstream();
  readonly clock = new FastClock();
  /** Lines of the log since they were last taken away: each entry as JSON and as text. */
  lines: Line[] = [];
  readonly #app: App;

  constructor({ dryRun = false, domains }: { dryRun?: boolean; domains?: readonly string[] } = {}) {
    const { clock } = this;
    const log = this.#log();
    const never = new AbortController().signal;
    const signals = { draining: never, cut: never };
    const { tracking } = parseTracking("*, Custom Notification, Test Notification");
    const stats = new Stats(expectedNames(tracking), false);
    const key = { current: SECRETS.key, reload: () => Promise.resolve() };
    const gate = new Gate({
      meanwhile: constant("events wait"),
      onAttempt: stats.countAttempt.bind(stats),
      attempt: attemptAt({
        url: "https://x.example.com/events.track",
        userAgent: "coder-platformx/0",
        send: this.upstream.send,
        ...{ clock, cut: never, key },
      }),
      ratePerMinute: 0,
      ...{ clock, key, log, ...signals },
    });
    const delivery = new SingleFlight({
      cache: new DedupCache(3_600_000, clock.monotonic),
      deliver: dryRun ? deliverToLog(log) : deliverDirectly({ gate, clock, random: () => 0 }),
      deadline: 10_000,
      ...{ clock, gate, log },
    });
    const relay = new Relay({
      rules: { tracking, domains: domains && new Set(domains) },
      testData: false,
      directory: undefined,
      hash: sha256,
      ...{ delivery, draining: never, log },
    });
    this.#app = new App({
      senders: new Authenticator([SECRETS.webhook, SECRETS.previous]),
      readers: new Authenticator([SECRETS.webhook, SECRETS.previous, SECRETS.read]),
      status: () => statusWith({ stats, platformx: gate.status(), tracked: ["*"] }),
      usage: () => USAGE,
      count: stats.count.bind(stats),
      ...{ relay, clock, log, ...signals },
    });
  }

  /** Answers as `Deno.serve` is told to. */
  readonly handle = async (request: IncomingRequest): Promise<Response> => {
    const { body, headers, status } = await this.#app.handle(request);
    return new Response(body, { headers, status });
  };

  /** Every entry at DEBUG, in both formats. */
  #log(): Log {
    const writers = (["json", "text"] as const).map((format) => {
      const output = (text: string, level: LogLevel) => void this.lines.push({ level, format, text });
      return createLog({
        level: "DEBUG",
        format,
        colour: false,
        unfolds: false,
        now: this.clock.now,
        output,
      });
    });
    return {
      writes: () => true,
      write: (...entry) => writers.forEach((writer) => writer.write(...entry)),
    };
  }
}
