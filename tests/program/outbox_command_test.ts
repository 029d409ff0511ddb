import assert from "node:assert/strict";
import { outboxEnvironment, OutboxScene, QUEUED } from "../support/outbox_program.ts";
import type { Ended } from "../support/process.ts";
import { runProgram } from "../support/service.ts";

/** A row of `outbox list --json`, as far as it is looked at here. */
interface Row {
  readonly id: string;
  readonly state: string;
  readonly coder_message_id: string;
  readonly attempts: number;
  readonly due: string | null;
  readonly seen: string | null;
}

/** A service that holds one event for later and two that PlatformX refused; and what runs the command beside it. */
async function openScene() {
  const scene = await OutboxScene.open();
  scene.platformX.misbehave(({ body }) => {
    const status = body.includes("refused") ? 422 : 500;
    return { kind: "answer", status, body: '{"ok":false,"error":"no such user: bob@example.com"}' };
  }, Infinity);
  const program = await scene.start();
  for (const message of ["refused-1", "refused-2", "later"]) {
    assert.deepEqual(await scene.tell(program, message), QUEUED);
  }
  await scene.holds(program, 1, 2);
  const run = (line: string, wrap?: (line: readonly string[]) => readonly string[]): Promise<Ended> => {
    const environment = outboxEnvironment(scene.file, scene.platformX);
    return runProgram(["outbox", ...line.split(" ")], {
      environment,
      ...(wrap === undefined ? {} : { wrap }),
    });
  };
  const rows = async (line = "list"): Promise<readonly Row[]> =>
    JSON.parse((await run(`${line} --json`)).stdout);
  const idOf = async (message: string) => (await rows()).find((row) => row.coder_message_id === message)!.id;
  return { scene, program, run, rows, idOf, [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose]() };
}

Deno.test("the outbox is looked into and worked on beside the service that runs", async (t) => {
  await using opened = await openScene();
  const { idOf, program, rows, run, scene } = opened;
  await t.step("list tells what waits and what is dead, and no address", async () => {
    const listed = await rows();
    assert.deepEqual(listed.map(({ state, coder_message_id }) => [state, coder_message_id]), [
      ["pending", "later"],
      ["refused", "refused-1"],
      ["refused", "refused-2"],
    ]);
    assert.deepEqual((await rows("list --dead")).length, 2);
    assert.deepEqual((await rows("list --pending")).length, 1);
    const { code, stderr, stdout } = await run("list");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^ID +STATE +NOTIFICATION +AGE +ATTEMPTS +NEXT TRY +LAST ANSWER\n/);
    assert.match(stdout, / refused +Workspace Created +\d+ s +1 +no such user: \(e-mail\)/);
    assert.match(stdout, /\n1 pending, the oldest for .*, 2 dead\n/);
    assert.ok(!(stdout + JSON.stringify(listed)).includes("@"));
  });
  await t.step("a reader that has seen enough ends it quietly", async () => {
    const { stderr } = await run(
      "list",
      (line) => ["sh", "-c", '{ "$@"; echo "code $?" >&2; } | :', "sh", ...line],
    );
    assert.equal(stderr, "code 0\n");
  });
  await t.step("show tells the event, its address too", async () => {
    const { event } = JSON.parse((await run(`show ${await idOf("refused-1")}`)).stdout);
    assert.equal(event.email, "alice@example.com");
  });
  await t.step("an event is shown by Coder's message id and by the beginning of its own", async () => {
    const id = await idOf("refused-1");
    for (const name of ["refused-1", id.slice(0, 18)]) {
      assert.equal(JSON.parse((await run(`show ${name}`)).stdout).id, id);
    }
  });
  await t.step("replay says that what waits needs none", async () => {
    const { code, stderr } = await run(`replay ${await idOf("later")}`);
    assert.equal(code, 1);
    assert.match(stderr, /waits for its turn and is no dead letter|is being sent at this moment/);
  });
  await t.step("drop deletes, and a copy that comes later is a duplicate all the same", async () => {
    assert.equal((await run(`drop ${await idOf("refused-2")}`)).stdout, "1 dropped\n");
    assert.deepEqual(await scene.tell(program, "refused-2"), [200, "duplicate", undefined]);
  });
  await t.step("what is replayed arrives", async () => {
    scene.platformX.behave();
    assert.deepEqual((await run("replay --all")).stdout.slice(0, 11), "1 replayed:");
    await scene.holds(program, 0, 0);
    assert.deepEqual(scene.arrived.toSorted(), ["later", "refused-1"]);
  });
});

Deno.test("the outbox is looked into while nothing runs", async () => {
  await using opened = await openScene();
  assert.equal((await opened.program.stop()).code, 0);
  assert.deepEqual((await opened.rows()).map(({ state }) => state), ["pending", "refused", "refused"]);
  assert.equal((await opened.run(`drop ${await opened.idOf("later")}`)).stdout, "1 dropped\n");
  assert.match((await opened.run("list")).stdout, /\n0 pending, 2 dead\n$/);
});

Deno.test("what cannot be done ends with a sentence, and makes no file", async (t) => {
  const rows: [
    what: string,
    environment: (folder: string) => Record<string, string>,
    code: number,
    stderr: RegExp,
  ][] = [
    ["without OUTBOX", () => ({}), 2, /^OUTBOX must be set: name the outbox/],
    [
      "a file that is not there",
      (folder) => ({ OUTBOX: `${folder}/none.db` }),
      1,
      /^OUTBOX cannot be used: there is no such file/,
    ],
    [
      "a file that is no outbox",
      (folder) => ({ OUTBOX: `${folder}/text.db` }),
      1,
      /^OUTBOX cannot be used: the file is not an outbox/,
    ],
  ];
  for (const [what, environment, code, stderr] of rows) {
    await t.step(what, async () => {
      const folder = await Deno.makeTempDir();
      await Deno.writeTextFile(`${folder}/text.db`, "no database ".repeat(500));
      const ended = await runProgram(["outbox", "list"], { environment: environment(folder) });
      assert.deepEqual([ended.code, ended.stdout], [code, ""]);
      assert.match(ended.stderr, stderr);
      assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["text.db"]);
      await Deno.remove(folder, { recursive: true });
    });
  }
});
