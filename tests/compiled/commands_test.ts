import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { executable, openFolder, run, withOnly } from "./executable.ts";
import { webhook } from "./exchange.ts";

Deno.test("--version prints the version of deno.json", async () => {
  const ended = await run(withOnly({}, executable(), "--version"));
  assert.deepEqual(ended, { code: 0, stdout: `coder-platformx ${manifest.version}\n`, stderr: "" });
});

Deno.test("explain reads a webhook from standard input and prints the event", async () => {
  const ended = await run(withOnly({}, executable(), "explain", "-", "--json"), { input: await webhook() });
  assert.equal(ended.code, 0, ended.stderr);
  const { sent, event } = JSON.parse(ended.stdout);
  assert.deepEqual([sent, event.name, event.email], [true, "Workspace Created", "alice@example.com"]);
});

Deno.test("without a key the executable names the variable and ends with exit code 2", async () => {
  const { code, stdout, stderr } = await run(withOnly({}, executable()));
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /GETDX_API_KEY/);
});

Deno.test("the executable reads .env where it is started, and the environment goes before it", async () => {
  await using folder = await openFolder();
  await Deno.writeTextFile(`${folder.path}/.env`, "PORT=seven\nLOG_LEVEL=loud\n");
  const { code, stderr } = await run(withOnly({ PORT: "70000", DRY_RUN: "1" }, executable()), {
    cwd: folder.path,
  });
  assert.equal(code, 2);
  assert.match(stderr, /PORT.*70000/);
  assert.match(stderr, /LOG_LEVEL.*loud/);
});
