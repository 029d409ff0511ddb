/** What a measurement was made on: without that no number can be repeated. */

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

/** Type of the file system that holds a path, by the kernel's list of mounts (`/proc/self/mounts`): `ext4`, `tmpfs`, … */
export function fileSystemOf(path: string, mounts: string): string {
  const holding = mounts.trimEnd().split("\n").map((line) => line.split(" "))
    .filter(([, point]) => point === "/" || path === point || path.startsWith(`${point}/`));
  // The longest is the nearest; of two at one place the later one hides the earlier one.
  return holding.reduce((best, mount) => mount[1]!.length >= best[1]!.length ? mount : best, [
    "",
    "",
    "unknown",
  ])[2]!;
}

/** File systems that keep files in memory: an fsync costs nothing there. */
export const IN_MEMORY: readonly string[] = ["tmpfs", "ramfs"];

/**
 * A file of `/proc`, by `cat`: Deno itself reads those with all permissions only. Empty when there is none, as on other
 * systems than Linux.
 */
export async function kernelSays(path: string): Promise<string> {
  const { stdout } = await new Deno.Command("cat", { args: [path], stdin: "null", stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}
