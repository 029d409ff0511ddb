import assert from "node:assert/strict";
import {
  assertTells,
  faultsIn,
  outboxEnvironment,
  OutboxScene,
  QUEUED,
  UNAVAILABLE,
} from "../support/outbox_program.ts";
import { runProgram } from "../support/service.ts";

/**
 * Fills an outbox with more than SQLite keeps in memory (2 MB), all among the happenings: a new one's place is then most
 * likely on a page that must be read.
 */
async function fill(file: string): Promise<void> {
  using kv = await Deno.openKv(file);
  const filling = crypto.getRandomValues(new Uint8Array(4_000));
  for (let i = 0; i < 1_000; i += 100) {
    const atomic = kv.atomic();
    for (let j = 0; j < 100; j++) {
      const among = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(15))));
      atomic.set(["happening", among, i + j], filling);
    }
    await atomic.commit();
  }
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
  readonly prepare: (file: string) => Promise<void> | void;
  readonly words: RegExp;
}[] = [
  {
    what: "is a text",
    prepare: (file) => Deno.writeTextFileSync(file, "This is not a database.\n".repeat(400)),
    words: /the file is damaged: move it away/,
  },
  {
    what: "is overwritten at its beginning",
    prepare: async (file) => {
      await fill(file);
      garble(file, 0, 0.01);
    },
    words: /the file is damaged: move it away/,
  },
  {
    what: "is overwritten in its middle",
    prepare: async (file) => {
      await fill(file);
      garble(file, 0.5, 0.6);
    },
    words: /the file is damaged: move it away/,
  },
  {
    what: "was cut off",
    prepare: async (file) => {
      await fill(file);
      Deno.truncateSync(file, Math.floor(Deno.statSync(file).size / 2));
    },
    words: /the file is damaged: move it away/,
  },
  { what: "is a folder", prepare: (file) => Deno.mkdirSync(file), words: /it cannot be used/ },
  {
    what: "is in a folder that is not there",
    prepare: (file) => Deno.removeSync(file.replace(/\/[^/]*$/, "")),
    words: /check that the folder exists/,
  },
];

for (const { what, prepare, words } of unusable) {
  Deno.test(`an outbox that ${what} at the start is exit code 1 with a message`, async () => {
    await using scene = await OutboxScene.open();
    await prepare(scene.file);
    const environment = outboxEnvironment(scene.file, scene.platformX);
    let { code, stderr } = await runProgram([], { environment });
    // Now and then Deno's own sweeper of old entries meets the damage first, and ends the process with its words.
    for (let again = 0; again < 5 && stderr.includes("collect expired"); again++) {
      ({ code, stderr } = await runProgram([], { environment }));
    }
    assert.equal(code, 1, stderr);
    const told = stderr.split("\n").filter((line) => line.startsWith("OUTBOX cannot be used: "));
    assert.equal(told.length, 1, stderr);
    assert.match(told[0]!, words);
    assert.doesNotMatch(stderr, /\bat .*\.ts:\d|Error/);
  });
}

Deno.test("an outbox garbled under the running service: 503, and it goes on with a new file", async () => {
  await using scene = await OutboxScene.open();
  await fill(scene.file);
  const program = await scene.start();
  assert.deepEqual(await scene.tell(program, "a"), QUEUED);
  await scene.allArrived();

  garble(scene.file, 0.01, 1);
  // What SQLite has in memory is still good, so that some webhooks may be taken; those are delivered.
  await scene.tellUntil(program, UNAVAILABLE, [QUEUED]);
  assertTells(
    await program.logged("outbox_unusable"),
    "broken",
    /damaged: move it away, with its -wal and -shm/,
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
