/**
 * Whether standard output (1) or error (2) is the stream that `deviceAndInode` names, as systemd's JOURNAL_STREAM does.
 * That variable is inherited by programs whose streams lead elsewhere: a terminal of a desktop has it too
 * (systemd.exec(5)).
 */
export async function isStream(descriptor: 1 | 2, deviceAndInode: string | undefined): Promise<boolean> {
  if (deviceAndInode === undefined) return false;
  const { fstatSync } = await import("node:fs");
  try {
    const { dev, ino } = fstatSync(descriptor, { bigint: true });
    return `${dev}:${ino}` === deviceAndInode;
  } catch {
    return false;
  }
}
