/** Runs wrk (Debian's package of that name). */
import { PATIENCE } from "../../../tests/support/eventually.ts";
import { needs, succeed } from "../../../tests/support/process.ts";
import { fileOf } from "../../../tests/support/files.ts";
import { parseWrk, type WrkResult } from "./wrk_output.ts";

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
  await needs("wrk", "apt-get install wrk");
  const script = fileOf("tools/bench/load/requests.lua");
  // One thread: the machine's other core is for who is measured.
  const load = ["--threads=1", `--connections=${connections}`, `--duration=${seconds}s`, "--timeout=30s"];
  const serial = run.toString(16).padStart(4, "0");
  const patience = seconds * 1_000 + PATIENCE;
  return parseWrk(
    await succeed(["wrk", ...load, `--script=${script}`, url, "--", template, serial], { patience }),
  );
}
