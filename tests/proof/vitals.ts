/** What the kernel tells of a process from outside. */
import { run } from "../support/process.ts";
import { kernelSays } from "../../tools/bench/machine.ts";
import { parseUsage } from "../../tools/bench/load/usage.ts";

/** A process at one moment. */
export interface Vitals {
  /** Megabytes of 1,000,000 bytes: resident, and the most so far. */
  readonly resident: number;
  readonly peak: number;
  readonly descriptors: number;
  readonly threads: number;
  /** How often a thread of it stopped waiting, since it began. */
  readonly wakeUps: number;
  /** Milliseconds of processor time, since it began. */
  readonly processor: number;
}

/**
 * Reads them.
 *
 * @throws {Error} when the process has ended
 */
export async function vitalsOf(pid: number): Promise<Vitals> {
  const [status, stat, tasks, descriptors] = await Promise.all([
    kernelSays(`/proc/${pid}/status`),
    kernelSays(`/proc/${pid}/stat`),
    // `status` of the process counts its first thread only. A thread may end while this runs.
    run(["sh", "-c", 'cat /proc/"$1"/task/*/status 2>/dev/null', "sh", String(pid)]),
    run(["ls", `/proc/${pid}/fd`]),
  ]);
  if (!status.includes("VmRSS")) throw new Error("the service has ended");
  const { memory, memoryPeak, processor } = parseUsage(status, stat);
  return {
    resident: memory,
    peak: memoryPeak,
    descriptors: linesOf(descriptors.stdout),
    threads: wakeUpsIn(tasks.stdout).length,
    wakeUps: wakeUpsIn(tasks.stdout).reduce((sum, count) => sum + count, 0),
    processor,
  };
}

/** How often each thread gave up the processor by itself, to wait: `voluntary_ctxt_switches` of proc_pid_status(5). */
export function wakeUpsIn(tasks: string): number[] {
  return [...tasks.matchAll(/^voluntary_ctxt_switches:\s*(\d+)$/gm)].map(([, count]) => Number(count));
}

function linesOf(text: string): number {
  return text.split("\n").filter((line) => line !== "").length;
}
