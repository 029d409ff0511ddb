/** What the kernel says of a process. */
import { kernelSays } from "../machine.ts";

/** Memory and processor time. */
export interface Usage {
  /** Resident memory, now and at most so far, in megabytes of 1,000,000 bytes. */
  readonly memory: number;
  readonly memoryPeak: number;
  /** Processor time used so far, all threads together, in milliseconds. */
  readonly processor: number;
}

/** Reads a process's usage. */
export async function usageOf(pid: number): Promise<Usage> {
  return parseUsage(await kernelSays(`/proc/${pid}/status`), await kernelSays(`/proc/${pid}/stat`));
}

/** Makes usage of the kernel's `status` and `stat` (proc_pid_status(5), proc_pid_stat(5)). */
export function parseUsage(status: string, stat: string): Usage {
  const megabytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, "m").exec(status)?.[1]) * 1024 / 1e6;
  // The program's name is in parentheses and may hold anything, so what comes after the last one counts.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { memory: megabytes("VmRSS"), memoryPeak: megabytes("VmHWM"), processor: ticks * TICK };
}

/** Milliseconds of the kernel's unit of processor time: 100 a second on every Linux that Deno runs on. */
const TICK = 10;
