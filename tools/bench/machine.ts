/** What a measurement was made on: without that no number can be repeated. */
import { run } from "../../tests/support/process.ts";

/** One paragraph about this machine and the programs, for the head of every result. */
export async function describeMachine(): Promise<string> {
  const processor = /^model name\s*: (.+)$/m.exec(await kernelSays("/proc/cpuinfo"))?.[1]?.trim() ??
    Deno.build.arch;
  const memory = Number(/^MemTotal:\s*(\d+) kB/m.exec(await kernelSays("/proc/meminfo"))?.[1] ?? NaN) /
    1024 ** 2;
  const load = (await kernelSays("/proc/loadavg")).split(" ", 1)[0];
  return [
    `${new Date().toISOString().slice(0, 16)} UTC`,
    `${navigator.hardwareConcurrency} cores (${processor})`,
    `${memory.toFixed(0)} GB`,
    `Linux ${(await kernelSays("/proc/sys/kernel/osrelease")).trim()}`,
    `Deno ${Deno.version.deno}`,
    `load average before ${load}`,
  ].join(", ");
}

/**
 * A file of `/proc`, by `cat`: Deno itself reads those with all permissions only. Empty when there is none, as on other
 * systems than Linux.
 */
export async function kernelSays(path: string): Promise<string> {
  return (await run(["cat", path])).stdout;
}
