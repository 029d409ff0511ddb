/** The outbox in a SQLite file. SQLite works in a thread of its own; this half gathers, waits and keeps count. */
import { Deadlines } from "../../base/deadlines.ts";
import type { StartThread, Thread, ThreadEvents } from "../../runtime/thread.ts";
import { givenBack, type Operations, type Reply, type Result } from "../operation.ts";
import { type Claim, claimOfNew, type Fresh, type NewEvent, type OutboxStore } from "../store.ts";
import type { Settlement, State, Summary } from "../store.ts";
import { mostKeys, type StoreOptions } from "../store_options.ts";
import type { SqliteStart } from "./engine.ts";
import type { SqliteLocation } from "./open_file.ts";
import { StoreError, type StoreFault } from "../store_fault.ts";
import { Tally } from "../tally.ts";
import { TrustedAge } from "../trusted_age.ts";

/** Milliseconds for which an answer is waited for: a lock is waited for three seconds, and an fsync can hang for ever. */
const DEADLINE = 5_000;

/** Milliseconds until the first answer, and for the end. */
const FIRST_ANSWER = 15_000;
const END = 2_000;

/** Questions that go in one message: the first must not wait too long for the last. */
const MOST_AT_ONCE = 256;

/** Where the store is, and how to start its thread. */
export interface SqliteStoreOptions extends StoreOptions, Omit<SqliteLocation, "isAgain"> {
  /** Starts threads of a module that exports `serveSqlite`. */
  readonly startThread: StartThread;
}

/** What the thread says first. */
type Opened = { readonly engine: string; readonly summary: Summary } | { readonly fault: StoreFault };

interface Waiting {
  readonly ask: { readonly kind: keyof Operations };
  readonly resolve: (result: Result) => void;
}

/** One per process and file. */
export class SqliteStore implements OutboxStore {
  readonly #options: SqliteStoreOptions;
  readonly #age: TrustedAge;
  readonly #tally = new Tally();
  #engine = "SQLite";
  #thread: Thread | undefined;
  #queue: Waiting[] = [];
  /** What the thread is at work on. */
  #asked: readonly Waiting[] = [];
  /** Ends the wait for its answer. */
  #answered: () => void = () => {};
  /** It is at work on something that nobody waits for any more. */
  #isLate = false;
  #wasOpen = false;
  #isClosed = false;
  #onClosed: () => void = () => {};
  readonly #closing = new AbortController();
  readonly #deadlines: Deadlines;

  private constructor(options: SqliteStoreOptions) {
    this.#options = options;
    this.#deadlines = new Deadlines(DEADLINE, this.#closing.signal, options.clock);
    this.#age = new TrustedAge(options.clock.now(), options.clock.monotonic());
  }

  /**
   * Opens the file, or makes it.
   *
   * @throws {StoreError}
   */
  static async open(options: SqliteStoreOptions): Promise<SqliteStore> {
    const store = new SqliteStore(options);
    await store.#start();
    return store;
  }

  /** As {@link OutboxStore.engine}. */
  get engine(): string {
    return this.#engine;
  }

  /** As {@link OutboxStore.known}. */
  get known(): Summary {
    return this.#tally.known;
  }

  async accept({ event, ...draft }: NewEvent, take = false): ReturnType<OutboxStore["accept"]> {
    const answer = await this.#ask("accept", { ...draft, event: JSON.stringify(event), take });
    if (answer !== "duplicate") this.#tally.moved(undefined, "pending", this.#options.clock.now());
    return typeof answer === "string" ? answer : claimOfNew(answer.id, event, answer.acceptedAt);
  }

  claim(limit: number, fresh: Fresh): Promise<readonly Claim[]> {
    return this.#ask("claim", { limit, fresh });
  }

  async settle({ record, fence }: Claim, settlement: Settlement): Promise<boolean> {
    const { id, nextAttemptAt } = record;
    const settled = await this.#ask("settle", { id, fence, place: nextAttemptAt, settlement });
    this.#tally.settled(settlement, settled, this.#options.clock.now());
    return settled !== null;
  }

  async tidy(): ReturnType<OutboxStore["tidy"]> {
    const { summary, ...tidied } = await this.#ask("tidy", {});
    if (summary !== undefined) this.#tally.set(summary);
    return tidied;
  }

  async get(id: string): ReturnType<OutboxStore["get"]> {
    return await this.#ask("get", { id }) ?? undefined;
  }

  list(state: State, after = "", limit = 100): ReturnType<OutboxStore["list"]> {
    return this.#ask("list", { state, after, limit });
  }

  async replay(id: string): Promise<boolean> {
    const reason = await this.#ask("replay", { id });
    if (reason !== null) this.#tally.moved("dead", "pending", this.#options.clock.now(), { reason });
    return reason !== null;
  }

  async drop(id: string): Promise<boolean> {
    const was = await this.#ask("drop", { id });
    const now = this.#options.clock.now();
    if (was === "pending") this.#tally.moved("pending", undefined, now);
    else if (was !== null) this.#tally.moved("dead", undefined, now, { reason: was });
    return was !== null;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#failAll("closed");
    this.#closing.abort();
    const closed = new AbortController();
    this.#onClosed = () => closed.abort();
    this.#thread?.postMessage("close");
    if (this.#thread !== undefined) await this.#options.clock.sleep(END, closed.signal);
    this.#thread?.terminate();
  }

  async #ask<Kind extends keyof Operations>(
    kind: Kind,
    question: Operations[Kind]["ask"] & object,
  ): Promise<Operations[Kind]["answer"]> {
    if (this.#isClosed) throw new StoreError("closed");
    // It would wait behind what is stuck already.
    if (this.#isLate) throw new StoreError("slow");
    const result = await new Promise<Result>((resolve) => {
      this.#queue.push({ ask: { kind, ...question }, resolve });
      // A moment later: what comes in the same turn goes along.
      if (this.#asked.length === 0) queueMicrotask(() => void this.#send());
    });
    if ("fault" in result) throw new StoreError(result.fault);
    return result.answer as Operations[Kind]["answer"]; // the thread answers what it was asked
  }

  async #send(): Promise<void> {
    if (this.#asked.length > 0 || this.#queue.length === 0) return;
    this.#asked = this.#queue.slice(0, MOST_AT_ONCE);
    this.#queue = this.#queue.slice(MOST_AT_ONCE);
    try {
      const thread = this.#thread ?? await this.#start();
      this.#answered = this.#deadlines.begin(() => {
        this.#isLate = true;
        this.#failAll("slow");
      });
      const { clock, maxPending } = this.#options;
      const { pending, dead } = this.known;
      const [now, monotonic] = [clock.now(), clock.monotonic()];
      const moment = {
        now,
        monotonic,
        agedTo: this.#age.at(now, monotonic),
        room: maxPending - pending - dead,
      };
      thread.postMessage(JSON.stringify({ asks: this.#asked.map(({ ask }) => ask), moment }));
    } catch (error) {
      this.#failAll(error instanceof StoreError ? error.fault : "failing");
      this.#asked = [];
    }
  }

  #receive(text: string): void {
    const message: Reply | "closed" = JSON.parse(text);
    if (message === "closed") return this.#onClosed();
    this.#answered();
    // Who waited was told that nothing was accepted.
    const unheard = this.#isLate ? givenBack(message.results) : [];
    this.#isLate = false;
    const asked = this.#asked;
    this.#asked = [];
    for (const record of message.leftAlone) this.#options.onLeftAlone(record);
    asked.forEach(({ resolve }, n) => resolve(message.results[n] ?? { fault: "failing" }));
    // A lock was waited for. Were those that gathered to wait as long anew, the last would wait for a minute.
    const isLocked = message.results.some((result) => "fault" in result && result.fault === "busy");
    if (isLocked) fail(this.#queue.splice(0), "busy");
    for (const one of unheard) void this.#ask("settle", one).catch(() => {}); // the lease ends by itself
    // What the answers lead to goes along with what has gathered.
    queueMicrotask(() => void this.#send());
  }

  /** Starts the thread: at the beginning, and when it has ended by itself. */
  async #start(): Promise<Thread> {
    const { access, clock, maxAge, path, startThread, window } = this.#options;
    const maxKeys = mostKeys(this.#options);
    const start: SqliteStart = { path, access, isAgain: this.#wasOpen, maxAge, window, maxKeys };
    const first = Promise.withResolvers<Opened>();
    const answered = new AbortController();
    void clock.sleep(FIRST_ANSWER, answered.signal).then(() => first.resolve({ fault: "slow" }));
    const events: ThreadEvents = {
      onMessage: (text) => first.resolve(JSON.parse(text)),
      onEnd: () => first.resolve({ fault: "failing" }),
    };
    const thread = await startThread("serveSqlite", JSON.stringify(start), events);
    const opened = await first.promise;
    answered.abort();
    if ("fault" in opened) {
      thread.terminate();
      throw new StoreError(opened.fault);
    }
    events.onMessage = (text) => this.#receive(text);
    events.onEnd = () => {
      this.#thread = undefined;
      this.#isLate = false;
      this.#failAll("failing");
      this.#asked = [];
      this.#onClosed();
    };
    this.#wasOpen = true;
    this.#engine = opened.engine;
    this.#tally.set(opened.summary);
    return this.#thread = thread;
  }

  /** Nobody waits any more; what the thread is at work on stays asked until it answers. */
  #failAll(fault: StoreFault): void {
    this.#answered();
    fail([...this.#asked, ...this.#queue.splice(0)], fault);
  }
}

function fail(waiting: readonly Waiting[], fault: StoreFault): void {
  for (const { resolve } of waiting) resolve({ fault });
}
