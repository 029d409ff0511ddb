/**
 * The thread of a SQLite store: a disk that stalls then stalls nothing else. Effects: threads, files, randomness.
 *
 * Whoever starts it imports a module that exports {@link serveSqlite} and calls that: in the bundle, the bundle itself.
 */
import { type ThreadFiles, threadSurroundings } from "../../runtime/threads.ts";
import type { DatabaseRules } from "./database.ts";
import { SqliteEngine, type SqliteLocation } from "./engine.ts";
import { sqliteFault } from "./fault.ts";

/** What the thread is started with. */
export interface SqliteStart extends SqliteLocation, Omit<DatabaseRules, "newUuid"> {}

/** Opens the file, tells how that went, and answers from then on. All texts are JSON, `start` a {@link SqliteStart}. */
export async function serveSqlite(start: string): Promise<void> {
  const { files, onMessage, postMessage } = await threadSurroundings();
  const tell = (message: unknown) => postMessage(JSON.stringify(message));
  const engine = await sqliteEngine(JSON.parse(start), files);
  onMessage((text) => {
    if (text !== "close") return tell(engine.answer(JSON.parse(text)));
    try {
      engine.close();
    } finally {
      tell("closed");
    }
  });
  try {
    tell(engine.open());
  } catch (error) {
    tell({ fault: sqliteFault(error).fault });
  }
}

/** An engine on this machine's SQLite, not open yet. */
export async function sqliteEngine(
  { path, access, isAgain, ...rules }: SqliteStart,
  files: ThreadFiles,
): Promise<SqliteEngine> {
  const { DatabaseSync } = await import("node:sqlite");
  const newUuid = () => crypto.randomUUID();
  return new SqliteEngine({ DatabaseSync, files }, { path, access, isAgain }, { ...rules, newUuid });
}
