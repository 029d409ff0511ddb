import type { Config } from "../config/config.ts";
import type { EnvFile, Given, Notice } from "../config/given.ts";
import { parseConfig } from "../config/parse_config.ts";
import { readSettings } from "../config/read_settings.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Terminal } from "./terminal.ts";

/** A configuration that can be used. */
export interface Configured {
  readonly config: Config;
  readonly warnings: readonly Notice[];
  /** What it was parsed from. */
  readonly given: Given;
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
  { needsKey, envFile }: ConfiguredOptions,
): Promise<Configured | undefined> {
  const given = await readSettings(runtime, envFile);
  const parsed = parseConfig(given, needsKey);
  if ("config" in parsed) return { ...parsed, given };
  tellProblems(terminal, parsed.problems);
  // What was not understood often explains what is missing.
  if (given.warnings.length > 0) terminal.err("Besides:");
  for (const { text } of given.warnings) terminal.err(`- ${text}`);
  terminal.err(`Read from the environment; file with settings: ${whereRead(given.envFile)}`);
  return undefined;
}

/** The file with settings, or where there is none. */
export function whereRead({ isThere, path }: EnvFile): string {
  return isThere ? path : `none (${path} is not there)`;
}

/** Tells all problems on standard error; returns the exit code. */
export function tellProblems(terminal: Terminal, problems: readonly Pick<Notice, "text">[]): number {
  terminal.err(
    `The configuration has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}:`,
  );
  for (const { text } of problems) terminal.err(`- ${text}`);
  return 2;
}
