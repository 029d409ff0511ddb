import assert from "node:assert/strict";
import { notificationWith } from "../support/fakes.ts";
import { outboxEnvironment, OutboxScene, QUEUED } from "../support/outbox_program.ts";
import { answered, runProgram } from "../support/service.ts";

Deno.test("a backup that was restored beside the old -wal is refused by all, and nobody who looks makes it one file", async () => {
  await using scene = await OutboxScene.open();
  scene.platformX.misbehave({ kind: "answer", status: 500, body: "{}" }, Infinity);
  const program = await scene.start();
  assert.deepEqual(await scene.tell(program, "before the backup"), QUEUED);
  const backup = await Deno.readFile(scene.file);
  // More than a thousand pages: SQLite has begun to write the -wal anew.
  for (let i = 0; i < 1_500; i += 50) {
    const bodies = Array.from({ length: 50 }, (_, j) => {
      const message = `message-${i + j}`;
      return notificationWith({ labels: { workspace: message } }, message);
    });
    await Promise.all(bodies.map((body) => answered(program.post(body))));
  }
  program.signal("SIGKILL");
  await program.ended();
  await Deno.utime(`${scene.file}-wal`, 1e9, 1e9);
  await Deno.writeFile(scene.file, backup);
  const wal = await Deno.readFile(`${scene.file}-wal`);

  const environment = { ...outboxEnvironment(scene.file, scene.platformX), PORT: "0" };
  for (const args of [["check"], ["outbox", "list"], []]) {
    const { code, stderr, stdout } = await runProgram(args, { environment });
    assert.equal(code, 1, `${args}\n${stdout}${stderr}`);
    assert.match(stdout + stderr, /it is damaged/, args.join(" "));
    assert.deepEqual(await Deno.readFile(scene.file), backup, args.join(" "));
    assert.deepEqual(await Deno.readFile(`${scene.file}-wal`), wal, args.join(" "));
  }
});
