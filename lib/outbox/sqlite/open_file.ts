/** Opens the file of a SQLite store: looks at it first, makes its tables, and sets SQLite up. Synchronous. */
import type { FileHead, ThreadFiles } from "../../runtime/thread.ts";
import type { DatabaseSync } from "node:sqlite";
import type { Access } from "../store.ts";
import { StoreError } from "../store_fault.ts";
import { type DatabaseRules, SqliteDatabase } from "./database.ts";
import { APPLICATION_ID, databaseFile, openHeader } from "./file.ts";
import { SQLITE_SCHEMA, SQLITE_SCHEMA_VERSION } from "./schema.ts";

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

/** The parts of the runtime that are used. */
export interface SqliteModules {
  readonly DatabaseSync: new (path: string, options: { readonly readOnly: boolean }) => DatabaseSync;
  readonly files: ThreadFiles;
}

/** An open file. */
export interface OpenFile {
  readonly db: DatabaseSync;
  readonly database: SqliteDatabase;
  readonly identity: string | undefined;
  readonly walIdentity: string | undefined;
  /** Stays open as long as {@link db}, and is closed after it. */
  readonly head: FileHead;
}

/**
 * Opens the file, or makes it, with the tables and settings of this service.
 *
 * @throws {StoreError} or what SQLite and the file system throw
 */
export function openFile(
  { DatabaseSync, files }: SqliteModules,
  { path, access, isAgain }: SqliteLocation,
  rules: DatabaseRules,
): OpenFile {
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

/** Ends a transaction without its changes. */
export function rolledBack(database: SqliteDatabase): void {
  try {
    database.run("ROLLBACK");
  } catch {
    // SQLite has done so by itself, as it does when the disk is full.
  }
}
