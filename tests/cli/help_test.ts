import assert from "node:assert/strict";
import { COMMAND_NAMES } from "../../lib/cli/arguments.ts";
import { help } from "../../lib/cli/help.ts";
import { fakeTerminal } from "./fakes.ts";

Deno.test("help names every command, and every command has help of its own, narrow enough for a terminal", () => {
  const general = fakeTerminal();
  assert.equal(help(general.terminal, undefined), 0);
  assert.match(general.out.join("\n"), /Exit codes: 0 done, 1 failed, 2 usage or configuration/);
  for (const name of COMMAND_NAMES) {
    assert.ok(
      general.out.join("\n").includes(`coder-platformx ${name === "serve" ? "[serve]" : name}`),
      name,
    );
    const about = fakeTerminal();
    assert.equal(help(about.terminal, name), 0);
    assert.ok(about.out.join("\n").startsWith(`coder-platformx ${name}`), name);
    assert.deepEqual(about.err, []);
    for (const line of [...general.out, ...about.out].join("\n").split("\n")) {
      assert.ok(line.length <= 120, line);
    }
  }
});
