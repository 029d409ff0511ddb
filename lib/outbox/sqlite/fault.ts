/** Errors of SQLite and of the file system → what is wrong with the store. */
import { StoreError, type StoreFault } from "../store_fault.ts";

/** By SQLite's primary result code (sqlite.org/rescode.html). */
const BY_CODE: Readonly<Record<number, StoreFault>> = {
  1: "broken", // no such table or column: it is ours by its mark, and is not as we made it
  3: "forbidden",
  5: "busy",
  6: "busy",
  8: "read_only",
  10: "failing",
  11: "broken",
  13: "full",
  14: "forbidden",
  15: "busy",
  19: "broken", // a constraint: nothing that is written here can break one
  20: "broken",
  26: "broken",
};

/** By extended result code, where it tells more. */
const BY_EXTENDED_CODE: Readonly<Record<number, StoreFault>> = {
  522: "broken", // IOERR_SHORT_READ: the file ends in the middle of a page
  1032: "gone", // READONLY_DBMOVED
  4874: "unsuited", // IOERR_SHMSIZE
  4618: "unsuited", // IOERR_SHMOPEN
  5386: "unsuited", // IOERR_SHMMAP
};

const BY_ERRNO: Readonly<Record<string, StoreFault>> = {
  EACCES: "forbidden",
  EDQUOT: "full",
  EIO: "failing",
  EISDIR: "not_a_file",
  ELOOP: "not_a_file",
  ENOENT: "no_folder",
  ENOSPC: "full",
  ENOTDIR: "no_folder",
  EPERM: "forbidden",
  EROFS: "read_only",
};

/** Names an error by its kind; the runtime's text would quote the path. */
export function sqliteFault(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { errcode, code } = typeof error === "object" && error !== null ? parts(error) : {};
  if (typeof errcode === "number") {
    return new StoreError(BY_EXTENDED_CODE[errcode] ?? BY_CODE[errcode & 0xff] ?? "failing");
  }
  if (code === "ERR_OUT_OF_RANGE") return new StoreError("broken");
  return new StoreError(typeof code === "string" ? BY_ERRNO[code] ?? "failing" : "failing");
}

function parts(error: object): { readonly errcode?: unknown; readonly code?: unknown } {
  return error;
}
