import assert from "node:assert/strict";
import {
  assertTells,
  faultsIn,
  outboxEnvironment,
  OutboxScene,
  QUEUED,
  UNAVAILABLE,
} from "../../support/outbox_program.ts";
import { eventually } from "../../support/eventually.ts";
import { runProgram, startFailure } from "../../support/service.ts";
import { fillUp, mountDisk, setImmutable } from "../../support/disks.ts";

Deno.test("a full disk: 503, what is pending goes out once, and it goes on when there is room", async () => {
  await using disk = await mountDisk(4);
  await using scene = await OutboxScene.open(disk.folder);
  const program = await scene.start();
  scene.platformX.misbehave({ kind: "answer", status: 503 }, Infinity);
  for (const message of ["a", "b", "c"]) assert.deepEqual(await scene.tell(program, message), QUEUED);
  await eventually(() => scene.platformX.requests > 0, "an attempt");

  fillUp(`${disk.folder}/filling`);
  // There may be room for some in what SQLite has taken already.
  await scene.tellUntil(program, UNAVAILABLE, [QUEUED]);
  assertTells(await program.logged("outbox_unusable"), "full", /its disk is full: make room/);
  assert.deepEqual(await scene.tell(program, "a"), [200, "duplicate", undefined], "nothing is to be written");
  scene.platformX.behave();

  Deno.removeSync(`${disk.folder}/filling`);
  await scene.tellUntil(program, QUEUED, [UNAVAILABLE]);
  await program.logged("outbox_usable");
  await scene.allArrived();
  assert.deepEqual(scene.arrived.toSorted(), [...scene.acknowledged].toSorted());
  assert.deepEqual(faultsIn(program), ["full"]);
});

Deno.test("a disk that is full at the start is exit code 1 with a message", async () => {
  await using disk = await mountDisk(1);
  await using scene = await OutboxScene.open(disk.folder);
  fillUp(`${disk.folder}/filling`);
  await refused(scene, /^OUTBOX cannot be used: its disk is full: make room$/);
});

Deno.test("a disk that is read-only at the start is exit code 1 with a message", async () => {
  await using disk = await mountDisk(4);
  await using scene = await OutboxScene.open(disk.folder);
  const program = await scene.start();
  await program.stop();
  await disk.remount("ro");
  await refused(scene, /^OUTBOX cannot be used: .* its disk is read-only: .* mount the disk writable$/);
});

Deno.test("files that become read-only under the running service: 503, and it goes on when they are writable", async () => {
  // Not on a disk in memory: there, files have no such attribute before Linux 6.6.
  await using scene = await OutboxScene.open();
  const program = await scene.start();
  assert.deepEqual(await scene.tell(program, "a"), QUEUED);
  await scene.allArrived();
  // SQLite maps -shm into memory: the system ends a process (SIGBUS) that writes there and may not.
  const files = ["", "-wal"].map((suffix) => `${scene.file}${suffix}`);
  try {
    for (const file of files) await setImmutable(file, true);
    await scene.tellUntil(program, UNAVAILABLE, []);
    const told = await program.logged("outbox_unusable");
    assertTells(
      told,
      "failing",
      /its disk does not read or write: see whether it is broken, or became read-only/,
    );
  } finally {
    for (const file of files) await setImmutable(file, false);
  }
  await scene.tellUntil(program, QUEUED, [UNAVAILABLE]);
  await program.logged("outbox_usable");
  await scene.allArrived();
  assert.deepEqual(scene.arrived.toSorted(), [...scene.acknowledged].toSorted());
});

/** Asserts that the service does not start, and says why in one line. */
async function refused(scene: OutboxScene, words: RegExp): Promise<void> {
  const environment = outboxEnvironment(scene.file, scene.platformX);
  assert.match(startFailure(await runProgram([], { environment })), words);
}
