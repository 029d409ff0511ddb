import assert from "node:assert/strict";
import { Alarm } from "../../lib/outbox/alarm.ts";
import { type Cron, ringEveryMinute } from "../../lib/outbox/deploy_cron.ts";
import { PROGRAM_DENO } from "../support/program.ts";

Deno.test("on Deno Deploy a cron wakes the outbox once a minute, as soon as there is one", () => {
  const crons: Parameters<Cron>[] = [];
  const alarm = new Alarm();
  ringEveryMinute(alarm, (...cron) => crons.push(cron));
  assert.deepEqual(crons.map(([, schedule]) => schedule), ["* * * * *"]);
  const [, , handler] = crons[0]!;
  handler();
  let woken = 0;
  alarm.onRing(() => woken++);
  handler();
  assert.equal(woken, 1);
});

Deno.test("where there are no crons, nothing happens", () => {
  ringEveryMinute(new Alarm(), undefined);
});

Deno.test("main registers the cron while it is evaluated, on Deno Deploy only", async (t) => {
  for (const deploy of [true, false]) {
    await t.step(`DENO_DEPLOY ${deploy ? "set" : "unset"}`, async () => {
      const code = `
        const crons = [];
        Object.defineProperty(Deno, "cron", { value: (...cron) => crons.push(cron) });
        const loading = import(${JSON.stringify(new URL("../../main.ts", import.meta.url).href)});
        await loading;
        console.log(crons.length);`;
      const { stdout, stderr } = await new Deno.Command(PROGRAM_DENO, {
        args: ["eval", code],
        env: { DENO_DEPLOY: deploy ? "1" : "" },
      }).output();
      assert.equal(
        new TextDecoder().decode(stdout).trim(),
        deploy ? "1" : "0",
        new TextDecoder().decode(stderr),
      );
    });
  }
});
