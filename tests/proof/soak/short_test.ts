import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

/** Milliseconds after which a run that hangs is ended. */
const HANGS = 240_000;

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

Deno.test({
  name: "after a short mixed load with faults nothing is lost, and no descriptor or timer is left behind",
  ignore: Deno.build.os !== "linux", // it looks at /proc
  async fn() {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--allow-all", MAIN, "--short"],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      signal: AbortSignal.timeout(HANGS),
    }).output();
    const [said, watched] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assert.equal(code, 0, `${said}\n${watched}`);
    for (const mode of ["direct", "outbox"]) assert.match(said!, new RegExp(`^mode +${mode}$`, "m"));
    for (
      const row of [
        /^acknowledged +[1-9]\d*$/mg,
        /^lost +0$/mg,
        /^out of place +0$/mg,
        /^descriptors +before/mg,
      ]
    ) assert.equal(said!.match(row)?.length, 2, `${row}\n${said}`);
  },
});

for (const args of [["--minutes", "long"], ["--mode", "dry_run"], ["--seed", "-1"], ["--shorter"]]) {
  Deno.test(`soak: '${args.join(" ")}' is answered with the usage`, async () => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--allow-all", MAIN, ...args],
      stdin: "null",
    }).output();
    assert.equal(code, 2);
    assert.match(new TextDecoder().decode(stderr), /^usage: deno task proof soak /m);
  });
}
