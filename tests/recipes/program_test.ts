/** The program with the settings of the recipes for hosts: what they say of answers and of the end is so. */
import assert from "node:assert/strict";
import { STAND_IN_KEY, startPlatformX } from "../support/platformx.ts";
import { eventually } from "../support/eventually.ts";
import { sampleOf } from "../support/samples.ts";
import { answered, startProgram } from "../support/service.ts";
import { read } from "../support/files.ts";
import { environmentsOf } from "./read.ts";

const SECRET = "webhook-s3cret";
interface Host {
  /** The recipe's file with settings. */
  readonly file?: string;
  /** What the recipe or the platform sets besides. */
  readonly more?: Readonly<Record<string, string>>;
  readonly signal: Deno.Signal;
  /** What a webhook and its repetition are answered. */
  readonly answers: readonly [first: string, second: string];
  readonly grace: number;
}

const HOSTS: Readonly<Record<string, Host>> = {
  "Cloud Run": {
    file: "deploy/cloud_run/service.yaml",
    signal: "SIGTERM",
    answers: ["forwarded", "duplicate"],
    grace: 8_000,
  },
  "Lambda": {
    file: "deploy/lambda/Dockerfile",
    signal: "SIGTERM",
    answers: ["forwarded", "duplicate"],
    grace: 1_000,
  },
  "Heroku": { signal: "SIGTERM", answers: ["forwarded", "duplicate"], grace: 12_000 },
  "Deno Deploy": {
    more: { DENO_DEPLOY: "true" },
    signal: "SIGINT",
    answers: ["forwarded", "duplicate"],
    grace: 4_000,
  },
};

/** The settings of a recipe; a mounted file is one in the working directory, and secrets are filled in. */
function settingsOf(file: string | undefined): Readonly<Record<string, string>> {
  const given = file === undefined
    ? []
    : environmentsOf({ path: file, text: read(file) }).flatMap((one) => [...one.settings]);
  const own = Object.fromEntries(
    given.map(([name, value]) => [name, name.endsWith("_FILE") ? name : value ?? SECRET]),
  );
  return "GETDX_API_KEY_FILE" in own ? own : { GETDX_API_KEY: STAND_IN_KEY, ...own };
}

for (const [name, { file, more, signal, answers, grace }] of Object.entries(HOSTS)) {
  Deno.test(`with the settings for ${name}, the program delivers a webhook once, and ends at the platform's signal`, async () => {
    await using platformX = await startPlatformX();
    await using program = await startProgram({
      environment: { WEBHOOK_SECRET: SECRET, ...settingsOf(file), ...more, GETDX_API_URL: platformX.url },
      files: { GETDX_API_KEY_FILE: STAND_IN_KEY },
    });
    const health = await fetch(program.url);
    assert.deepEqual([health.status, await health.json()], [200, { status: "ok" }]);
    const body = sampleOf({ name: "Workspace Created" });
    for (const expected of answers) {
      const [, status] = await answered(
        program.post(body, { authorization: `Basic ${btoa(`coder:${SECRET}`)}` }),
      );
      assert.equal(status, expected);
    }
    await eventually(() => platformX.events.length > 0, "the event");
    program.signal(signal);
    assert.equal((await program.logged("draining")).grace_ms, grace);
    assert.equal(await program.ended(), 0);
    assert.equal(platformX.events.length, 1);
  });
}
