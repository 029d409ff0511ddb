/** A disk that hangs, not only a lock: the system's calls that wait for it are held up with strace. Needs Linux and strace. */
import assert from "node:assert/strict";
import { answered } from "../../support/service.ts";
import { eventually } from "../../support/eventually.ts";
import { faultsIn, OutboxScene, QUEUED, UNAVAILABLE } from "../../support/outbox_program.ts";
import { Child, run } from "../../support/process.ts";

/** Makes each fsync and fdatasync of a process last so long, until it is disposed of. */
async function stalled(pid: number, seconds: number): Promise<AsyncDisposable> {
  const calls = "fsync,fdatasync";
  const inject = `inject=${calls}:delay_enter=${seconds}s`;
  const strace = new Child(["strace", "-f", "-p", String(pid), "-e", `trace=${calls}`, "-e", inject]);
  await eventually(() => /attached/.test(strace.stderr), "strace to be attached", {
    seen: () => strace.stderr,
  });
  return {
    async [Symbol.asyncDispose]() {
      strace.signal("SIGTERM"); // it lets go of the process
      await strace.over;
    },
  };
}

Deno.test("a disk that hangs: all but webhooks is answered as ever, those get 503, and it goes on when the disk does", async () => {
  await using scene = await OutboxScene.open();
  const program = await scene.start();
  assert.deepEqual(await scene.tell(program, "before"), QUEUED);
  await scene.allArrived();
  {
    await using _ = await stalled(program.pid, 30);
    const waiting = ["a", "b", "c"].map((message) => scene.tell(program, message));
    const isOver = { value: false };
    const answers = Promise.all(waiting).finally(() => isOver.value = true);
    const health = await program.health();
    assert.equal(health.mode, "outbox");
    assert.equal((await fetch(new URL("metrics", program.url))).status, 200);
    const refused = await answered(program.post("no JSON"));
    assert.equal(refused[0], 400);
    assert.equal(isOver.value, false, "health, metrics and a refusal come while the webhooks wait");
    assert.deepEqual(await answers, [UNAVAILABLE, UNAVAILABLE, UNAVAILABLE]);
    // What comes while the thread hangs need not wait for its own five seconds.
    assert.deepEqual(await scene.tell(program, "d"), UNAVAILABLE);
    assert.deepEqual(faultsIn(program), ["slow"]);
    assert.equal((await program.health()).status, "degraded");
  }
  await scene.tellUntil(program, QUEUED, [UNAVAILABLE]);
  await program.logged("outbox_usable");
  // What was answered 503 and written all the same is a duplicate now: Coder sends it again, and it arrives once.
  for (const message of ["a", "b", "c", "d"]) assert.ok((await scene.tell(program, message))[0] < 300);
  await scene.allArrived();
  assert.deepEqual(scene.arrived.toSorted(), [...scene.acknowledged].toSorted());
});

Deno.test("a disk that hangs does not hold up the end of the service", async () => {
  await using scene = await OutboxScene.open();
  const program = await scene.start({ SHUTDOWN_GRACE: "1s" });
  assert.deepEqual(await scene.tell(program, "before"), QUEUED);
  await scene.allArrived();
  await using _ = await stalled(program.pid, 12);
  const waiting = scene.tell(program, "a");
  await eventually(async () => (await program.health()).status.length > 0, "health");
  program.signal("SIGTERM");
  assert.deepEqual(await waiting, UNAVAILABLE);
  // The service has ended; the system keeps the process until the call that hangs is over, with whatever disk.
  const state = async () => (await run(["ps", "-o", "stat=", "-p", String(program.pid)])).stdout;
  await eventually(state, "the end of all but the thread that hangs", {
    until: (seen) => seen.startsWith("Z"),
  });
  assert.equal(await program.ended(), 0, program.stderr);
});
