import { constant } from "../base/redact.ts";
import type { Clock } from "../base/clock.ts";
import { createLog, type Log } from "../base/log.ts";
import { LogOutput } from "../base/log_output.ts";
import type { Config } from "../config/config.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { isStream } from "../runtime/stream_identity.ts";
import type { Status } from "../status/status.ts";
import type { Telemetry } from "../status/telemetry.ts";

/** Milliseconds that the log gets to be written at the end, and before an answer where the platform then freezes. */
const FLUSH = 100;

/** Milliseconds after the start in which lines are written one by one: a timer would hold up the first answer. */
const FIRST = 1_000;

/** Platforms that freeze a process between requests: a line that waits would wait with it. */
const FREEZING = ["AWS_LAMBDA_FUNCTION_NAME", "K_SERVICE"] as const;

/** The service's log, and how it fares. */
export interface OpenLog extends Log {
  status(): Status["log"];
  flush(): Promise<void>;
  /** Undefined: nothing is waited for before an answer. */
  readonly beforeAnswer: (() => Promise<void>) | undefined;
}

/** Opens the log on the process's streams. */
export async function openLog(
  { level, format }: Config["log"],
  { runtime: { env, stdout, stderr }, clock, telemetry }: {
    readonly runtime: Runtime;
    readonly clock: Clock;
    readonly telemetry: Telemetry | undefined;
  },
): Promise<OpenLog> {
  const { isTerminal } = stdout;
  const journal = env("JOURNAL_STREAM");
  const output = new LogOutput({
    ...{ stdout, stderr, clock },
    gathers: () => clock.monotonic() > FIRST,
    journal: { stdout: await isStream(1, journal), stderr: await isStream(2, journal) },
    exported: telemetry?.exported,
    onLost: (count) => log.write("WARNING", "log_lines_lost", LINES_LOST, { count }),
  });
  const log = createLog({
    level,
    format: format ?? (isTerminal ? "text" : "json"),
    colour: isTerminal && !env("NO_COLOR"),
    unfolds: isTerminal,
    now: clock.now,
    output: output.write,
  });
  const flush = () => output.flush(FLUSH);
  return {
    ...log,
    flush,
    beforeAnswer: FREEZING.some((name) => env(name) !== undefined) ? flush : undefined,
    status: () => {
      const { lost, lastLost } = output;
      return { lost, lastLostMs: lastLost === undefined ? undefined : clock.monotonic() - lastLost };
    },
  };
}

const LINES_LOST = constant(
  "Lines of this log could not be written and are lost: see what reads it, and whether its disk is full. Events were ",
  "not held up",
);
