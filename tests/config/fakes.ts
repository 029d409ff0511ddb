/** Environments and files for the tests of the configuration. */
import type { Config } from "../../lib/config/config.ts";
import {
  configIn,
  type Environment,
  type MadeUpFiles,
  parsedSettings,
  textsOf,
} from "../support/settings.ts";

export type { Environment };

/** The least that starts without a warning. */
export const BASE: Environment = { GETDX_API_KEY: "dx-0123", WEBHOOK_SECRET: "webhook-s3cret" };

/** The files that exist. */
export const FILES: MadeUpFiles = {
  "/run/key": "key-from-file\n",
  "/run/bad-key": "k3y with spaces\n",
  "/run/secret": "secret-from-file\n",
  "/run/empty": "\n",
  "/run/oddly-quoted": "“s3cret”\n",
  "/run/outbox": "/data/outbox.db\n",
  "/tls/cert": "-----BEGIN CERTIFICATE-----\nMII=\n",
  "/tls/key": "-----BEGIN PRIVATE KEY-----\nMII=\n",
};

/** The configuration; fails when there is a problem. */
export async function configOf(environment: Environment, needsKey = true): Promise<Config> {
  return configIn(await parsedSettings(environment, FILES, { needsKey }));
}

/** The warnings; fails when there is a problem. */
export async function warningsOf(environment: Environment): Promise<readonly string[]> {
  const parsed = await parsedSettings(environment, FILES);
  configIn(parsed);
  return "warnings" in parsed ? textsOf(parsed.warnings) : [];
}

/** The problems, sorted. */
export async function problemsOf(environment: Environment, needsKey = true): Promise<readonly string[]> {
  const parsed = await parsedSettings(environment, FILES, { needsKey });
  return "problems" in parsed ? textsOf(parsed.problems).toSorted() : [];
}
