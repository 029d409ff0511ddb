import { plain } from "../base/redact.ts";
import { Shutdown } from "../base/shutdown.ts";
import { whyNot } from "../http/server.ts";
import { StoreError } from "../outbox/store_fault.ts";
import { ListenError, type Runtime } from "../runtime/runtime.ts";
import { systemClock as clock } from "../runtime/system_clock.ts";
import { serviceSetUp, tellProblems } from "./load_config.ts";
import { openLog } from "./open_log.ts";
import { serve } from "./serve.ts";
import { tellStart } from "./start_lines.ts";
import type { Terminal } from "./terminal.ts";

/** Help of `serve`. */
export const HELP = `coder-platformx serve

Takes Coder's webhooks at POST / and forwards tracked ones to DX PlatformX. This is what runs
without a command. Settings come from environment variables and .env. A shutdown (SIGTERM, SIGINT,
SIGHUP) lets work in progress finish.

Exit codes: 0 ended by a signal, 1 the address cannot be listened at or was lost, or OUTBOX cannot
be used, 2 configuration.`;

/** Runs the service until a signal ends it. Returns the exit code. */
export async function start(
  runtime: Runtime,
  terminal: Terminal,
  envFile: string | undefined,
): Promise<number> {
  const shutdown = new Shutdown(clock);
  // From the first moment: the kernel drops the signals that process 1 of a container does not listen to.
  runtime.onStop(() => shutdown.request());
  const setUp = await serviceSetUp(runtime, envFile);
  if ("problems" in setUp) return tellProblems(terminal, setUp), 2;
  const { config, graceForWork, telemetry } = setUp;
  const log = await openLog(config.log, { runtime, clock, telemetry });
  tellStart(setUp, runtime, log);
  try {
    return await serve({ ...config, shutdownGrace: graceForWork }, {
      runtime,
      shutdown,
      log,
      telemetry,
      clock,
    });
  } catch (error) {
    if (!(error instanceof ListenError || error instanceof StoreError)) throw error;
    const { fault } = error;
    const why = error instanceof ListenError
      ? whyNot(error.fault, config.http)
      : plain`OUTBOX cannot be used: ${error.words}`;
    log.write("ERROR", "start_failed", why, { fault });
    return 1;
  } finally {
    await log.flush();
  }
}
