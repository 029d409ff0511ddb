/** What can be wrong with the store, by kind. */
const WHAT_TO_DO = {
  busy: "another process keeps it locked: end programs that hold it open",
  slow: "it does not answer in time: see whether its disk, its network or its server is overloaded or hangs",
  full: "its disk is full: make room",
  overfull:
    "OUTBOX_MAX_PENDING events wait or are dead letters: see why PlatformX does not take them, replay or " +
    "drop dead letters, or raise it",
  keys_overfull:
    "it remembers as many notifications as it may: lower DEDUP_WINDOW, or raise OUTBOX_MAX_PENDING " +
    "(ten times as many, and at least two million, are remembered)",
  read_only: "it cannot be written: mount it writable, and let this user write the file and its folder",
  broken:
    "it is damaged: move the file away, with its -wal and -shm files, and start anew; keep it to look into. " +
    "A backup must be restored without the old -wal and -shm files beside it",
  failing: "its disk does not read or write: see whether it is broken, or became read-only",
  unsuited: "its file system lacks the locks or the shared memory that SQLite needs: use a local disk",
  gone: "its file was deleted or moved: put it back, or an empty one in its place to begin anew",
  tables_gone: "its tables were deleted or moved: restore them, or restart the service to begin anew",
  missing: "there is no such file: check OUTBOX, and run the service once",
  no_folder: "the folder of its file does not exist: make it, for the service's user to write in",
  not_a_file: "it is a folder, a link, a pipe or a device: let OUTBOX name the file itself",
  not_ours: "the file is not an outbox of this service, and is left untouched: let OUTBOX name another one",
  forbidden: "this user may not use it: give it the rights to read and write it",
  newer: "a newer version of the service has made it: run that version again",
  unreadable:
    "a record of this notification was written by a newer version or by hand, and is left alone: run that " +
    "version, or delete the row of table dedup",
  unreachable:
    "the database server cannot be reached: see whether it runs, and check OUTBOX's host, port and the network",
  refused: "the database server refuses the connection: check OUTBOX's user, password, database and sslmode",
  not_trusted:
    "the database server's certificate is not trusted: let sslrootcert in OUTBOX name the authority that " +
    "signed it, and the host be the one it was made for",
  closed: "it is closed, because the service ends",
} as const satisfies Readonly<Record<string, string>>;

/** What is wrong with the store. */
export type StoreFault = keyof typeof WHAT_TO_DO;

/** The store cannot do its work. The message says what is wrong, a colon, and what to do; it never quotes stored data. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly fault: StoreFault;

  /** @param detail in place of the usual text */
  constructor(fault: StoreFault, detail: string = WHAT_TO_DO[fault]) {
    super(detail);
    this.fault = fault;
  }
}
