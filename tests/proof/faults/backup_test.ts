/** Backup and restore as docs/operations.md has them, with Debian's `sqlite3`, beside the running service. */
import assert from "node:assert/strict";
import { all } from "../../documents/markdown.ts";
import { read } from "../../support/files.ts";
import { OutboxScene, QUEUED } from "../../support/outbox_program.ts";
import { needs, succeed } from "../../support/process.ts";

/** As the document has them, for FILE and COPY. */
const COMMANDS = all(read("docs/operations.md"), /`(\(umask 077; sqlite3 FILE [^`]+)`/g);

Deno.test("two commands are documented", () => assert.equal(COMMANDS.length, 2));

for (const command of COMMANDS) {
  Deno.test(`what ${command} copied from the running service is restored: all that waited arrives, and copies are duplicates`, async () => {
    await needs("sqlite3", "install Debian's package sqlite3");
    await using scene = await OutboxScene.open();
    scene.platformX.misbehave({ kind: "answer", status: 503, body: "{}" }, Infinity);
    const program = await scene.start();
    for (const message of ["a", "b", "c"]) assert.deepEqual(await scene.tell(program, message), QUEUED);
    await program.logged("paused");
    // The service has looked after its file, as it does each second.
    await new Promise((resolve) => setTimeout(resolve, 1_500));

    const copy = `${scene.file}.copy`;
    await succeed(["sh", "-c", command.replace("FILE", scene.file).replace("COPY", copy)]);
    assert.equal(Deno.statSync(copy).mode! & 0o777, 0o600, "others could read people's addresses");
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
