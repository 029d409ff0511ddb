/** Environments and files for the tests of the configuration. */
import assert from "node:assert/strict";
import { type Config, parseConfig, type ParsedConfig } from "../../lib/config/config.ts";

export type Environment = Readonly<Record<string, string>>;

/** The least that starts without a warning. */
export const BASE: Environment = { GETDX_API_KEY: "dx-0123", WEBHOOK_SECRET: "webhook-s3cret" };

/** The files that exist. */
const FILES: Environment = {
  "/run/key": "key-from-file\n",
  "/run/bad-key": "k3y with spaces\n",
  "/run/secret": "secret-from-file\n",
  "/run/empty": "\n",
  "/tls/cert": "-----BEGIN CERTIFICATE-----\n",
  "/tls/key": "-----BEGIN PRIVATE KEY-----\n",
};

/** Parses an environment; `needsKey` as for `serve`. */
export function parse(environment: Environment, needsKey = true): ParsedConfig {
  return parseConfig({
    get: (name) => environment[name],
    readFile: (path) => {
      const text = FILES[path];
      if (text === undefined) throw new Error("No such file");
      return text;
    },
  }, needsKey);
}

/** The configuration; fails when there is a problem. */
export function configOf(environment: Environment, needsKey = true): Config {
  const parsed = parse(environment, needsKey);
  assert.ok("config" in parsed, `refused: ${JSON.stringify(parsed)}`);
  return parsed.config;
}

/** The warnings; fails when there is a problem. */
export function warningsOf(environment: Environment): readonly string[] {
  const parsed = parse(environment);
  assert.ok("warnings" in parsed, `refused: ${JSON.stringify(parsed)}`);
  return parsed.warnings;
}

/** The problems, sorted. */
export function problemsOf(environment: Environment, needsKey = true): readonly string[] {
  const parsed = parse(environment, needsKey);
  return "problems" in parsed ? parsed.problems.toSorted() : [];
}
