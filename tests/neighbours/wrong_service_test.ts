/** Somebody else answers at GETDX_API_URL, and is polite: Debian's webhook, with a plain 200. */
import assert from "node:assert/strict";
import { notificationWith } from "../support/fakes.ts";
import { freePort } from "../support/process.ts";
import type { Environment } from "../support/program.ts";
import { type Answered, answered, startProgram } from "../support/service.ts";
import { startNeighbour } from "./neighbour.ts";

const HOOKS = JSON.stringify([
  { id: "events.track", "execute-command": "/bin/true", "response-message": "OK" },
]);

const MODES: readonly (readonly [mode: string, settings: Environment, answer: Answered])[] = [
  ["direct", { DELIVERY_DEADLINE: "1s" }, [503, "unavailable", "url"]],
  ["outbox", { OUTBOX: "outbox.db" }, [202, "queued", undefined]],
];

for (const [mode, settings, answer] of MODES) {
  Deno.test(`a 200 that is not PlatformX's is a wrong address, ${mode}: nothing counts as delivered or given up`, async () => {
    const port = freePort();
    await using _other = await startNeighbour({
      program: "webhook",
      port,
      files: () => ({ "hooks.json": HOOKS }),
      commandLine: (folder) => [
        ...["webhook", "-hooks", `${folder}/hooks.json`, "-ip", "127.0.0.1", "-port", String(port)],
      ],
    });
    const own = { GETDX_API_URL: `http://127.0.0.1:${port}/hooks/events.track`, GETDX_API_KEY: "key" };
    await using program = await startProgram({ environment: { ...own, ...settings } });
    assert.deepEqual(await answered(program.post(notificationWith())), answer);
    const { level, seen } = await program.logged("wrong_url");
    assert.equal(level, "ERROR");
    assert.match(String(seen), /^status 200/);
    await program.stop();
    assert.deepEqual(
      program.entries.filter(({ event }) => event === "dead_letter" || event === "delivered"),
      [],
    );
  });
}
