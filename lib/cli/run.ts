import type { Runtime } from "../runtime/runtime.ts";
import { systemClock } from "../runtime/system_clock.ts";
import { VERSION } from "../base/version.ts";
import { type Command, parseArguments, type UsageProblem } from "./arguments.ts";
import { check } from "./check.ts";
import { events } from "./events.ts";
import { explain } from "./explain.ts";
import { healthcheck } from "./healthcheck.ts";
import { help } from "./help.ts";
import { outbox } from "./outbox.ts";
import { start } from "./start.ts";
import { type Terminal, terminalOf } from "./terminal.ts";

/** Runs what the arguments ask for. Returns the exit code. */
export async function run(runtime: Runtime): Promise<number> {
  const terminal = terminalOf(runtime, systemClock);
  const command = parseArguments(runtime.args);
  const code = await runCommand(command, runtime, terminal);
  // The result of `healthcheck` is its exit code.
  if (await terminal.flush() || command.kind === "healthcheck") return code;
  terminal.err("The result could not be written: see whether the disk is full");
  await terminal.flush();
  return code === 0 ? 1 : code;
}

async function runCommand(
  command: Command | UsageProblem,
  runtime: Runtime,
  terminal: Terminal,
): Promise<number> {
  switch (command.kind) {
    case "serve":
      return await start(runtime, terminal, command.envFile);
    case "check":
      return await check(runtime, terminal, command);
    case "events":
      return await events(runtime, terminal, command);
    case "explain":
      return await explain(runtime, terminal, command, systemClock);
    case "healthcheck":
      return await healthcheck(runtime, terminal, command.envFile);
    case "outbox":
      return await outbox(runtime, terminal, command);
    case "help":
      return help(terminal, command.about);
    case "version":
      return terminal.out(`coder-platformx ${VERSION}`), 0;
    case "usage":
      return terminal.err(command.problem), 2;
  }
}
