import { type Config, parseConfig } from "../config/config.ts";
import type { SettingsSource } from "../config/settings.ts";
import { readEnvironment } from "../config/environment.ts";
import type { Terminal } from "./terminal.ts";

/** A configuration that can be used. */
export interface Configured {
  readonly config: Config;
  readonly warnings: readonly string[];
  /** What it was read from. */
  readonly source: SettingsSource;
}

/**
 * Reads the configuration for a command, or tells all problems on standard error.
 *
 * @returns undefined when there are problems: the exit code is then 2
 */
export function configured(
  terminal: Terminal,
  options: { readonly needsKey: boolean },
): Configured | undefined {
  let source: SettingsSource;
  try {
    source = readEnvironment();
  } catch (error) {
    terminal.err(error instanceof Error ? error.message : "The environment cannot be read");
    return undefined;
  }
  const parsed = parseConfig(source, options.needsKey);
  if ("config" in parsed) return { ...parsed, source };
  tellProblems(terminal, parsed.problems);
  return undefined;
}

/** Tells all problems on standard error; returns the exit code. */
export function tellProblems(terminal: Terminal, problems: readonly string[]): number {
  terminal.err(
    `The configuration has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}:`,
  );
  for (const problem of problems) terminal.err(`- ${problem}`);
  return 2;
}
