/**
 * Runs the tests that start the program, with the program on the oldest Deno that is promised; that one also checks the
 * program's types. npx brings it, unless `PROGRAM_DENO` is the path of another one. The tests themselves run on this Deno.
 */
import { pathOf, run } from "./other_runtime.ts";

/** The newest 2.6 that is on npm: 2.6.9 and 2.6.10 are not. */
const OLDEST = "deno@2.6.8";

const oldest = Deno.env.get("PROGRAM_DENO") || await pathOf(OLDEST, "eval", "console.log(Deno.execPath())");

// Without the lock file: an older Deno wants to add its own @types/node to it. Versions are exact in deno.json. With the
// machine's certificate authorities: it asks the registry for those types.
await run(oldest, ["check", "--no-lock", "main.ts"], { DENO_TLS_CA_STORE: "mozilla,system" });
const test = ["test", "-q", "--no-prompt", "-P=tests", "--reporter=dot"];
await run(Deno.execPath(), [...test, "--junit-path=build/reports/oldest.xml", "tests/program"], {
  PROGRAM_DENO: oldest,
});
