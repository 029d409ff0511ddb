/**
 * Runs the tests that start the program, with the program on the oldest Deno that is promised: `PROGRAM_DENO`, its path.
 * That Deno also checks the program's types. The tests themselves need the Deno that runs this.
 */

/** Modules of the tests that run `PROGRAM_DENO`. */
const STARTERS = ["program_deno", "program", "outbox_program", "check_program", "telemetry_program"];
const IMPORTS_STARTER = new RegExp(`from "\\.\\./support/(?:${STARTERS.join("|")})\\.ts"`);

const oldest = Deno.env.get("PROGRAM_DENO");
if (!oldest) {
  console.error("PROGRAM_DENO must name a Deno executable");
  Deno.exit(2);
}

// Without the lock file: an older Deno wants to add its own @types/node to it. Versions are exact in deno.json. With the
// machine's certificate authorities: it asks the registry for those types.
await run(oldest, ["check", "--no-lock", "main.ts"], { DENO_TLS_CA_STORE: "mozilla,system" });
await run(Deno.execPath(), [
  "test",
  ...["--no-prompt", "--allow-net=127.0.0.1,name.invalid", "--allow-read", "--allow-write", "--allow-env"],
  ...["--allow-run", "--reporter=dot", "--junit-path=build/reports/oldest.xml"],
  ...[...Deno.readDirSync("tests")]
    .map(({ name }) => `tests/${name}`)
    .filter((path) => path.endsWith("_test.ts") && IMPORTS_STARTER.test(Deno.readTextFileSync(path)))
    .toSorted(),
]);

/** Ends this process with the command's exit code when it fails. */
async function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { code } = await new Deno.Command(command, { args: [...args], env }).spawn().status;
  if (code !== 0) Deno.exit(code);
}
