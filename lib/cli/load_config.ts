import type { Config } from "../config/config.ts";
import type { EnvFile, Given, Notice } from "../config/given.ts";
import { parseConfig } from "../config/parse_config.ts";
import { readSettings } from "../config/read_settings.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { openTelemetry, type Telemetry } from "../status/telemetry.ts";
import { graceWith } from "../status/telemetry_shutdown.ts";
import type { Terminal } from "./terminal.ts";

/** A configuration that can be used. */
export interface Configured {
  readonly config: Config;
  /** All that the service warns of at its start, and `check` too. */
  readonly warnings: readonly Notice[];
  /** What it was parsed from. */
  readonly given: Given;
}

/** One that cannot. */
export interface Unusable {
  readonly problems: readonly Notice[];
  readonly given: Given;
}

/** What a service is started with. */
export interface ServiceSetUp extends Configured {
  /** Undefined: telemetry is off. */
  readonly telemetry: Telemetry | undefined;
  /** Milliseconds of `SHUTDOWN_GRACE` that are left for work. */
  readonly graceForWork: number;
}

/** What a command asks of its configuration. */
export interface ConfiguredOptions {
  /** The command talks to PlatformX. */
  readonly needsKey: boolean;
  /** The value of `--env-file`. */
  readonly envFile: string | undefined;
}

/**
 * Reads the configuration for a command, or tells all problems on standard error.
 *
 * @returns undefined when there are problems: the exit code is then 2
 */
export async function configured(
  runtime: Pick<Runtime, "env" | "files">,
  terminal: Terminal,
  options: ConfiguredOptions,
): Promise<Configured | undefined> {
  const setUp = await read(runtime, options);
  if ("config" in setUp) return setUp;
  tellProblems(terminal, setUp);
  return undefined;
}

/** Reads what the service starts with: for the service, and for who checks whether it would start. */
export async function serviceSetUp(
  runtime: Pick<Runtime, "env" | "files">,
  envFile: string | undefined,
): Promise<ServiceSetUp | Unusable> {
  const setUp = await read(runtime, { needsKey: true, envFile });
  if ("problems" in setUp) return setUp;
  const { config: { platformx, shutdownGrace }, given } = setUp;
  const telemetry = await openTelemetry(platformx.url);
  const { graceForWork, problems } = graceWith(telemetry, shutdownGrace, runtime.env);
  if (problems.length === 0) return { ...setUp, telemetry, graceForWork };
  return { problems: problems.map(({ text }) => ({ variable: "telemetry", text })), given };
}

async function read(
  runtime: Pick<Runtime, "env" | "files">,
  { needsKey, envFile }: ConfiguredOptions,
): Promise<Configured | Unusable> {
  const given = await readSettings(runtime, envFile);
  return { ...parseConfig(given, needsKey), given };
}

/** Tells all problems on standard error. */
export function tellProblems(terminal: Terminal, { given, problems }: Unusable): void {
  terminal.err(
    `The configuration has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}:`,
  );
  for (const { text } of problems) terminal.err(`- ${text}`);
  // What was not understood often explains what is missing.
  if (given.warnings.length > 0) terminal.err("Besides:");
  for (const { text } of given.warnings) terminal.err(`- ${text}`);
  terminal.err(`Read from the environment; file with settings: ${whereRead(given.envFile)}`);
}

/** The file with settings, or where there is none. */
export function whereRead({ isThere, path }: EnvFile): string {
  return isThere ? path : `none (${path} is not there)`;
}
