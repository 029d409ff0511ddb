/** The file of a SQLite store: what may be opened, and whether it is still there. Effects: files. */
import { codeOf } from "../../runtime/system_error.ts";
import type { FileHead, ThreadFiles } from "../../runtime/thread.ts";
import type { Access } from "../store.ts";
import { StoreError } from "../store_fault.ts";

/** Marks a database as this service's: SQLite's `application_id`, "CPXO". */
export const APPLICATION_ID = 0x4350_584f;

/** What SQLite's header has where (sqlite.org/fileformat2.html). */
const HEADER = { bytes: 72, schemaCookie: 40, applicationId: 68, magic: "SQLite format 3\0" } as const;

/** A file as found or made. */
export interface DatabaseFile {
  /** A -wal file lies beside it: somebody has it open, or the last process ended without closing it. */
  readonly hasWal: boolean;
  /** It was written after its -wal file, as after a restore; SQLite writes them the other way round, as a rule. */
  readonly isYoungerThanWal: boolean;
}

/**
 * Looks at a path before SQLite does, and makes the file, for its owner only, if there is none and the service is to
 * have one. To be called while this process does not have it open. What is not a regular file, or neither blank
 * nor ours, is refused untouched.
 *
 * @throws {StoreError} or what the file system throws
 */
export function databaseFile(
  files: ThreadFiles,
  path: string,
  { access, isAgain, newUuid }: {
    readonly access: Access;
    /** The service has had a file there before: no other one is made, as the old one may come back. */
    readonly isAgain: boolean;
    readonly newUuid: () => string;
  },
): DatabaseFile {
  const found = files.look(path);
  if (found === undefined) {
    if (access !== "serve") throw new StoreError("missing");
    if (isAgain) throw new StoreError("gone");
    try {
      files.make(path);
    } catch (error) {
      // Another process that starts at the same time was faster.
      if (codeOf(error) === "EEXIST") return databaseFile(files, path, { access, isAgain, newUuid });
      throw error;
    }
    return { hasWal: false, isYoungerThanWal: false };
  }
  if (!found.isFile) throw new StoreError("not_a_file");
  const whose = found.size === 0 ? "blank" : whoseIs(files, path);
  if (whose === "blank" && access !== "serve") throw new StoreError("blank");
  const isFit = whose === "blank" ? found.uid === userOf(files, `${path}-${newUuid()}`) : whose === "ours";
  if (!isFit) throw new StoreError("not_ours");
  const wal = files.look(`${path}-wal`);
  return {
    hasWal: wal !== undefined,
    isYoungerThanWal: wal !== undefined && wal.size > 0 && found.mtimeMs > wal.mtimeMs,
  };
}

/** Who owns what this process makes in a folder: to ask the system takes a permission of its own on Deno. */
function userOf(files: ThreadFiles, probe: string): number | null | undefined {
  files.make(probe);
  try {
    return files.look(probe)?.uid;
  } finally {
    files.remove(probe);
  }
}

/** Opens the beginning of the file, to be asked by {@link isOurs}. */
export function openHeader(files: ThreadFiles, path: string): FileHead {
  return files.openHead(path, HEADER.bytes);
}

/** Whether the file begins as a database of this service does. */
export function isOurs(head: FileHead): boolean {
  return whoseHead(head) === "ours";
}

/**
 * A database that never had a table is as blank as an empty file: a service that is just making its own has left it so,
 * for a moment or, if it was killed, for good (`PRAGMA auto_vacuum` writes the first page in a transaction of its own).
 */
function whoseHead(head: FileHead): "ours" | "blank" | "foreign" {
  const header = head.read();
  if (header.length < HEADER.bytes) return "foreign";
  if (String.fromCharCode(...header.subarray(0, HEADER.magic.length)) !== HEADER.magic) return "foreign";
  const numbers = new DataView(header.buffer);
  const applicationId = numbers.getUint32(HEADER.applicationId);
  if (applicationId === APPLICATION_ID) return "ours";
  return applicationId === 0 && numbers.getUint32(HEADER.schemaCookie) === 0 ? "blank" : "foreign";
}

function whoseIs(files: ThreadFiles, path: string): "ours" | "blank" | "foreign" {
  const head = openHeader(files, path);
  try {
    return whoseHead(head);
  } finally {
    head.close();
  }
}
