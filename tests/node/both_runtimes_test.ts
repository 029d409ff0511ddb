/** One outbox file in the hands of Deno and of Node.js in turn: what the one accepted the other delivers. */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { OutboxScene, QUEUED } from "../support/outbox_program.ts";
import { fromSources, PROGRAM_NODE, programOfEnvironment } from "../support/program.ts";

const RUNTIMES = { deno: fromSources(), node: programOfEnvironment() };

const WAYS = [["deno", "node"], ["node", "deno"]] as const;

for (const [first, second] of WAYS) {
  Deno.test(`what ${first} accepted ${second} delivers from the same file, once, and knows its copies`, async () => {
    assert.ok(PROGRAM_NODE !== undefined, "run 'deno task suite node', which names a Node.js");
    await using scene = await OutboxScene.open();
    scene.platformX.misbehave({ kind: "answer", status: 503 }, Infinity);
    const before = await scene.start({}, RUNTIMES[first]);
    for (const message of ["a", "b", "c"]) assert.deepEqual(await scene.tell(before, message), QUEUED);
    await eventually(() => scene.platformX.requests > 0, "an attempt");
    assert.equal((await before.stop()).code, 0);
    assert.match(before.stderr + before.stdout, new RegExp(`"${first}":"`));

    scene.platformX.behave();
    const after = await scene.start({}, RUNTIMES[second]);
    assert.deepEqual(await scene.tell(after, "a"), [200, "duplicate", undefined]);
    await scene.allArrived();
    assert.deepEqual(scene.arrived.toSorted(), ["a", "b", "c"]);
    assert.match(after.stderr + after.stdout, new RegExp(`"${second}":"`));
  });
}
