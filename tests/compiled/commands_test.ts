import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { sampleOf } from "../support/samples.ts";
import { runExecutable } from "./executable.ts";

Deno.test("--version prints the version of deno.json", async () => {
  const ended = await runExecutable(["--version"]);
  assert.deepEqual(ended, { code: 0, stdout: `coder-platformx ${manifest.version}\n`, stderr: "" });
});

Deno.test("explain reads a webhook from standard input and prints the event", async () => {
  const stdin = JSON.stringify(sampleOf({ name: "Workspace Created" }));
  const ended = await runExecutable(["explain", "-", "--json"], { stdin });
  assert.equal(ended.code, 0, ended.stderr);
  const { sent, event } = JSON.parse(ended.stdout);
  assert.deepEqual([sent, event.name, event.email], [true, "Workspace Created", "alice@example.com"]);
});

Deno.test("without a key the executable names the variable and ends with exit code 2", async () => {
  const { code, stdout, stderr } = await runExecutable([]);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /GETDX_API_KEY/);
});

Deno.test("the executable reads .env where it is started, and the environment goes before it", async () => {
  const { code, stderr } = await runExecutable([], {
    environment: { PORT: "70000", DRY_RUN: "1" },
    files: { ".env": "PORT=seven\nLOG_LEVEL=loud\n" },
  });
  assert.equal(code, 2);
  assert.match(stderr, /PORT.*70000/);
  assert.match(stderr, /LOG_LEVEL.*loud/);
});
