/**
 * Makes the executable from the bundle: one file, for this machine or for the `--target` given as arguments. With
 * `--otel` it has Deno's OpenTelemetry switched on, which is decided when compiling.
 *
 * The bundle is compiled, not the sources: unused parts of the npm packages stay out, and what runs on Node.js is what
 * runs here.
 */
import { BUNDLE, bundle } from "./bundle.ts";
import { PERMISSIONS } from "./permissions.ts";

const EXECUTABLE = "build/coder-platformx";

/**
 * Traces and logs. With Deno's metrics and a collector that hangs a process may never end (seen with 2.4 and 2.9). Lines
 * are exported by the service itself: what Deno prints of them is replaced.
 */
const TELEMETRY = { OTEL_DENO: "true", OTEL_DENO_METRICS: "false", OTEL_DENO_CONSOLE: "replace" };

const telemetry = Deno.args.includes("--otel");

await bundle();
const { code, stderr } = await new Deno.Command(Deno.execPath(), {
  args: [
    "compile",
    "--no-check", // the gate has checked the types
    "--no-config",
    "--no-lock", // it would embed every package that it lists
    "--no-code-cache", // else the program writes to a predictable name in a temporary folder that others write to too
    ...PERMISSIONS,
    "--output",
    telemetry ? `${EXECUTABLE}-otel` : EXECUTABLE,
    ...Deno.args.filter((argument) => argument !== "--otel"),
    BUNDLE,
  ],
  env: telemetry ? TELEMETRY : { OTEL_DENO: "false" },
  stderr: "piped",
}).output();
const said = new TextDecoder().decode(stderr).trimEnd();
if (code !== 0 && /denort|dl\.deno\.land/.test(said)) {
  console.error(
    `The executable's base, denort, cannot be downloaded from dl.deno.land (Deno ${Deno.version.deno}): let DENORT_BIN ` +
      `name one, or run the bundle, which is made and needs none.
By Node.js 24:  node ${BUNDLE}
By Deno:        npx -y deno@2.9.6 run -q --no-prompt -P=service ${BUNDLE}
Under systemd:  "On Node.js" in deploy/systemd/README.md`,
  );
} else if (said !== "") console.error(said);
Deno.exit(code);
