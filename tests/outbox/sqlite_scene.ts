/** SQLite stores in a file of their own. */
import { DatabaseSync } from "node:sqlite";
import type { LeftAlone } from "../../lib/outbox/record.ts";
import type { OutboxStore } from "../../lib/outbox/store.ts";
import { SqliteStore } from "../../lib/outbox/sqlite/store.ts";
import { denoThreads } from "../../lib/runtime/threads.ts";
import type { StoreOptions } from "../../lib/outbox/store_options.ts";
import { FakeClock } from "../support/fakes.ts";
import { DAY, type Scene } from "./store_contract.ts";

/** Starts threads from the sources. */
export const startThread = denoThreads(import.meta.resolve("../../lib/outbox/sqlite/serve.ts"));

/** A file, and the stores that were opened on it. */
export class SqliteScene implements Scene {
  readonly clock = new FakeClock();
  readonly leftAlone: LeftAlone[] = [];
  readonly folder: string;
  readonly #stores: OutboxStore[] = [];

  constructor(folder = Deno.makeTempDirSync()) {
    this.folder = folder;
  }

  get path(): string {
    return `${this.folder}/outbox.db`;
  }

  async open(options: Partial<StoreOptions> = {}, access: "serve" | "change" | "look" = "serve") {
    const { path, clock } = this;
    const onLeftAlone = (record: LeftAlone) => void this.leftAlone.push(record);
    const usual = { clock, window: DAY, maxAge: 7 * DAY, maxPending: 1_000, onLeftAlone };
    const store = await SqliteStore.open({ path, access, startThread, ...usual, ...options });
    this.#stores.push(store);
    return store;
  }

  advance(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  setBy(ms: number): Promise<void> {
    this.clock.setBy(ms);
    return Promise.resolve();
  }

  sql(text: string): Promise<readonly string[]> {
    using db = new DatabaseSync(this.path);
    const rows = db.prepare(text).all();
    return Promise.resolve(rows.map((row) => String(Object.values(row)[0])));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.close()));
    await Deno.remove(this.folder, { recursive: true });
  }
}
