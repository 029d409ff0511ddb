/** The SQLite half of a store: opens the file, keeps an eye on it, and answers in transactions. Synchronous. */
import type { FileHead, ThreadFiles } from "../../runtime/thread.ts";
import type { DatabaseSync } from "node:sqlite";
import type { Moment, Reply, Request, Result } from "../operation.ts";
import type { Access, Summary } from "../store.ts";
import { type DatabaseRules, SqliteDatabase } from "./database.ts";
import { sqliteFault } from "./fault.ts";
import { APPLICATION_ID, databaseFile, isOurs, openHeader } from "./file.ts";
import { SQLITE_SCHEMA, SQLITE_SCHEMA_VERSION } from "./schema.ts";
import { StoreError, type StoreFault } from "../store_fault.ts";

/** Milliseconds for which a lock is waited for. */
const LOCKED_FOR = 3_000;

/** Of each connection, and what is read back; a commit is on the disk when it returns. */
const PRAGMAS = [
  ["synchronous", "FULL", 2],
  ["journal_size_limit", 16 * 1024 * 1024, 16 * 1024 * 1024],
  ["cache_size", -16_000, -16_000],
  ["temp_store", "MEMORY", 2],
] as const;

/** Where the store is, and what it is opened for. */
export interface SqliteLocation {
  readonly path: string;
  readonly access: Access;
  /** This process has had the file open before. */
  readonly isAgain: boolean;
}

/** What the thread that works on it is started with. */
export interface SqliteStart extends SqliteLocation, Omit<DatabaseRules, "newUuid"> {}

/** The parts of the runtime that are used. */
export interface SqliteModules {
  readonly DatabaseSync: new (path: string, options: { readonly readOnly: boolean }) => DatabaseSync;
  readonly files: ThreadFiles;
}

/** An open file. */
interface Open {
  readonly db: DatabaseSync;
  readonly database: SqliteDatabase;
  readonly identity: string | undefined;
  readonly walIdentity: string | undefined;
  /** Stays open as long as {@link db}, and is closed after it. */
  readonly head: FileHead;
}

/** One per process and file that writes. */
export class SqliteEngine {
  readonly #modules: SqliteModules;
  readonly #location: SqliteLocation;
  readonly #rules: DatabaseRules;
  #open: Open | undefined;
  #wasOpen = false;
  #isGarbled = false;

  constructor(modules: SqliteModules, location: SqliteLocation, rules: DatabaseRules) {
    this.#modules = modules;
    this.#location = location;
    this.#rules = rules;
  }

  /**
   * Opens the file.
   *
   * @throws {StoreError}
   */
  open(): { readonly engine: string; readonly summary: Summary } {
    return guarded(() => {
      const { database } = this.#opened();
      const [version] = Object.values(database.row("SELECT sqlite_version()") ?? {});
      return { engine: `SQLite ${version}`, summary: database.summary() };
    });
  }

  /** Answers all questions in one transaction, or one by one where one of them meets damage. */
  answer({ asks, moment }: Request): Reply {
    let results: readonly Result[];
    try {
      results = guarded(() => this.#transaction(asks, moment));
    } catch (error) {
      const { fault } = sqliteFault(error);
      results = asks.length > 1 && fault === "broken"
        ? asks.flatMap((ask) => this.answer({ asks: [ask], moment }).results)
        : asks.map(() => ({ fault }));
    }
    return { results, leftAlone: this.#open?.database.takeUntold() ?? [] };
  }

  /** Closes the file. */
  close(): void {
    const { db, head } = this.#open ?? {};
    this.#open = undefined;
    try {
      db?.close();
    } finally {
      head?.close();
    }
  }

  #transaction(asks: Request["asks"], moment: Moment): readonly Result[] {
    if (asks.some(({ kind }) => kind === "tidy")) this.#follow();
    const writes = asks.some(({ kind }) => kind !== "get" && kind !== "list");
    const { open, trouble } = writes ? this.#begun() : { open: this.#opened(), trouble: undefined };
    const { database } = open;
    database.begin(moment);
    let results: Result[];
    try {
      results = asks.map((ask): Result => {
        if (trouble !== undefined && (ask.kind === "accept" || ask.kind === "tidy")) {
          return { fault: trouble };
        }
        try {
          return { answer: database.answer(ask) };
        } catch (error) {
          if (error instanceof StoreError) return { fault: error.fault };
          throw error;
        }
      });
      if (writes) database.run("COMMIT");
    } catch (error) {
      if (writes) rolledBack(database);
      throw error;
    }
    database.committed();
    const after = trouble ?? this.#trouble(open);
    if (after === undefined) return results;
    return results.map((result, n) => asks[n]?.kind === "accept" ? { fault: after } : result);
  }

  /** After a deletion or a move SQLite goes on "succeeding", into a file that nobody will find again. */
  #trouble({ identity, walIdentity }: Open): StoreFault | undefined {
    const { files } = this.#modules;
    const { path } = this.#location;
    if (files.identity(path) !== identity) return "gone";
    if (this.#isGarbled) return "broken";
    const wal = files.identity(`${path}-wal`);
    return wal === undefined || wal !== walIdentity ? "wal_gone" : undefined;
  }

  /**
   * Begins a transaction that writes. Whether the -wal file is still there is looked at under its lock: nobody then writes
   * on in the old one when another service has brought in what that held.
   */
  #begun(): { readonly open: Open; readonly trouble: StoreFault | undefined } {
    const open = this.#opened();
    try {
      open.database.run("BEGIN IMMEDIATE");
    } catch (error) {
      // The old one is empty when another service was faster, and SQLite would have read there.
      if (this.#trouble(open) !== "wal_gone") throw error;
    }
    const trouble = this.#trouble(open);
    if (trouble !== "wal_gone") return { open, trouble };
    rolledBack(open.database);
    if (this.#bringsIn(open)) this.close();
    const again = this.#opened();
    again.database.run("BEGIN IMMEDIATE");
    return { open: again, trouble: this.#trouble(again) };
  }

  /** Writes what a -wal file that was deleted holds into the file; false: a reader or the disk is in the way. */
  #bringsIn({ database }: Open): boolean {
    // Who has begun another one has done so before; now the index is the other one's.
    const other = this.#modules.files.look(`${this.#location.path}-wal`);
    if (other !== undefined && other.size > 0) return true;
    try {
      return Number(database.pragma("wal_checkpoint(TRUNCATE)")) === 0;
    } catch {
      return false;
    }
  }

  /**
   * Goes over to the file that has taken the place of the one that is open, once nothing waits in that one; the system
   * keeps it while it is open. None is made: the old one may come back, and its -wal file must be there then.
   */
  #follow(): void {
    if (this.#open === undefined) return;
    const { database, head, identity } = this.#open;
    const { files } = this.#modules;
    const { path } = this.#location;
    const there = files.identity(path);
    // What SQLite keeps in memory hides it.
    this.#isGarbled = there === identity && !isOurs(head);
    if (there === undefined || there === identity) return;
    let holdsEvents = false;
    try {
      holdsEvents = database.holdsEvents;
    } catch {
      // It is damaged, so nothing more can be had of it.
    }
    if (holdsEvents) return;
    try {
      // First: two databases at one path would share its -wal and -shm files.
      this.close();
    } catch {
      // What it could not write any more is lost with the file.
    }
  }

  #opened(): Open {
    const isAgain = this.#location.isAgain || this.#wasOpen;
    this.#open ??= openFile(this.#modules, { ...this.#location, isAgain }, this.#rules);
    this.#wasOpen = true;
    return this.#open;
  }
}

function openFile(
  { DatabaseSync, files }: SqliteModules,
  { path, access, isAgain }: SqliteLocation,
  rules: DatabaseRules,
): Open {
  const file = databaseFile(files, path, { access, isAgain, newUuid: rules.newUuid });
  if (file.isYoungerThanWal) checkPages(DatabaseSync, path);
  // Opened to be read only, a file without a -wal would get one that stays, and that another user could not open.
  const head = openHeader(files, path);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: access === "look" && file.hasWal });
    const database = new SqliteDatabase(db, rules);
    setUp(database, access === "look");
    database.pragma("user_version"); // SQLite makes the -wal file when it reads first
    return { db, database, head, identity: files.identity(path), walIdentity: files.identity(`${path}-wal`) };
  } catch (error) {
    db?.close();
    head.close();
    throw error;
  }
}

/** By a connection that cannot write: closing one that can writes the old -wal into a file that was put beside it. */
function checkPages(Database: SqliteModules["DatabaseSync"], path: string): void {
  const db = new Database(path, { readOnly: true });
  try {
    db.prepare(`PRAGMA busy_timeout = ${LOCKED_FOR}`).get();
    const { quick_check: found } = db.prepare("PRAGMA quick_check(1)").get() ?? {};
    if (found !== "ok") throw new StoreError("broken");
  } finally {
    db.close();
  }
}

function setUp(database: SqliteDatabase, onlyLooks: boolean): void {
  database.pragma("trusted_schema = OFF");
  database.pragma(`busy_timeout = ${LOCKED_FOR}`);
  if (onlyLooks) database.pragma("query_only = ON");
  else makeTables(database);
  const version = Number(database.pragma("user_version"));
  if (version > SQLITE_SCHEMA_VERSION) throw new StoreError("newer");
  if (version < SQLITE_SCHEMA_VERSION) throw new StoreError("not_ours");
  if (onlyLooks) return;
  if (database.pragma("journal_mode = WAL") !== "wal") throw new StoreError("unsuited");
  for (const [name, value, expected] of PRAGMAS) {
    database.pragma(`${name} = ${value}`);
    if (Number(database.pragma(name)) !== expected) throw new StoreError("unsuited");
  }
}

/** In one transaction that also marks the file as ours; a file that has them is written all the same: that it can be. */
function makeTables(database: SqliteDatabase): void {
  database.pragma("auto_vacuum = INCREMENTAL"); // has an effect before the first table only
  database.run("BEGIN IMMEDIATE");
  try {
    if (Number(database.pragma("user_version")) === 0) {
      for (const statement of SQLITE_SCHEMA) database.run(statement);
      database.pragma(`application_id = ${APPLICATION_ID}`);
      database.pragma(`user_version = ${SQLITE_SCHEMA_VERSION}`);
    } else database.pragma(`application_id = ${APPLICATION_ID}`);
    database.run("COMMIT");
  } catch (error) {
    rolledBack(database);
    throw error;
  }
}

function rolledBack(database: SqliteDatabase): void {
  try {
    database.run("ROLLBACK");
  } catch {
    // SQLite has done so by itself, as it does when the disk is full.
  }
}

function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw sqliteFault(error);
  }
}
