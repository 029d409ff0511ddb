import { type Ended, run } from "../support/process.ts";
import { fileOf } from "../support/files.ts";

/** Milliseconds after which a short trial is ended; claims of a dead process alone last 30 s. */
const HANGS = 240_000;

/** Runs a long trial, shortened by its options, as `deno task proof NAME` does. */
export function runTrial(name: "crash" | "fuzz" | "soak", ...options: readonly string[]): Promise<Ended> {
  const command = [Deno.execPath(), "run", "-q", "--no-prompt", "-P=tests", `tests/proof/${name}/main.ts`];
  return run([...command, ...options], { cwd: fileOf(""), patience: HANGS });
}
