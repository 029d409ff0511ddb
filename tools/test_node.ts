/**
 * Runs the tests that start the program, with the bundle on Node.js 24: npx brings it, unless `PROGRAM_NODE` is the path
 * of another one. The tests themselves run on this Deno.
 */
import { BUNDLE } from "./bundle.ts";

const node = Deno.env.get("PROGRAM_NODE") || await pathOf("node@24");

await run(Deno.execPath(), ["task", "-q", "bundle"]);
await run(node, [BUNDLE, "--version"]);
// Deno exports traces and log lines by itself; Node.js does not.
const telemetry = ["telemetry_test.ts", "telemetry_end_test.ts"].map((name) => `tests/program/${name}`);
const test = [
  ...["test", "-q", "--no-prompt", "-P=tests", "--junit-path=build/reports/node.xml"],
  `--ignore=${telemetry}`,
];
await run(Deno.execPath(), [...test, ...Deno.args, "tests/program", "tests/node"], { PROGRAM_NODE: node });

/** Where npx keeps the executable: a signal to npx itself would not reach it. */
async function pathOf(version: string): Promise<string> {
  const args = ["-y", version, "-p", "process.execPath"];
  const { code, stdout } = await new Deno.Command("npx", { args, stderr: "inherit" }).output();
  if (code !== 0) Deno.exit(code);
  return new TextDecoder().decode(stdout).trim();
}

/** Ends this process with the command's exit code when it fails. */
async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { code } = await new Deno.Command(command, { args: [...args], env }).spawn().status;
  if (code !== 0) Deno.exit(code);
}
