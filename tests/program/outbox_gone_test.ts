import assert from "node:assert/strict";
import { assertTells, faultsIn, OutboxScene, QUEUED, UNAVAILABLE } from "../support/outbox_program.ts";
import { eventually } from "../support/eventually.ts";
import type { Program } from "../support/service.ts";

/** The outbox and the files that SQLite keeps beside it. */
const SUFFIXES = ["", "-wal", "-shm"] as const;

/** `removed` leaves out some: an operator may forget them. */
const deletions: { readonly what: string; readonly removed: readonly string[] }[] = [
  { what: "with its companions", removed: SUFFIXES },
  { what: "alone", removed: [""] },
];

for (const { what, removed } of deletions) {
  Deno.test(`the outbox deleted ${what}: 503 until an empty file takes its place, and what it held goes out`, async () => {
    await using scene = await OutboxScene.open();
    const program = await scene.start();
    scene.platformX.misbehave({ kind: "answer", status: 503 }, Infinity);
    for (const message of ["a", "b", "c"]) assert.deepEqual(await scene.tell(program, message), QUEUED);
    await eventually(() => scene.platformX.requests > 0, "an attempt");

    for (const suffix of removed) Deno.removeSync(`${scene.file}${suffix}`);
    assert.deepEqual(await scene.tell(program, "d"), UNAVAILABLE);
    assertTells(await program.logged("outbox_unusable"), "gone", /deleted or moved: put it back/);
    const health = await (await fetch(program.url)).json();
    assert.deepEqual([health.status, health.outbox.pending], ["degraded", 3]);

    Deno.writeTextFileSync(scene.file, "", { mode: 0o600 });
    assert.deepEqual(await scene.tell(program, "e"), UNAVAILABLE, "events of the old file still wait");
    scene.platformX.behave();
    await scene.tellUntil(program, QUEUED, [UNAVAILABLE]);
    await program.logged("outbox_usable");
    await scene.allArrived();
    assert.deepEqual(scene.arrived.toSorted(), [...scene.acknowledged].toSorted());
    assert.deepEqual(faultsIn(program), ["gone"]);
    if (Deno.build.os === "windows") return;
    for (const suffix of SUFFIXES) {
      assert.equal(Deno.statSync(`${scene.file}${suffix}`).mode! & 0o777, 0o600, suffix);
    }
  });
}

const moves: { readonly what: string; readonly paths: (file: string) => readonly string[] }[] = [
  { what: "alone", paths: (file) => [file] },
  { what: "with its companions", paths: (file) => SUFFIXES.map((suffix) => `${file}${suffix}`) },
  { what: "with its folder", paths: (file) => [file.replace(/\/[^/]*$/, "")] },
];

for (const { what, paths } of moves) {
  Deno.test(`the outbox moved ${what}, and back: 503 in between, then it goes on as if nothing had happened`, async () => {
    await using scene = await OutboxScene.open();
    const program = await scene.start();
    assert.deepEqual(await scene.tell(program, "a"), QUEUED);
    await scene.allArrived();

    for (const path of paths(scene.file)) Deno.renameSync(path, `${path}.moved`);
    assert.deepEqual(await scene.tell(program, "b"), UNAVAILABLE);
    assertTells(await program.logged("outbox_unusable"), "gone", /deleted or moved: put it back/);
    // Longer than the worker's rest of 1 s: it must not begin a file of its own.
    for (let i = 0; i < 30; i++) {
      assert.deepEqual(await scene.tell(program, "b"), UNAVAILABLE);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.throws(() => Deno.statSync(scene.file), Deno.errors.NotFound);
    for (const path of paths(scene.file)) Deno.renameSync(`${path}.moved`, path);

    assert.deepEqual(await scene.tell(program, "b"), QUEUED);
    await program.logged("outbox_usable");
    assert.deepEqual(await scene.tell(program, "a"), [200, "duplicate", undefined]);
    await scene.allArrived();
    assert.deepEqual(scene.arrived, ["a", "b"]);
    assert.deepEqual(faultsIn(program), ["gone"]);
  });
}

Deno.test("the outbox on another disk and back, so a new file of the same content: nothing is sent again", async () => {
  await using scene = await OutboxScene.open();
  const program = await scene.start();
  assert.deepEqual(await scene.tell(program, "a"), QUEUED);
  await scene.allArrived();

  Deno.copyFileSync(scene.file, `${scene.file}.copy`);
  Deno.removeSync(scene.file);
  assert.deepEqual(await scene.tell(program, "b"), UNAVAILABLE);
  Deno.renameSync(`${scene.file}.copy`, scene.file);

  await scene.tellUntil(program, QUEUED, [UNAVAILABLE]);
  assert.deepEqual(await scene.tell(program, "a"), [200, "duplicate", undefined]);
  await scene.allArrived();
  assert.deepEqual(scene.arrived.filter((message) => message === "a"), ["a"]);
});

Deno.test({
  name: "the -wal file deleted under two services, which are killed: all that they acknowledged waits",
  ignore: Deno.build.os === "windows", // nobody can delete there what is open
  async fn() {
    await using scene = await OutboxScene.open();
    scene.platformX.misbehave({ kind: "answer", status: 503 }, Infinity);
    const programs = [await scene.start(), await scene.start()];
    const [first, second] = programs as [Program, Program];
    for (const [n, program] of [first, second, second, first].entries()) {
      if (n === 2) Deno.removeSync(`${scene.file}-wal`);
      assert.deepEqual(await scene.tell(program, `message-${n}`), QUEUED);
    }
    for (const program of programs) {
      program.signal("SIGKILL");
      await program.ended();
      assert.deepEqual(faultsIn(program), []);
    }
    const restarted = await scene.start();
    assert.equal((await restarted.health()).outbox.pending, 4);
  },
});
