/** What the service says of itself when it starts. */
import { constant, joined, plain, type Redacted, scrub, shownName } from "../base/redact.ts";
import type { Log } from "../base/log.ts";
import { VERSION } from "../base/version.ts";
import { CODER_PATIENCE } from "../coder/patience.ts";
import type { Config } from "../config/config.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Mode } from "../status/status.ts";
import { type Configured, whereRead } from "./load_config.ts";

/** How the service works. */
export function modeOf({ delivery, outbox }: Config): Mode {
  if (delivery.dryRun) return "dry_run";
  return outbox === undefined ? "direct" : "outbox";
}

/** What becomes of events while nothing is sent. */
export function meanwhile(mode: Mode): Redacted {
  return mode === "outbox"
    ? constant("events wait in OUTBOX, as long as OUTBOX_MAX_AGE")
    : plain`webhooks are answered 503: Coder sends each again for ${CODER_PATIENCE}, then it is lost`;
}

const STARTING = {
  direct: "coder-platformx starts; events go to PlatformX while Coder waits for the answer",
  outbox: "coder-platformx starts; events are stored in OUTBOX and sent from there",
  dry_run: "coder-platformx starts; events are logged and not sent (DRY_RUN)",
} as const satisfies Readonly<Record<Mode, string>>;

/** Tells version, mode, warnings, what is tracked and what leaves the service. */
export function tellStart(
  { config, given, warnings }: Configured,
  runtime: Pick<Runtime, "name" | "version">,
  log: Log,
): void {
  const { delivery: { dryRun }, events: { isDefault, tracking } } = config;
  const mode = modeOf(config);
  log.write("INFO", "starting", STARTING[mode], {
    version: scrub(VERSION, []),
    mode,
    [runtime.name]: scrub(runtime.version, []),
    env_file: scrub(whereRead(given.envFile), []),
  });
  for (const { text } of warnings) log.write("WARNING", "config_warning", scrub(text, [], 1_000));
  const whence = isDefault ? "the default of EVENTS_TRACKED" : "EVENTS_TRACKED";
  log.write("INFO", "tracking", plain`Tracked, by ${whence}: ${joined(tracking.names.map(shownName))}`);
  const where = dryRun
    ? "Nothing leaves this process (DRY_RUN). Logged for each of them, the address masked"
    : "Sent to PlatformX for each of them";
  log.write("INFO", "sent_data", plain`${where}: ${SENT_DATA}`);
}

const SENT_DATA = constant(
  "the notification's name, the person's e-mail address, the time, and as metadata Coder's labels (workspace, template, ",
  "version, organization, initiator and whatever else it labels it with) and the ids of workspace, template, version ",
  "and organization. Never: the recipient, unless the event is about them; titles, texts, links, build parameters, ",
  "passcodes",
);
