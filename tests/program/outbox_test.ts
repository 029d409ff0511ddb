import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { notificationWith, TINA } from "../support/fakes.ts";
import { outboxEnvironment, OutboxScene, QUEUED } from "../support/outbox_program.ts";
import { runProgram, startFailure } from "../support/service.ts";

const onWindows = Deno.build.os === "windows";

Deno.test("a webhook is answered 202, its event arrives once, and log and health tell of it", async () => {
  await using scene = await OutboxScene.open();
  const program = await scene.start();
  const response = await program.post(notificationWith({}, "m1"));
  assert.deepEqual([response.status, await response.json()], [202, {
    status: "queued",
    event: "Workspace Created",
  }]);
  const delivered = await program.logged("delivered");
  assert.deepEqual(
    [delivered.level, delivered["msg_id"], delivered["notification"], delivered["attempts"]],
    ["INFO", "m1", "Workspace Created", 1],
  );
  assert.deepEqual(scene.arrived, ["m1"]);

  // Another recipient's copy, and Coder's retry.
  const others = [["m2", { user_id: "b", user_email: "b@example.com" }], ["m1", {}]] as const;
  for (const [message, recipient] of others) {
    const copy = await program.post(notificationWith(recipient, message));
    assert.deepEqual([copy.status, (await copy.json()).status], [200, "duplicate"]);
  }
  await scene.holds(program, 0);
  const { counts, mode, outbox, status } = await program.health();
  assert.deepEqual([status, mode, outbox], ["ok", "outbox", {
    pending: 0,
    dead: 0,
    oldest_pending_seconds: null,
  }]);
  assert.deepEqual([counts.queued, counts.duplicate, counts.delivered], [1, 2, 1]);
  assert.deepEqual(scene.arrived, ["m1"]);
  for (const text of [program.stdout, program.stderr]) assert.ok(!text.includes(TINA.email), text);
});

Deno.test("while PlatformX fails events wait, health and the command agree, and then all arrive", async () => {
  await using scene = await OutboxScene.open();
  scene.platformX.misbehave({ kind: "answer", status: 503, body: "{}" }, Infinity);
  const program = await scene.start();
  for (const message of ["m1", "m2", "m3", "m4", "m5"]) {
    assert.deepEqual(await scene.tell(program, message), QUEUED);
  }
  await program.logged("paused");
  const { outbox, platformx } = await program.health();
  assert.deepEqual([outbox.pending, outbox.dead, platformx.state], [5, 0, "paused"]);
  assert.ok(Number.isInteger(outbox.oldest_pending_seconds));
  const environment = { OUTBOX: scene.file };
  const { code, stdout } = await runProgram(["outbox", "list"], { environment });
  assert.equal(code, 0);
  assert.match(
    stdout,
    / now [\s\S]*\n5 pending, the oldest for \d+ s, 0 dead\nWhat is due now waits .* paused: /,
  );
  scene.platformX.behave();
  await scene.allArrived();
  await scene.holds(program, 0);
  assert.deepEqual(scene.arrived.toSorted(), ["m1", "m2", "m3", "m4", "m5"]);
  await program.logged("resumed");
});

Deno.test("a refused event is a dead letter in log, health and list; replayed while the service runs it arrives", async () => {
  await using scene = await OutboxScene.open();
  const words = JSON.stringify({ ok: false, error: "no_such_user" });
  scene.platformX.misbehave({ kind: "answer", status: 200, body: words });
  const program = await scene.start();
  assert.deepEqual(await scene.tell(program, "m1"), QUEUED);
  const entry = await program.logged("dead_letter");
  assert.deepEqual([entry.level, entry["reason"], entry["seen"]], ["WARNING", "refused", "no_such_user"]);
  await scene.holds(program, 0, 1);
  const environment = { OUTBOX: scene.file };
  const [row] = JSON.parse((await runProgram(["outbox", "list", "--json"], { environment })).stdout);
  assert.deepEqual([row.id, row.state, row.seen, row.attempts], [entry["id"], "refused", "no_such_user", 1]);
  const { stdout } = await runProgram(["outbox", "replay", row.id], { environment });
  assert.match(stdout, /^1 replayed: now pending\. .*\n$/);
  await scene.allArrived();
  await scene.holds(program, 0, 0);
  assert.deepEqual(scene.arrived, ["m1"]);
});

Deno.test("SIGTERM during an attempt: what it was comes out after the restart, nothing is lost", {
  ignore: onWindows, // no signal reaches another process there
}, async () => {
  await using scene = await OutboxScene.open();
  scene.platformX.misbehave({ kind: "silent" });
  const program = await scene.start({ SHUTDOWN_GRACE: "100ms" });
  assert.deepEqual(await scene.tell(program, "m1"), QUEUED);
  await eventually(() => scene.platformX.requests === 1, "the attempt");
  program.signal("SIGTERM");
  assert.equal(await program.ended(), 0, program.stderr);
  assert.doesNotMatch(program.stderr, /outbox_unusable|internal_error/);
  assert.deepEqual(scene.arrived, []);
  const environment = { OUTBOX: scene.file };
  const [row] = JSON.parse((await runProgram(["outbox", "list", "--json"], { environment })).stdout);
  // The lease was given back: not half a minute, as a crash would have left it.
  assert.deepEqual([row.state, row.seen, row.unknown_outcomes], ["pending", "cut_off", 1]);
  await scene.start();
  await scene.allArrived();
  assert.deepEqual(scene.arrived, ["m1"]);
});

Deno.test(
  "SIGTERM lets an attempt that ends within the grace be written down",
  { ignore: onWindows },
  async () => {
    await using scene = await OutboxScene.open();
    scene.platformX.misbehave({ kind: "late", ms: 300 });
    const program = await scene.start();
    assert.deepEqual(await scene.tell(program, "m1"), QUEUED);
    await eventually(() => scene.platformX.requests === 1, "the attempt");
    program.signal("SIGTERM");
    assert.equal(await program.ended(), 0, program.stderr);
    const { stdout } = await runProgram(["outbox", "list"], { environment: { OUTBOX: scene.file } });
    assert.equal(stdout, "0 pending, 0 dead\n");
    assert.deepEqual(scene.arrived, ["m1"]);
  },
);

Deno.test("kill -9 loses nothing that was answered 202, and the copies stay duplicates", async () => {
  await using scene = await OutboxScene.open();
  scene.platformX.misbehave({ kind: "answer", status: 503, body: "{}" }, Infinity);
  const program = await scene.start();
  const messages = Array.from({ length: 20 }, (_, n) => `m${n}`);
  await Promise.all(messages.map((message) => scene.tell(program, message)));
  assert.equal(scene.acknowledged.size, 20);
  // A lease that a crash leaves lasts half a minute: none is out while probes pause.
  await program.logged("paused");
  const environment = { OUTBOX: scene.file };
  for (let leased = true; leased;) {
    const { stdout } = await runProgram(["outbox", "list", "--json"], { environment });
    leased = JSON.parse(stdout).some(({ due }: { due: string }) => Date.parse(due) > Date.now() + 10_000);
  }
  program.signal("SIGKILL");
  await program.ended();
  const again = await scene.start();
  for (const message of messages) {
    assert.deepEqual(await scene.tell(again, message), [200, "duplicate", undefined]);
  }
  scene.platformX.behave();
  await scene.allArrived();
  await scene.holds(again, 0);
  assert.deepEqual(scene.arrived.toSorted(), messages.toSorted());
});

Deno.test("beyond OUTBOX_MAX_PENDING webhooks are answered 503, said once", async () => {
  await using scene = await OutboxScene.open();
  scene.platformX.misbehave({ kind: "answer", status: 503, body: "{}" }, Infinity);
  const program = await scene.start({ OUTBOX_MAX_PENDING: "2" });
  const answers = [];
  for (const message of ["m1", "m2", "m3", "m4", "m1"]) answers.push(await scene.tell(program, message));
  const full = [503, "unavailable", "outbox"];
  assert.deepEqual(answers, [QUEUED, QUEUED, full, full, [200, "duplicate", undefined]]);
  const said = program.entries.filter(({ event }) => event === "outbox_unusable").map(({ fault }) => fault);
  assert.deepEqual(said, ["overfull"]);
});

Deno.test("DRY_RUN opens no outbox", async () => {
  await using scene = await OutboxScene.open();
  const program = await scene.start({ DRY_RUN: "true" });
  assert.deepEqual(await scene.tell(program, "m1"), [200, "dry_run", undefined]);
  await assert.rejects(Deno.stat(scene.file), Deno.errors.NotFound);
  assert.equal("outbox" in await program.health(), false);
});

Deno.test({
  name:
    "an empty file of the operator's is taken as it is; check and start warn where every user may read it",
  ignore: onWindows,
  async fn(t) {
    for (const [mode, warnings] of [[0o600, 0], [0o644, 1]] as const) {
      await t.step(mode.toString(8), async () => {
        await using scene = await OutboxScene.open();
        await Deno.writeTextFile(scene.file, "");
        await Deno.chmod(scene.file, mode);
        const checked = async () => {
          const environment = outboxEnvironment(scene.file, scene.platformX);
          const { stdout } = await runProgram(["check", "--json"], { environment });
          const { findings } = JSON.parse(stdout);
          const { state, detail, to_do } = findings.find(({ name }: { name: string }) => name === "outbox");
          return `${state}: ${detail} -> ${to_do}`;
        };
        const also = warnings === 0
          ? (words: string) => `ok: ${words} -> null`
          : (words: string) =>
            `warning: ${words}; every user of this machine may read its file, which holds addresses of people` +
            " -> Take that right away, as with chmod o=";
        assert.equal(await checked(), also("an empty file, in which its owner's service makes its tables"));
        assert.equal((await Deno.stat(scene.file)).size, 0, "it is left as it was");

        const program = await scene.start();
        assert.deepEqual(await scene.tell(program, "m1"), QUEUED);
        assert.equal(await checked(), also("opens, is read and written"));
        assert.equal((await program.stop()).code, 0);
        const told = program.entries.filter(({ message }) => /^OUTBOX: every user.*chmod o=/.test(message));
        assert.deepEqual(
          told.map(({ event, level }) => `${event} ${level}`),
          Array(warnings).fill("config_warning WARNING"),
        );
        assert.equal((await Deno.stat(scene.file)).mode! & 0o777, mode);
      });
    }
  },
});

/** What OUTBOX names, and what is said of it. */
const unusable: readonly (readonly [what: string, path: string, stderr: RegExp])[] = [
  ["a folder that is missing", "missing/outbox.db", /the folder of its file does not exist: make it/],
  ["a directory", "./.", /it is a folder, a link, a pipe or a device: let OUTBOX name the file itself/],
  ["a text", "./text", /not an outbox of this service, and is left untouched: let OUTBOX name/],
];

for (const [what, path, said] of unusable) {
  Deno.test(`with ${what} as OUTBOX the service ends with 1 and a sentence`, async () => {
    const environment = { GETDX_API_KEY: "k", OUTBOX: path, HOST: "127.0.0.1", PORT: "0" };
    const files = { text: "no database ".repeat(500) };
    const told = startFailure(await runProgram([], { environment, files }));
    assert.match(told, /^OUTBOX cannot be used: /);
    assert.match(told, said);
  });
}
