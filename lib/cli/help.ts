import type { HelpTopic } from "./arguments.ts";
import type { Terminal } from "./terminal.ts";
import { HELP as CHECK } from "./check.ts";
import { HELP as EVENTS } from "./events.ts";
import { HELP as EXPLAIN } from "./explain.ts";
import { HELP as HEALTHCHECK } from "./healthcheck.ts";
import { HELP as OUTBOX } from "./outbox.ts";
import { settingsHelp } from "./settings_help.ts";
import { HELP as SERVE } from "./start.ts";

const HELP = `coder-platformx: forwards Coder's notifications to DX PlatformX as events

  coder-platformx [serve]                 run the service
  coder-platformx check                   check settings, PlatformX, Coder, clock, outbox and port
  coder-platformx events [--json]         list Coder's notifications and whose event each is
  coder-platformx explain [FILE|-]        show what becomes of a webhook's body (--ask, --json)
  coder-platformx healthcheck             ask the running service whether it is alive
  coder-platformx outbox ACTION           list, show, replay or drop what is in the outbox; print its schema
  coder-platformx COMMAND --help          show the help of a command
  coder-platformx help config             list every setting with its meaning
  coder-platformx --version

Settings come from the environment, then from .env in the working directory or the file that
--env-file names. Exit codes: 0 done, 1 failed, 2 usage or configuration.`;

const HELP_ABOUT: Readonly<Record<HelpTopic, () => string>> = {
  serve: () => SERVE,
  check: () => CHECK,
  events: () => EVENTS,
  explain: () => EXPLAIN,
  healthcheck: () => HEALTHCHECK,
  outbox: () => OUTBOX,
  config: settingsHelp,
};

/** Prints help, in general, about a command or about the settings. */
export function help(terminal: Terminal, about: HelpTopic | undefined): number {
  terminal.out(about === undefined ? HELP : HELP_ABOUT[about]());
  return 0;
}
