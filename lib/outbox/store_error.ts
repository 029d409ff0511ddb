/** What is wrong with the store, by kind. */
export type StoreFault =
  | "busy"
  | "full"
  | "read_only"
  | "broken"
  | "failing"
  | "gone"
  | "missing"
  | "unreachable"
  | "newer"
  | "overfull"
  | "unusable";

const WHAT_TO_DO: Readonly<Record<StoreFault, string>> = {
  busy: "another process keeps it locked: end programs that hold it open",
  full: "the disk is full: make room",
  read_only: "it cannot be written: mount it writable, and let this user write the file and its folder",
  broken:
    "the file is damaged: move it away, with its -wal and -shm files, and start anew; keep it to look into",
  failing: "the disk does not read or write: see whether it is broken, or became read-only",
  gone: "its file was deleted or moved: put it back, or an empty one in its place to begin anew",
  unreachable: "this version cannot use PostgreSQL yet: name a SQLite file",
  newer: "it holds records of a newer version: run that version again",
  missing: "there is no such file: check OUTBOX, and run the service once",
  overfull: "OUTBOX_MAX_PENDING events are waiting: see why PlatformX does not take them, or raise it",
  unusable: "it cannot be used: check that the folder exists and that this user may write it",
};

/** The store cannot do its work. The message says what to do; it never quotes stored data. */
export class StoreError extends Error {
  override readonly name = "StoreError";

  constructor(readonly fault: StoreFault) {
    super(WHAT_TO_DO[fault]);
  }
}

/** SQLite's words for a damaged file, and Deno's for entries that it cannot read. */
const DAMAGE =
  /malformed|not a database|corrupt|already exists|deserialize|encoding -?\d+ is unknown|unexpected end of file/i;

/** Names an error of Deno KV by its kind. SQLite's kinds are in its texts only (seen with Deno 2.4 and 2.9). */
export function storeErrorOf(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  // Deno appends the operation and the path, and a path can hold any of these words.
  const text = error instanceof Error ? error.message.replace(/: \w+ '.*$/s, "") : "";
  if (/database is locked|busy/i.test(text)) return new StoreError("busy");
  if (/disk is full|no space/i.test(text)) return new StoreError("full");
  if (/readonly|read-only|permission denied/i.test(text)) return new StoreError("read_only");
  if (DAMAGE.test(text)) return new StoreError("broken");
  if (/disk i\/o error/i.test(text)) return new StoreError("failing");
  if (/fetch|connect|http|network|dns|timed? ?out/i.test(text)) return new StoreError("unreachable");
  return new StoreError("unusable");
}
