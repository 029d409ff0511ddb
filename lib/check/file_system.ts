/** Whether a file system is fit for SQLite: its locks need a disk of this machine, its promises one that lasts. */
import type { Finding } from "./finding.ts";

/** What the system tells about the file system of a folder. */
export interface FileSystemSeen {
  /** `Deno.build.os` */
  readonly os: string;
  /** Linux's number for the kind (`statfs` f_type); undefined: it may not be asked for. */
  readonly magic: number | undefined;
  /** Device number, as `stat` tells it; undefined: not known. */
  readonly device: number | undefined;
}

/** Linux, `statfs(2)`: over the network, or handed in by a host. */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB"],
  [0x517b, "SMB"],
  [0x01021997, "9P"],
  [0x65735546, "FUSE"],
  [0x00c36400, "Ceph"],
  [0x5346414f, "AFS"],
  [0x73757245, "Coda"],
  [0x0bd00bd0, "Lustre"],
  [0x01161970, "GFS2"],
  [0x7461636f, "OCFS2"],
]);

/** Gone with the machine's or the container's next start. */
const PASSING: ReadonlyMap<number, string> = new Map([
  [0x01021994, "memory (tmpfs)"],
  [0x858458f6, "memory (ramfs)"],
  [0x794c7630, "a container's own layer (overlay)"],
]);

const NAME = "file system";

/** Judges the file system of the outbox's folder. */
export function fileSystemFinding({ os, magic, device }: FileSystemSeen): Finding {
  if (os !== "linux") {
    return { name: NAME, state: "skipped", detail: "not known on this system", todo: BE_LOCAL };
  }
  // Some 32-bit kinds come out negative.
  const kind = magic === undefined ? undefined : magic >>> 0;
  const network = kind === undefined ? undefined : NETWORK.get(kind);
  if (network !== undefined) {
    return { name: NAME, state: "warning", detail: `${network}: not a disk of this machine`, todo: BE_LOCAL };
  }
  const passing = kind === undefined ? undefined : PASSING.get(kind);
  if (passing !== undefined) return { name: NAME, state: "warning", detail: passing, todo: BE_LASTING };
  if (kind !== undefined) return { name: NAME, state: "ok", detail: "local" };
  if (device === undefined) return { name: NAME, state: "skipped", detail: "not known", todo: BE_LOCAL };
  // Linux numbers what is on no disk with major 0: network, memory and container layers, but Btrfs and ZFS too.
  return major(device) === 0
    ? {
      name: NAME,
      state: "note",
      detail: "on no disk of its own: network, memory, layer, Btrfs or ZFS",
      todo: BE_LOCAL,
    }
    : { name: NAME, state: "ok", detail: "local" };
}

const BE_LOCAL = "See that OUTBOX is on a local disk: over a network, SQLite's locks do not hold";
const BE_LASTING = "Put OUTBOX on a disk or a volume: here, events are lost with the next start";

/** Linux: twelve bits above the lowest eight. */
function major(device: number): number {
  return Math.floor(device / 256) & 0xfff;
}
