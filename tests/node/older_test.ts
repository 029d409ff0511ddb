/** Node.js that is too old says so: 20 lacks the syntax that Node.js 24 has, 24.1 knows no `import.meta.main`. */
import assert from "node:assert/strict";
import { pathOf } from "../../tools/other_runtime.ts";
import { fileOf } from "../support/files.ts";
import { run } from "../support/process.ts";

for (const version of ["20.20.2", "24.1.0"]) {
  Deno.test(`Node.js ${version} is told in one line that it is too old`, async () => {
    const node = await pathOf(`node@${version}`, "-p", "process.execPath");
    assert.deepEqual(await run([node, "--", fileOf("build/coder-platformx.mjs"), "serve"]), {
      code: 2,
      stdout: "",
      stderr: `coder-platformx needs Node.js 24.2 or later: this is ${version}\n`,
    });
  });
}
