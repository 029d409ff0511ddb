/** Runs wrk (Debian's package of that name). */
import { fileURLToPath } from "node:url";
import { parseWrk, type WrkResult } from "./wrk_output.ts";

const SCRIPT = fileURLToPath(new URL("requests.lua", import.meta.url));

/** How hard to press, and with what. */
export interface Pressure {
  readonly connections: number;
  readonly seconds: number;
  /** File with the request's template. */
  readonly template: string;
  /** From 0 to 65,535, different in each run that one process meets. */
  readonly run: number;
}

/**
 * Drives a server: every connection sends its next request when it has the answer to the last one.
 *
 * @throws {Error} when wrk is missing or fails
 */
export async function drive(
  url: string,
  { connections, seconds, template, run }: Pressure,
): Promise<WrkResult> {
  const { success, stdout, stderr } = await new Deno.Command("wrk", {
    // One thread: the machine's other core is for who is measured.
    args: [
      "--threads=1",
      `--connections=${connections}`,
      `--duration=${seconds}s`,
      "--timeout=30s",
      `--script=${SCRIPT}`,
      url,
      "--",
      template,
      run.toString(16).padStart(4, "0"),
    ],
    stdin: "null",
  }).output().catch((error) => {
    if (error instanceof Deno.errors.NotFound) throw new Error("wrk is missing: apt-get install wrk");
    throw error;
  });
  const text = new TextDecoder();
  if (!success) throw new Error(`wrk failed: ${text.decode(stderr)}${text.decode(stdout)}`);
  return parseWrk(text.decode(stdout));
}
