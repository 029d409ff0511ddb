import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { readableNames } from "../../lib/config/variables.ts";
import { filesIn, read } from "../support/files.ts";
import { assertEntries } from "./entries.ts";
import { all } from "./markdown.ts";

Deno.test("the service may read its own variables and no others", () => {
  const { env, ...rest } = manifest.permissions.service;
  const lines = (names: readonly string[]) => names.map((name) => `"${name}",`);
  assertEntries("deno.json: permissions.service.env", lines(env), lines(readableNames()));
  assert.deepEqual(rest, { net: true, read: true, write: true });
});

Deno.test("each variable that is asked for by its name may be read: one that may not looks as if it were not set", () => {
  const rooms = filesIn("lib").filter((file) => !file.startsWith("lib/runtime/"));
  const asking = rooms.map(read).filter((text) => /\benv\(|environment\.(?:get|has)\(/.test(text));
  const names = new Set(asking.flatMap((text) => all(text, /"([A-Z][A-Z0-9]*_[A-Z0-9_]+)"/g)));
  assert.ok(names.has("JOURNAL_STREAM") && names.has("K_SERVICE"));
  assert.deepEqual([...names].filter((name) => !readableNames().includes(name)), []);
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
