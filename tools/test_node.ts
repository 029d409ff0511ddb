/**
 * Runs the tests that start the program, with the bundle on Node.js 24: npx brings it, unless `PROGRAM_NODE` is the path
 * of another one. The tests themselves run on this Deno.
 */
import { BUNDLE } from "./bundle.ts";
import { pathOf, run } from "./other_runtime.ts";

const node = Deno.env.get("PROGRAM_NODE") || await pathOf("node@24", "-p", "process.execPath");

await run(Deno.execPath(), ["task", "-q", "bundle"]);
await run(node, [BUNDLE, "--version"]);
// Deno exports traces and log lines by itself; Node.js does not. A path would be forgotten here, as files are named
// beside the folders; a pattern is not (findings/deno_ignore_forgotten.sh).
const test = [
  ...["test", "-q", "--no-prompt", "-P=tests", "--junit-path=build/reports/node.xml"],
  "--ignore=**/telemetry_*",
];
// The executable's tests of the network hold for Node.js as well: a script stands in for the executable.
const script = `${Deno.cwd()}/build/coder-platformx-node`;
await Deno.writeTextFile(script, `#!/bin/sh\nexec '${node}' -- '${Deno.cwd()}/${BUNDLE}' "$@"\n`, {
  mode: 0o755,
});
const network = ["proxy", "proxy_faults", "https", "hostile"].map((name) => `tests/compiled/${name}_test.ts`);
await run(Deno.execPath(), [...test, ...Deno.args, "tests/program", "tests/node", ...network], {
  PROGRAM_NODE: node,
  EXECUTABLE: script,
});
