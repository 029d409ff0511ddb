import { parseArguments } from "./arguments.ts";
import { check } from "./check.ts";
import { events } from "./events.ts";
import { explain } from "./explain.ts";
import { healthcheck } from "./healthcheck.ts";
import { help } from "./help.ts";
import { outbox } from "./outbox.ts";
import { serve } from "./serve.ts";
import type { Alarm } from "../outbox/alarm.ts";
import { processTerminal as terminal } from "./terminal.ts";
import { VERSION } from "../base/version.ts";

/** Runs what the arguments ask for; `alarm` wakes the outbox. Returns the exit code. */
export async function run(args: readonly string[], alarm: Alarm): Promise<number> {
  const command = parseArguments(args);
  switch (command.kind) {
    case "serve":
      return await serve(terminal, alarm, command.envFile);
    case "check":
      return await check(terminal, command);
    case "events":
      return events(terminal, command.json);
    case "explain":
      return await explain(terminal, command);
    case "healthcheck":
      return await healthcheck(terminal, command.envFile);
    case "outbox":
      return await outbox(terminal, command);
    case "help":
      return help(terminal, command.about);
    case "version":
      return terminal.out(`coder-platformx ${VERSION}`), 0;
    case "usage":
      return terminal.err(command.problem), 2;
  }
}
