import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import {
  assertTells,
  faultsIn,
  outboxEnvironment,
  OutboxScene,
  QUEUED,
  UNAVAILABLE,
} from "../support/outbox_program.ts";
import { runProgram, startFailure } from "../support/service.ts";

/** Locks the outbox against writing, as a process that writes or a backup does; disposing unlocks it. */
function locked(file: string): Disposable {
  const database = new DatabaseSync(file);
  database.exec("PRAGMA busy_timeout = 10000; BEGIN EXCLUSIVE");
  return {
    [Symbol.dispose]() {
      database.exec("ROLLBACK");
      database.close();
    },
  };
}

Deno.test("an outbox that another process locks for a moment is waited for", async () => {
  await using scene = await OutboxScene.open();
  const program = await scene.start();
  const lock = locked(scene.file);
  const answers = Promise.all(["a", "b", "c"].map((message) => scene.tell(program, message)));
  // Shorter than the 3 s for which a commit is tried again.
  await new Promise((resolve) => setTimeout(resolve, 800));
  lock[Symbol.dispose]();

  assert.deepEqual(await answers, [QUEUED, QUEUED, QUEUED]);
  await scene.allArrived();
  assert.deepEqual(scene.arrived.toSorted(), ["a", "b", "c"]);
  assert.deepEqual(faultsIn(program), []);
});

Deno.test("an outbox that stays locked: 503, and it goes on when the lock is gone", async () => {
  await using scene = await OutboxScene.open();
  const program = await scene.start();
  assert.deepEqual(await scene.tell(program, "a"), QUEUED);
  await scene.allArrived();
  {
    using _ = locked(scene.file);
    assert.deepEqual(await scene.tell(program, "b"), UNAVAILABLE);
    assertTells(await program.logged("outbox_unusable"), "busy", /another process keeps it locked: end/);
  }
  assert.deepEqual(await scene.tell(program, "a"), [200, "duplicate", undefined]);
  assert.deepEqual(await scene.tell(program, "b"), QUEUED);
  await program.logged("outbox_usable");
  await scene.allArrived();
  assert.deepEqual(scene.arrived, ["a", "b"]);
  assert.deepEqual(faultsIn(program), ["busy"]);
});

Deno.test("an outbox that stays locked at the start is exit code 1 with a message", async () => {
  await using scene = await OutboxScene.open();
  const program = await scene.start();
  program.signal("SIGKILL");
  await program.ended();
  using _ = locked(scene.file);
  const environment = outboxEnvironment(scene.file, scene.platformX);
  const told = startFailure(await runProgram([], { environment }));
  assert.match(told, /^OUTBOX cannot be used: another process keeps it locked: end programs/);
});
