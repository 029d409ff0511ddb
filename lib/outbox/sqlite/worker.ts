/**
 * The thread of a SQLite store: a disk that stalls then stalls nothing else. Effects: threads, files, hashing.
 *
 * Whoever starts it imports a module that exports {@link serveSqlite} and calls that: in the bundle, the bundle itself.
 */
import type { DatabaseRules } from "./database.ts";
import { SqliteEngine, type SqliteLocation } from "./engine.ts";
import { sqliteFault } from "./fault.ts";

/** What the thread is started with. */
export interface SqliteStart extends SqliteLocation, Omit<DatabaseRules, "hashed" | "newUuid"> {}

/** Opens the file, tells how that went, and answers from then on. Messages are JSON. */
export async function serveSqlite(): Promise<void> {
  const { parentPort, workerData } = await import("node:worker_threads");
  if (parentPort === null) throw new Error("serveSqlite works in a thread of its own");
  const start: SqliteStart = JSON.parse(workerData);
  const engine = await sqliteEngine(start);
  const tell = (message: unknown) => parentPort.postMessage(JSON.stringify(message));
  parentPort.on("message", (text: string) => {
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

/** An engine on this machine's SQLite and files, not open yet. */
export async function sqliteEngine({ path, access, isAgain, ...rules }: SqliteStart): Promise<SqliteEngine> {
  const [{ DatabaseSync }, files, { hash }] = await Promise.all([
    import("node:sqlite"),
    import("node:fs"),
    import("node:crypto"),
  ]);
  return new SqliteEngine(
    { DatabaseSync, files },
    { path, access, isAgain },
    {
      ...rules,
      hashed: (text) => hash("sha256", text, "base64url").slice(0, 16),
      newUuid: () => crypto.randomUUID(),
    },
  );
}
