/** The file of a SQLite store: what may be opened, and whether it is still there. Effects: files. */
import type * as Fs from "node:fs";
import type { Access } from "../store.ts";
import { StoreError } from "../store_fault.ts";

/** Marks a database as this service's: SQLite's `application_id`, "CPXO". */
export const APPLICATION_ID = 0x4350_584f;

/** Where SQLite's header has the `application_id` (sqlite.org/fileformat2.html). */
const HEADER = { bytes: 72, applicationId: 68, magic: "SQLite format 3\0" } as const;

/** A file as found or made. */
export interface DatabaseFile {
  readonly isEmpty: boolean;
  /** A -wal file lies beside it: somebody has it open, or the last process ended without closing it. */
  readonly hasWal: boolean;
  /** It was written after its -wal file, as after a restore; SQLite writes them the other way round, as a rule. */
  readonly isYoungerThanWal: boolean;
}

/** Files, as this module uses them. */
export type Files = Pick<
  typeof Fs,
  "closeSync" | "fstatSync" | "lstatSync" | "openSync" | "readSync" | "statSync" | "unlinkSync"
>;

/**
 * Looks at a path before SQLite does, and makes the file, for its owner only, if there is none and the service is to
 * have one. What is not a regular file, or neither empty nor ours, is refused untouched.
 *
 * @throws {StoreError} or what the file system throws
 */
export function databaseFile(
  fs: Files,
  path: string,
  { access, isAgain }: {
    readonly access: Access;
    /** The service has had a file there before: no other one is made, as the old one may come back. */
    readonly isAgain: boolean;
  },
): DatabaseFile {
  const found = fs.lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    if (access !== "serve") throw new StoreError("missing");
    if (isAgain) throw new StoreError("gone");
    fs.closeSync(fs.openSync(path, "wx", 0o600));
    return { isEmpty: true, hasWal: false, isYoungerThanWal: false };
  }
  if (!found.isFile()) throw new StoreError("not_a_file");
  const isEmpty = found.size === 0;
  const isFit = isEmpty ? access === "serve" && found.uid === userOf(fs, path) : isOurs(fs, path);
  if (!isFit) throw new StoreError("not_ours");
  const wal = fs.statSync(`${path}-wal`, { throwIfNoEntry: false });
  return {
    isEmpty,
    hasWal: wal !== undefined,
    isYoungerThanWal: wal !== undefined && wal.size > 0 && found.mtimeMs > wal.mtimeMs,
  };
}

/** Identifies the file behind a path; undefined: there is none, or it cannot be looked at. */
export function identityOf(fs: Files, path: string): string | undefined {
  try {
    const { dev, ino } = fs.statSync(path, { bigint: true });
    return `${dev}/${ino}`;
  } catch {
    return undefined;
  }
}

/** Who owns what this process makes in the file's folder: to ask the system takes a permission of its own on Deno. */
function userOf(fs: Files, path: string): number {
  const probe = `${path}-probe`;
  const file = fs.openSync(probe, "wx", 0o600);
  try {
    return fs.fstatSync(file).uid;
  } finally {
    fs.closeSync(file);
    fs.unlinkSync(probe);
  }
}

/** Whether the file begins as a database of this service does. */
export function isOurs(fs: Files, path: string): boolean {
  const file = fs.openSync(path, "r");
  try {
    const header = new Uint8Array(HEADER.bytes);
    const read = fs.readSync(file, header, 0, HEADER.bytes, 0);
    const magic = String.fromCharCode(...header.subarray(0, HEADER.magic.length));
    const id = new DataView(header.buffer).getUint32(HEADER.applicationId);
    return read === HEADER.bytes && magic === HEADER.magic && id === APPLICATION_ID;
  } finally {
    fs.closeSync(file);
  }
}
