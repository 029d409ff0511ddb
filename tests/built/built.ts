/** Neighbours that are built from their published source: see `build.sh`. */
import { run } from "../support/process.ts";
import { fileOf } from "../support/files.ts";

/** Milliseconds that a build may take, on two cores and with nothing in Go's cache. */
const BUILD = 30 * 60_000;

/** The folder with what was built, which happens once. @throws {Error} with what was missing */
export async function built(word: "collector" | "helm" | "kubernetes" | "lambda"): Promise<string> {
  const { code, stderr } = await run([fileOf("tests/built/build.sh"), word], { patience: BUILD });
  if (code !== 0) throw new Error(`${word} could not be built:\n${stderr.slice(-3_000)}`);
  return fileOf(`build/neighbours/${word}`);
}
