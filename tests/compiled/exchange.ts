/** What Coder and a probe say to a service. */
import assert from "node:assert/strict";
import { STAND_IN_KEY, type StandIn } from "../../tools/demo/platformx.ts";
import { PATIENCE, type Settings } from "./executable.ts";

const SAMPLE = new URL("../fixtures/coder/workspace-created.json", import.meta.url);

/** A webhook's body: Workspace Created, about alice. */
export const webhook = (): Promise<string> => Deno.readTextFile(SAMPLE);

/** The least that a service needs to send events to the stand-in, on a free port. */
export function settingsFor(platformX: StandIn): Settings {
  return { HOST: "127.0.0.1", PORT: "0", GETDX_API_KEY: STAND_IN_KEY, GETDX_API_URL: platformX.url };
}

/** Asserts that both routes work: health is answered, and a webhook becomes an event of the stand-in. */
export async function assertServes(url: string, platformX: StandIn, client?: Deno.HttpClient): Promise<void> {
  const options = client === undefined ? {} : { client };
  const health = await fetch(url, { ...options, signal: AbortSignal.timeout(PATIENCE) });
  assert.equal(health.status, 200);
  assert.equal((await health.json()).status, "ok");

  const answer = await fetch(url, {
    ...options,
    method: "POST",
    headers: { "content-type": "application/json" },
    body: await webhook(),
    signal: AbortSignal.timeout(PATIENCE),
  });
  assert.equal((await answer.json()).status, "forwarded");
  assert.deepEqual(platformX.events.map(({ name, email }) => ({ name, email })), [
    { name: "Workspace Created", email: "alice@example.com" },
  ]);
}
