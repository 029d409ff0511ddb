import { parseArguments } from "./lib/core/cli.ts";
import { check } from "./lib/commands/check.ts";
import { events } from "./lib/commands/events.ts";
import { explain } from "./lib/commands/explain.ts";
import { healthcheck } from "./lib/commands/healthcheck.ts";
import { help } from "./lib/commands/help.ts";
import { outbox } from "./lib/commands/outbox.ts";
import { serve } from "./lib/commands/serve.ts";
import { processTerminal as terminal } from "./lib/terminal.ts";
import { VERSION } from "./lib/version.ts";

async function run(args: readonly string[]): Promise<number> {
  const command = parseArguments(args);
  switch (command.kind) {
    case "serve":
      return await serve(terminal);
    case "check":
      return await check(terminal, command);
    case "events":
      return events(terminal, command.json);
    case "explain":
      return await explain(terminal, command);
    case "healthcheck":
      return await healthcheck(terminal);
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

if (import.meta.main) Deno.exit(await run(Deno.args));
