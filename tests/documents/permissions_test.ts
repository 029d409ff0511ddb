import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { PERMISSIONS } from "../../tools/permissions.ts";

for (const [task, flags] of [["start", []], ["dev", ["--watch"]]] as const) {
  Deno.test(`'deno task ${task}' gives the service the permissions of the executable`, () => {
    assert.deepEqual(manifest.tasks[task].split(" "), ["deno", "run", ...flags, ...PERMISSIONS, "main.ts"]);
  });
}

Deno.test("no task takes all permissions, and none stops to ask for one", () => {
  for (const [name, command] of Object.entries(manifest.tasks)) {
    assert.doesNotMatch(command, / -A\b|--allow-all/, name);
    const runs = command.match(/\bdeno (run|test|bench)\b/g) ?? [];
    assert.equal(command.match(/--no-prompt\b/g)?.length ?? 0, runs.length, `${name}: ${command}`);
  }
});
