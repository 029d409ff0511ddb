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

/**
 * Fills an outbox that the service has made with more than SQLite keeps in memory (16 MB), all among the notifications:
 * a new one's place is then most likely on a page that must be read.
 */
async function fill(scene: OutboxScene): Promise<void> {
  const program = await scene.start();
  assert.deepEqual(await scene.tell(program, "first"), QUEUED);
  await scene.allArrived();
  program.signal("SIGKILL");
  await program.ended();
  using db = new DatabaseSync(scene.file);
  db.exec(`
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
    INSERT INTO dedup (key, occurrences, expires_at)
    SELECT hex(randomblob(16)), '[[1,1,"' || hex(randomblob(1500)) || '","m"]]', 4000000000000 FROM n`);
}

/**
 * Overwrites a part of a file, from one fraction of its length to another. With ones, not with chance: some random bytes
 * pass for a counter of a wrong length, and on those Deno 2.9.6 panics in its KV before anybody can be told.
 */
function garble(file: string, from: number, to: number): void {
  const { size } = Deno.statSync(file);
  using handle = Deno.openSync(file, { write: true });
  handle.seekSync(Math.floor(size * from), Deno.SeekMode.Start);
  handle.writeSync(new Uint8Array(Math.ceil(size * (to - from))).fill(0xff));
}

const unusable: {
  readonly what: string;
  readonly prepare: (file: string, scene: OutboxScene) => Promise<void> | void;
  readonly words: RegExp;
}[] = [
  {
    what: "is a text",
    prepare: (file) => Deno.writeTextFileSync(file, "This is not a database.\n".repeat(400)),
    words: /not an outbox of this service, and is left untouched/,
  },
  {
    what: "is overwritten at its beginning",
    prepare: async (file, scene) => {
      await fill(scene);
      garble(file, 0, 0.01);
    },
    words: /not an outbox of this service, and is left untouched/,
  },
  {
    what: "was cut off",
    prepare: async (file, scene) => {
      await fill(scene);
      Deno.truncateSync(file, Math.floor(Deno.statSync(file).size / 2));
    },
    words: /it is damaged: move the file away/,
  },
  {
    what: "is a folder",
    prepare: (file) => Deno.mkdirSync(file),
    words: /it is a folder, a link, a pipe or a device/,
  },
  {
    what: "is in a folder that is not there",
    prepare: (file) => Deno.removeSync(file.replace(/\/[^/]*$/, "")),
    words: /the folder of its file does not exist: make it/,
  },
];

for (const { what, prepare, words } of unusable) {
  Deno.test(`an outbox that ${what} at the start is exit code 1 with a message`, async () => {
    await using scene = await OutboxScene.open();
    await prepare(scene.file, scene);
    const environment = outboxEnvironment(scene.file, scene.platformX);
    const told = startFailure(await runProgram([], { environment }));
    assert.match(told, /^OUTBOX cannot be used: /);
    assert.match(told, words);
  });
}

Deno.test("an outbox garbled under the running service: 503, and it goes on with a new file", async () => {
  await using scene = await OutboxScene.open();
  await fill(scene);
  const program = await scene.start();
  assert.deepEqual(await scene.tell(program, "a"), QUEUED);
  await scene.allArrived();

  garble(scene.file, 0.01, 1);
  // What SQLite has in memory is still good, so that some webhooks may be taken; those are delivered.
  await scene.tellUntil(program, UNAVAILABLE, [QUEUED]);
  assertTells(
    await program.logged("outbox_unusable"),
    "broken",
    /damaged: move the file away, with its -wal and -shm/,
  );

  for (const suffix of ["", "-wal", "-shm"]) {
    Deno.renameSync(scene.file + suffix, `${scene.file}${suffix}.broken`);
  }
  Deno.writeTextFileSync(scene.file, "");
  await scene.tellUntil(program, QUEUED, [UNAVAILABLE]);
  await program.logged("outbox_usable");
  await scene.allArrived();
  assert.ok(faultsIn(program).includes("broken"));
});
