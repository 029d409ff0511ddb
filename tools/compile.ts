/**
 * Makes the executable: one file, for this machine or for the `--target` given as arguments. With `--otel` it has
 * Deno's OpenTelemetry switched on, which is decided when compiling.
 *
 * Runs on Deno 2.6 too, so without `--bundle`. Bundling first leaves the unused parts of the npm
 * packages out (6 MB of zod alone); the bundle stays unminified, so that a stack trace names the service's functions.
 */
import { PERMISSIONS } from "./permissions.ts";

const BUNDLE = "build/coder-platformx.js";
const EXECUTABLE = "build/coder-platformx";

/** Traces and logs. With Deno's metrics and a collector that hangs a process may never end (seen with 2.4 and 2.9). */
const TELEMETRY = { OTEL_DENO: "true", OTEL_DENO_METRICS: "false" };

const telemetry = Deno.args.includes("--otel");

await deno(["bundle", "--quiet", "--frozen", "--output", BUNDLE, "main.ts"]);
await deno([
  "compile",
  "--no-check", // the gate has checked the types
  "--no-config",
  "--no-lock", // it would embed every package that it lists
  "--no-code-cache", // else the program writes to a predictable name in a temporary folder that others write to too
  "--unstable-kv",
  ...PERMISSIONS,
  "--output",
  telemetry ? `${EXECUTABLE}-otel` : EXECUTABLE,
  ...Deno.args.filter((argument) => argument !== "--otel"),
  BUNDLE,
], telemetry ? TELEMETRY : { OTEL_DENO: "false" });

/** Runs the Deno that runs this; ends the process with its exit code when it fails. */
async function deno(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
  const { code } = await new Deno.Command(Deno.execPath(), { args: [...args], env }).spawn().status;
  if (code !== 0) Deno.exit(code);
}
