import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { filesIn, read } from "../support/files.ts";
import { all } from "./markdown.ts";
import { readableNames } from "../../lib/config/variables.ts";

Deno.test("the service may read its own variables and no others", () => {
  const { env, ...rest } = manifest.permissions.service;
  assert.deepEqual(env.toSorted(), readableNames().toSorted());
  assert.deepEqual(rest, { net: true, read: true, write: true });
});

Deno.test("every variable that the program asks for by name may be read: what may not is as if it were not set", () => {
  const files = filesIn("lib").filter((path) => path.endsWith(".ts")).map(read);
  const asked = files.flatMap((text) => all(text, /\benv\("(\w+)"\)/g));
  assert.ok(asked.length >= 5, `${asked.length} are asked for`);
  assert.deepEqual(asked.filter((name) => !readableNames().includes(name)), []);
});

Deno.test("no task takes all permissions, and none stops to ask for one", () => {
  for (const [name, { command }] of Object.entries(manifest.tasks)) {
    assert.doesNotMatch(command, / -A\b|--allow-all/, name);
    const runs = command.match(/\bdeno (run|test|bench)\b/g) ?? [];
    assert.equal(command.match(/--no-prompt\b/g)?.length ?? 0, runs.length, `${name}: ${command}`);
  }
});

Deno.test("there are few tasks, and each says what it does", () => {
  const tasks = Object.values(manifest.tasks);
  assert.ok(tasks.length <= 13, `${tasks.length} tasks`);
  for (const { description } of tasks) assert.match(description, /^[A-Z].{10,80}$/);
});
