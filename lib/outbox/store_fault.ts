import { constant, type Redacted } from "../base/redact.ts";
/** What can be wrong with the store, by kind. */
const WHAT_TO_DO = {
  busy: constant(
    "another process keeps it locked: end programs that hold it open",
  ),
  slow: constant(
    "it does not answer in time: see whether its disk, its network or its server is overloaded or hangs",
  ),
  full: constant(
    "its disk is full: make room",
  ),
  overfull: constant(
    "OUTBOX_MAX_PENDING events wait or are dead letters: see why PlatformX does not take them, replay or ",
    "drop dead letters, or raise it",
  ),
  keys_overfull: constant(
    "it remembers as many notifications as it may: lower DEDUP_WINDOW, or raise OUTBOX_MAX_PENDING ",
    "(ten times as many, and at least two million, are remembered)",
  ),
  read_only: constant(
    "it cannot be written: mount it writable, and let this user write the file and its folder",
  ),
  broken: constant(
    "it is damaged: move the file away, with its -wal and -shm files, and start anew; keep it to look into. ",
    "A backup must be restored without the old -wal and -shm files beside it",
  ),
  failing: constant(
    "its disk does not read or write: see whether it is broken, or became read-only",
  ),
  unsuited: constant(
    "its file system lacks the locks or the shared memory that SQLite needs: use a local disk",
  ),
  gone: constant(
    "its file was deleted or moved: put it back, or an empty one in its place to begin anew",
  ),
  wal_gone: constant(
    "its -wal file was deleted or moved, and what it held is not in the file yet: end other programs that hold ",
    "the file open, make room on its disk, and do not end the service before",
  ),
  tables_gone: constant(
    "its tables were deleted or moved: restore them, or restart the service to begin anew",
  ),
  missing: constant(
    "there is no such file: check OUTBOX, and run the service once",
  ),
  blank: constant(
    "nothing was ever stored in this file: run the service once, which makes its tables in it",
  ),
  no_folder: constant(
    "the folder of its file does not exist: make it, for the service's user to write in",
  ),
  not_a_file: constant(
    "it is a folder, a link, a pipe or a device: let OUTBOX name the file itself",
  ),
  not_ours: constant(
    "the file is not an outbox of this service, and is left untouched: let OUTBOX name another one",
  ),
  forbidden: constant(
    "this user may not use it, or its disk is read-only: give the user the rights to read and write the file and ",
    "its folder, or mount the disk writable",
  ),
  newer: constant(
    "a newer version of the service has made it: run that version again",
  ),
  unreadable: constant(
    "a record of this notification was written by a newer version or by hand, and is left alone: run that ",
    "version, or delete the row of table dedup",
  ),
  unreachable: constant(
    "the database server cannot be reached: see whether it runs, and check OUTBOX's host, port and the network",
  ),
  refused: constant(
    "the database server does not let this user in from here: check OUTBOX's user, and the server's pg_hba.conf, ",
    "which may ask for TLS (sslmode=verify-full in OUTBOX)",
  ),
  no_login: constant(
    "the database server does not take user and password: check both in OUTBOX, where what is no letter or digit ",
    "must be percent-encoded (%40 is @)",
  ),
  no_database: constant(
    "the database server has no such database: make it, or let OUTBOX name another one",
  ),
  no_tls: constant(
    "the database server offers no TLS: switch it on there, or, on a network that you trust, put ?sslmode=disable at ",
    "the end of OUTBOX, which sends everything readable",
  ),
  tls_failed: constant(
    "TLS with the database server fails: see its log, and whether OUTBOX's host and port are its own",
  ),
  not_trusted: constant(
    "the database server's certificate is not trusted: let sslrootcert in OUTBOX name the authority that ",
    "signed it, and the host be the one it was made for",
  ),
  closed: constant(
    "it is closed, because the service ends",
  ),
} as const satisfies Readonly<Record<string, Redacted>>;

/** What is wrong with the store. */
export type StoreFault = keyof typeof WHAT_TO_DO;

/** The store cannot do its work. The message says what is wrong, a colon, and what to do; it never quotes stored data. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly fault: StoreFault;
  /** The message. */
  readonly words: Redacted;

  /** @param words in place of the usual ones */
  constructor(fault: StoreFault, words: Redacted = WHAT_TO_DO[fault]) {
    super(words);
    this.fault = fault;
    this.words = words;
  }
}
