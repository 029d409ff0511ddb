/** The service ends and answers before each platform loses its patience. */
import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import type { Config } from "../../lib/config/config.ts";

import { read } from "../support/files.ts";
import { BASE } from "../config/fakes.ts";
import { configIn, parsedEnvironment } from "../support/settings.ts";
import { environmentsOf } from "./read.ts";

/** The configuration of a recipe's file, as the platform hands it over. */
function configOfFile(path: string | undefined, platform: Readonly<Record<string, string>> = {}): Config {
  const settings = path === undefined
    ? []
    : environmentsOf({ path, text: read(path) }).flatMap((one) => [...one.settings]);
  const times = settings.filter(([name]) => /^(?:SHUTDOWN_GRACE|DELIVERY_DEADLINE)$/.test(name));
  const given = Object.fromEntries(times.map(([name, value]) => [name, value ?? ""]));
  return configIn(parsedEnvironment({ ...BASE, ...platform, ...given }));
}

/** Rows: a recipe's settings, and after how many milliseconds the platform kills, by its documentation. */
const KILLS: readonly (readonly [recipe: string, config: Config, killsAfter: number])[] = [
  ["Cloud Run", configOfFile("deploy/cloud_run/service.yaml"), 10_000],
  ["Lambda, with an extension", configOfFile("deploy/lambda/Dockerfile"), 2_000],
  ["Heroku", configOfFile(undefined), 30_000],
  ["Deno Deploy", configOfFile(undefined, { DENO_DEPLOY: "true" }), 5_000],
];

Deno.test("SHUTDOWN_GRACE and the half second after it end before the platform kills", async (t) => {
  for (const [recipe, { shutdownGrace }, killsAfter] of KILLS) {
    await t.step(recipe, () => assert.ok(shutdownGrace + 500 < killsAfter, `${shutdownGrace} ms`));
  }
});

function secondsIn(path: string, pattern: RegExp): number {
  const found = pattern.exec(read(path))?.[1];
  assert.ok(found !== undefined, `${path} does not match ${pattern}`);
  return Number(found) * 1000;
}

/** Rows: a recipe's settings, and after how many milliseconds the platform answers by itself. */
const ANSWERS: readonly (readonly [recipe: string, config: Config, answersAfter: number])[] = [
  [
    "Cloud Run",
    configOfFile("deploy/cloud_run/service.yaml"),
    secondsIn("deploy/cloud_run/service.yaml", /^ +timeoutSeconds: (\d+)$/m),
  ],
  [
    "Lambda",
    configOfFile("deploy/lambda/Dockerfile"),
    secondsIn("deploy/lambda/README.md", /--timeout (\d+)\b/),
  ],
  ["Heroku", configOfFile(undefined), 30_000],
];

/** How long an attempt may take that starts at the last moment. */
const ATTEMPT = 10_000;

Deno.test("webhooks are answered before the platform gives up", async (t) => {
  for (const [recipe, { delivery: { deadline } }, answersAfter] of ANSWERS) {
    await t.step(
      recipe,
      () => assert.ok(deadline + ATTEMPT < answersAfter, `${deadline} ms`),
    );
  }
});

Deno.test("deno.json tells Deno Deploy what to run", () => {
  const { install, runtime, ...rest } = manifest.deploy;
  // Other keys are refused, or take the place of the console's settings.
  assert.deepEqual(rest, {});
  assert.deepEqual(runtime, { entrypoint: manifest.exports.replace("./", "") });
  const [, task] = /^deno task (\w+) --version$/.exec(install) ?? [];
  assert.ok(task !== undefined && task in manifest.tasks);
});
