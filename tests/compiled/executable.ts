/** The executable that `deno task compile` made, and what is asked of it everywhere. */
import assert from "node:assert/strict";
import { STAND_IN_KEY, type StandIn } from "../support/platformx.ts";
import { type Environment, executable } from "../support/program.ts";
import { sampleOf } from "../support/samples.ts";
import { type Program, runProgram, type Starting, startProgram } from "../support/service.ts";

/** Starts it with these settings as its whole environment; it listens when this has settled. */
export function startExecutable(environment: Environment, options: Starting = {}): Promise<Program> {
  return startProgram({ program: [executable()], ...options, environment });
}

/** Runs one of its commands to its end. */
export function runExecutable(args: readonly string[], options: Parameters<typeof runProgram>[1] = {}) {
  return runProgram(args, { program: [executable()], ...options });
}

/** The least that a service needs to send events to the stand-in, on a free port. */
export function settingsFor(platformX: StandIn): Environment {
  return { HOST: "127.0.0.1", PORT: "0", GETDX_API_KEY: STAND_IN_KEY, GETDX_API_URL: platformX.url };
}

/** Asserts that both routes work: health is answered, and a webhook becomes an event of the stand-in. */
export async function assertServes(url: string, platformX: StandIn, client?: Deno.HttpClient): Promise<void> {
  const options = client === undefined ? {} : { client };
  const health = await fetch(url, options);
  assert.equal(health.status, 200);
  assert.equal((await health.json()).status, "ok");

  const headers = { "content-type": "application/json" };
  const body = JSON.stringify(sampleOf({ name: "Workspace Created" }));
  const answer = await fetch(url, { ...options, method: "POST", headers, body });
  assert.equal((await answer.json()).status, "forwarded");
  assert.deepEqual(platformX.events.map(({ name, email }) => ({ name, email })), [
    { name: "Workspace Created", email: "alice@example.com" },
  ]);
}
