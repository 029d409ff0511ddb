/** The SQLite half of a store: keeps an eye on its file, and answers in transactions. Synchronous. */
import { givenBack, type Moment, type Reply, type Request, type Result } from "../operation.ts";
import type { Summary } from "../store.ts";
import type { DatabaseRules, SqliteDatabase } from "./database.ts";
import { sqliteFault } from "./fault.ts";
import { isOurs } from "./file.ts";
import { type OpenFile, openFile, rolledBack, type SqliteLocation, type SqliteModules } from "./open_file.ts";
import { StoreError, type StoreFault } from "../store_fault.ts";

/** What the thread that works on it is started with. */
export interface SqliteStart extends SqliteLocation, Omit<DatabaseRules, "newUuid"> {}

/** One per process and file that writes. */
export class SqliteEngine {
  readonly #modules: SqliteModules;
  readonly #location: SqliteLocation;
  readonly #rules: DatabaseRules;
  #open: OpenFile | undefined;
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
    this.#giveBack(database, results);
    return results.map((result, n) => asks[n]?.kind === "accept" ? { fault: after } : result);
  }

  /** Of events that were committed, and whose webhooks are refused, nobody gets the claim. */
  #giveBack(database: SqliteDatabase, results: readonly Result[]): void {
    const settled = givenBack(results);
    if (settled.length === 0) return;
    try {
      database.run("BEGIN IMMEDIATE");
      for (const one of settled) database.answer({ kind: "settle", ...one });
      database.run("COMMIT");
    } catch {
      // Their leases end by themselves.
      rolledBack(database);
    }
  }

  /** After a deletion or a move SQLite goes on "succeeding", into a file that nobody will find again. */
  #trouble({ identity, walIdentity }: OpenFile): StoreFault | undefined {
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
  #begun(): { readonly open: OpenFile; readonly trouble: StoreFault | undefined } {
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
  #bringsIn({ database }: OpenFile): boolean {
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

  #opened(): OpenFile {
    const isAgain = this.#location.isAgain || this.#wasOpen;
    this.#open ??= openFile(this.#modules, { ...this.#location, isAgain }, this.#rules);
    this.#wasOpen = true;
    return this.#open;
  }
}

function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw sqliteFault(error);
  }
}
