/** Backup and restore as docs/operations.md has them, with Debian's `sqlite3`, beside the running service. */
import assert from "node:assert/strict";
import { OutboxScene, QUEUED } from "../../support/outbox_program.ts";
import { needs, succeed } from "../../support/process.ts";

const COMMANDS: readonly (readonly [name: string, command: (copy: string) => string])[] = [
  ["VACUUM INTO", (copy) => `VACUUM INTO '${copy}'`],
  [".backup", (copy) => `.backup ${copy}`],
];

for (const [name, command] of COMMANDS) {
  Deno.test(`what ${name} copied from the running service is restored: all that waited arrives, and copies are duplicates`, async () => {
    await needs("sqlite3", "install Debian's package sqlite3");
    await using scene = await OutboxScene.open();
    scene.platformX.misbehave({ kind: "answer", status: 503, body: "{}" }, Infinity);
    const program = await scene.start();
    for (const message of ["a", "b", "c"]) assert.deepEqual(await scene.tell(program, message), QUEUED);
    await program.logged("paused");
    // The service has looked after its file, as it does each second.
    await new Promise((resolve) => setTimeout(resolve, 1_500));

    const copy = `${scene.file}.copy`;
    await succeed(["sqlite3", scene.file, command(copy)]);
    // SQLite takes the -wal file away when the last one closes the database: the service still has it open.
    assert.ok(Deno.statSync(`${scene.file}-wal`).isFile);
    program.signal("SIGKILL");
    await program.ended();
    for (const suffix of ["", "-wal", "-shm"]) {
      Deno.renameSync(scene.file + suffix, `${scene.file}${suffix}.old`);
    }
    Deno.renameSync(copy, scene.file);

    scene.platformX.behave();
    const again = await scene.start();
    assert.deepEqual(await scene.tell(again, "a"), [200, "duplicate", undefined]);
    await scene.allArrived();
    await scene.holds(again, 0);
    assert.deepEqual(scene.arrived.toSorted(), ["a", "b", "c"]);
  });
}
