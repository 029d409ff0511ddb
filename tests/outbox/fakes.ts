/** An outbox in a file of its own, whose time a test moves. SQLite works in the test's own thread. */
import { DatabaseSync } from "node:sqlite";
import { openStore } from "../../lib/outbox/open_store.ts";
import type { OutboxStore } from "../../lib/outbox/store.ts";
import { sqliteEngine } from "../../lib/outbox/sqlite/serve.ts";
import { SQL } from "../../lib/outbox/sqlite/statements.ts";
import type { PlatformXEvent } from "../../lib/platformx/event.ts";
import { type StartThread, threadSurroundings } from "../../lib/runtime/threads.ts";
import { FakeClock, RecordingLog } from "../support/fakes.ts";

export const SECOND = 1_000;
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** No thread: every question is answered before the turn of the event loop is over, so that a fake clock rules all. */
const inThisThread: StartThread = async (_, text, events) => {
  const { files } = await threadSurroundings();
  const engine = await sqliteEngine(JSON.parse(text), files);
  queueMicrotask(() => events.onMessage(JSON.stringify(engine.open())));
  return {
    postMessage(message) {
      if (message === "close") engine.close();
      const answer = message === "close" ? "closed" : engine.answer(JSON.parse(message));
      queueMicrotask(() => events.onMessage(JSON.stringify(answer)));
    },
    terminate() {},
  };
};

/** An outbox's store, and what belongs to it. */
export interface TestStore extends AsyncDisposable {
  readonly path: string;
  readonly clock: FakeClock;
  readonly log: RecordingLog;
  readonly store: OutboxStore;
  /** Stores an event as another process would: nobody is told. */
  put(id: string, event: PlatformXEvent, fields?: { readonly at?: number; readonly version?: number }): void;
}

/** Opens a store. */
export async function storeInFile(
  { maxAge = 7 * DAY, maxPending = 1_000_000 }: { readonly maxAge?: number; readonly maxPending?: number } =
    {},
): Promise<TestStore> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/outbox.db`;
  const clock = new FakeClock();
  const log = new RecordingLog();
  const options = { access: "serve", startThread: inThisThread, window: DAY } as const;
  const store = await openStore({ kind: "sqlite", path }, { ...options, clock, log, maxAge, maxPending });
  return {
    ...{ path, clock, log, store },
    put(id, event, { at = clock.now(), version } = {}) {
      using other = new DatabaseSync(path);
      other.prepare(SQL.event).run({ $id: id, $event: JSON.stringify(event), $now: at });
      if (version !== undefined) other.prepare("UPDATE event SET version = ? WHERE id = ?").run(version, id);
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
