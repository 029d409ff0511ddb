/** CONTRIBUTING names the gate's stages one by one. */
import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { read } from "../support/files.ts";
import { all } from "./markdown.ts";

Deno.test("the stages that CONTRIBUTING names are the gate's, in order", () => {
  const [block = ""] = all(read("CONTRIBUTING.md"), /```sh\n([^]*?)```/g);
  const [, named = ""] = /^deno task -q ok .*\n([^]*?)^deno test/m.exec(block) ?? [];
  const stages = manifest.tasks.ok.command.split(" && ").map((stage) => stage.replace("fmt --check", "fmt"));
  assert.match(stages.pop() ?? "", /^deno task test /);
  assert.deepEqual(named.trimEnd().split("\n").map((line) => line.replace(/ +#.*/, "")), stages);
});
