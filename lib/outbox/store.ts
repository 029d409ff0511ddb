/** Deno KV, with its traps handled. */
import type { OutboxLocation } from "../config/outbox_location.ts";
import { Change } from "./change.ts";
import type { Clock } from "../base/clock.ts";
import { GroupCommit } from "./group_commit.ts";
import { StoreError, storeErrorOf } from "./store_error.ts";
import { pack } from "./stored.ts";

/** Milliseconds for which a locked store is tried again, and between tries at most. */
const LOCKED_FOR = 3_000;
const LOCKED_PAUSE = 50;

/** Milliseconds until the first answer of a store. */
const FIRST_ANSWER = 5_000;

/** An open database. Every method throws `StoreError` only. */
export class Store {
  readonly #location: OutboxLocation;
  readonly #clock: Clock;
  readonly #group = new GroupCommit((change) => this.#commitNow(change));
  #kv: Deno.Kv;
  #inode: string | undefined;
  /** It did not answer in time. Closing would wait for it, and stop the whole process meanwhile. */
  #isSilent = false;

  private constructor(kv: Deno.Kv, location: OutboxLocation, clock: Clock) {
    this.#kv = kv;
    this.#location = location;
    this.#clock = clock;
    this.#inode = inodeOf(location);
  }

  /** Opens the database, reads it through and writes to it: a damaged file can open well and fail later. */
  static async open(location: OutboxLocation, clock: Clock): Promise<Store> {
    const store = await Store.#answering(location, clock);
    try {
      await store.#prove();
      return store;
    } catch (error) {
      store.close();
      throw error;
    }
  }

  /** Opens a database that is there, without reading it through: the service does that. */
  static async openExisting(location: OutboxLocation, clock: Clock): Promise<Store> {
    if (inodeOf(location) === undefined) throw new StoreError("missing");
    return await Store.#answering(location, clock);
  }

  static async #answering(location: OutboxLocation, clock: Clock): Promise<Store> {
    const store = new Store(await openKv(location), location, clock);
    try {
      await store.#answer();
      return store;
    } catch (error) {
      store.close();
      throw error;
    }
  }

  /** Reads; a locked store is tried again. */
  read<T>(work: (kv: Deno.Kv) => Promise<T>): Promise<T> {
    return this.#unlocked(() => work(this.#kv));
  }

  /**
   * Commits, together with what others commit at the same time; a locked store is tried again. Undefined: a check
   * failed, and nothing was written.
   */
  commit(build: (change: Change) => Change): Promise<string | undefined> {
    return this.#group.commit(build(new Change()));
  }

  async #commitNow({ checks, mustBeInPlace, mutations }: Change): Promise<string | undefined> {
    const commit = () =>
      mustBeInPlace && !this.isThere
        ? Promise.reject(new StoreError("gone"))
        : this.#kv.atomic().check(...checks).mutate(...mutations).commit();
    const result = await this.#unlocked(commit);
    return result.ok ? result.versionstamp : undefined;
  }

  /**
   * Whether the file is still the one that was opened. After a deletion or a move SQLite goes on "succeeding", into a
   * file that nobody will find again.
   */
  get isThere(): boolean {
    return inodeOf(this.#location) === this.#inode;
  }

  /** Whether another file is at the place of the one that was opened. */
  get isReplaced(): boolean {
    return !this.isThere && inodeOf(this.#location) !== undefined;
  }

  /** Goes over to the file that has taken the place of the one that was opened; tries it as {@link open} does. */
  async reopen(): Promise<void> {
    // Closed first: two databases at one path would share its -wal and -shm files.
    this.close();
    // Until the file has proved usable it does not count as being there, so that it is tried again.
    this.#inode = "";
    this.#kv = await openKv(this.#location);
    const inode = inodeOf(this.#location);
    await this.#answer();
    await this.#prove();
    this.#inode = inode;
  }

  /** Closes the database, if a reopening that failed did not leave it closed. */
  close(): void {
    if (this.#isSilent) return;
    try {
      this.#kv.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  /** Deno opens a file at the first read, and waits for ever while another process keeps it locked. */
  async #answer(): Promise<void> {
    const answered = new AbortController();
    const late = this.#clock.sleep(FIRST_ANSWER, answered.signal).then(() => {
      if (answered.signal.aborted) return;
      this.#isSilent = true;
      throw new StoreError("busy");
    });
    this.#isSilent = false;
    const first = this.read((kv) => kv.get(["opened"])).finally(() => answered.abort());
    await Promise.race([first, late]);
    await first;
  }

  async #prove(): Promise<void> {
    // All of it, which may take long.
    await this.#unlocked(async () => {
      for await (const _ of this.#kv.list({ prefix: [] })) { /* reading is what finds damage */ }
    });
    await this.commit((atomic) => atomic.set(["opened"], pack(this.#clock.now())));
  }

  async #unlocked<T>(work: () => Promise<T>): Promise<T> {
    const end = this.#clock.monotonic() + LOCKED_FOR;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        const fault = storeErrorOf(error);
        if (fault.fault !== "busy" || this.#clock.monotonic() >= end) throw fault;
        await this.#clock.sleep(Math.ceil(Math.random() * LOCKED_PAUSE), NEVER);
      }
    }
  }
}

const NEVER = new AbortController().signal;

async function openKv(location: OutboxLocation): Promise<Deno.Kv> {
  if (location.kind !== "sqlite") throw new StoreError("unreachable");
  try {
    makePrivate(location.path);
    return await Deno.openKv(location.path);
  } catch (error) {
    throw storeErrorOf(error);
  }
}

/**
 * Makes the file before SQLite does, readable by its owner only: SQLite gives its -wal and -shm files the same mode.
 * On Windows the folder's rights decide.
 */
function makePrivate(path: string): void {
  Deno.openSync(path, { write: true, create: true, mode: 0o600 }).close();
  if (Deno.build.os === "windows") return;
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    try {
      Deno.chmodSync(file, 0o600);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** Identifies the file behind a path; undefined when there is none, or the system has no such numbers. */
function inodeOf(location: OutboxLocation): string | undefined {
  if (location.kind !== "sqlite") return undefined;
  try {
    const { dev, ino } = Deno.statSync(location.path);
    return ino === null ? "present" : `${dev}/${ino}`;
  } catch {
    return undefined;
  }
}
