/** Settings of made-up environments and files. */
import assert from "node:assert/strict";
import type { Config, ParsedConfig } from "../../lib/config/config.ts";
import { clean, type Given, type Notice } from "../../lib/config/given.ts";
import { parseConfig } from "../../lib/config/parse_config.ts";
import { readSettings, type SettingsSource } from "../../lib/config/read_settings.ts";
import { VARIABLE_ROWS } from "../../lib/config/variables.ts";
import type { FileFault } from "../../lib/runtime/runtime.ts";

/** Variables with their texts. */
export type Environment = Readonly<Record<string, string>>;

/** What is at a path: a file's text or bytes, or why it cannot be read. */
export type MadeUpFiles = Readonly<Record<string, string | Uint8Array | { readonly fault: FileFault }>>;

/** An environment, and the only files that there are. The working directory is `/work-dir`. */
export function sourceOf(environment: Environment, files: MadeUpFiles = {}): SettingsSource {
  return {
    env: (name) => environment[name],
    files: {
      read: (path, limit) => {
        const file = files[path];
        if (file === undefined) return Promise.resolve("missing");
        if (typeof file === "object" && "fault" in file) return Promise.resolve(file.fault);
        const bytes = typeof file === "string" ? new TextEncoder().encode(file) : file;
        return Promise.resolve(bytes.length > limit ? "too_large" : bytes);
      },
      stat: (path) =>
        path in files
          ? { kind: "file", size: 0, id: undefined, device: undefined, isForAll: false }
          : undefined,
      absolute: (path) => path.startsWith("/") ? path : `/work-dir/${path}`,
    },
  };
}

/** What the service makes of an environment, and of files that it names: `.env` may be one of them. */
export async function parsedSettings(
  environment: Environment,
  files: MadeUpFiles = {},
  { needsKey = true, envFile }: { readonly needsKey?: boolean; readonly envFile?: string } = {},
): Promise<ParsedConfig> {
  return parseConfig(await readSettings(sourceOf(environment, files), envFile), needsKey);
}

/** What the service makes of an environment without `.env`; `readFile` has every file that is named. */
export function parsedEnvironment(
  environment: Environment,
  readFile: (path: string) => string = (path) => assert.fail(`${path} is not there`),
): ParsedConfig {
  const files = new Map(VARIABLE_ROWS.flatMap(({ name, file, namesFile }) => {
    const variable = file ? `${name}_FILE` : name;
    const path = file || namesFile ? clean(environment[variable]) : undefined;
    return path === undefined ? [] : [[variable, { text: readFile(path) }] as const];
  }));
  const given: Given = {
    environment: new Map(Object.entries(environment)),
    envFile: { name: ".env", path: "/work-dir/.env", isThere: false, values: new Map() },
    files,
    isContainer: false,
    problems: [],
    warnings: [],
  };
  return parseConfig(given, true);
}

/** The configuration; fails when there is a problem. */
export function configIn(parsed: ParsedConfig): Config {
  return "config" in parsed ? parsed.config : assert.fail(`refused: ${textsOf(parsed.problems).join("\n")}`);
}

/** The sentences. */
export function textsOf(notices: readonly Notice[]): readonly string[] {
  return notices.map(({ text }) => text);
}
