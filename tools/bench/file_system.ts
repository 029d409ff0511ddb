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
