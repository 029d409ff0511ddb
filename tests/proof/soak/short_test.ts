import assert from "node:assert/strict";
import { runTrial } from "../trial.ts";

Deno.test({
  name: "after a short mixed load with faults nothing is lost, and no descriptor or timer is left behind",
  ignore: Deno.build.os !== "linux", // it looks at /proc
  async fn() {
    const { code, stdout, stderr } = await runTrial("soak", "--short");
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    const rows = [
      ...[/^mode +(?:direct|outbox)$/mg, /^acknowledged +[1-9]\d*$/mg, /^lost +0$/mg, /^out of place +0$/mg],
      /^descriptors +before/mg,
    ];
    for (const row of rows) assert.equal(stdout.match(row)?.length, 2, `${row}\n${stdout}`);
  },
});

for (const args of [["--minutes", "long"], ["--mode", "dry_run"], ["--seed", "-1"], ["--shorter"]]) {
  Deno.test(`soak: '${args.join(" ")}' is answered with the usage`, async () => {
    const { code, stderr } = await runTrial("soak", ...args);
    assert.equal(code, 2);
    assert.match(stderr, /^usage: deno task proof soak /m);
  });
}
