import assert from "node:assert/strict";
import { notificationWith } from "../support/fakes.ts";
import { STAND_IN_KEY, startPlatformX } from "../support/platformx.ts";
import { answered, startProgram } from "../support/service.ts";

Deno.test("as many requests are at PlatformX as the log and the metrics tell, though a kept connection dies", async (t) => {
  for (const kind of ["closed", "reset"] as const) {
    await t.step(kind, async () => {
      await using platformX = await startPlatformX();
      await using program = await startProgram({
        environment: { GETDX_API_URL: platformX.url, GETDX_API_KEY: STAND_IN_KEY },
      });
      const post = (id: string) =>
        answered(program.post(notificationWith({ labels: { workspace: id } }, id)));
      assert.deepEqual(await post("first"), [200, "forwarded", undefined]);
      platformX.misbehave({ kind });
      assert.deepEqual(await post("second"), [200, "forwarded", undefined]);
      assert.equal(platformX.received[1]?.connection, platformX.received[0]?.connection, "none was kept");

      const metrics = await program.metrics();
      const counted = [...metrics.matchAll(/^coder_platformx_attempts_total\{[^}]*\} (\d+)$/gm)];
      assert.ok(counted.length > 0, metrics);
      assert.equal(counted.reduce((sum, [, count]) => sum + Number(count), 0), 3);
      assert.equal((await program.stop()).code, 0);
      const told = program.entries.filter(({ event }) => event === "webhook");
      assert.deepEqual(told.map(({ msg_id, attempts }) => [msg_id, attempts]), [["first", 1], ["second", 2]]);
      assert.equal(platformX.requests, 3);
    });
  }
});
