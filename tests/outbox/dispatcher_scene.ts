/** A dispatcher on a SQLite store in a file, with a clock that a test moves and a PlatformX that a test plays. */
import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import { Dispatcher, type DispatcherOptions, type Settled } from "../../lib/outbox/dispatcher.ts";
import { isLeftAlone, type OutboxRecord } from "../../lib/outbox/record.ts";
import { OUTBOX_BACKOFF } from "../../lib/outbox/settlement.ts";
import { sqliteEngine } from "../../lib/outbox/sqlite/serve.ts";
import type { NewEvent, OutboxStore, State } from "../../lib/outbox/store.ts";
import type { StoreOptions } from "../../lib/outbox/store_options.ts";
import { StoreWatch } from "../../lib/outbox/store_watch.ts";
import type { PlatformXEvent } from "../../lib/platformx/event.ts";
import type { Gate } from "../../lib/platformx/gate.ts";
import type { Verdict } from "../../lib/platformx/verdict.ts";
import type { StartThread } from "../../lib/runtime/thread.ts";
import { threadSurroundings } from "../../lib/runtime/threads.ts";
import { gateWith } from "../platformx/fakes.ts";
import { EVENT, type FakeClock, type RecordingLog, settled } from "../support/fakes.ts";
import { SqliteScene } from "./sqlite/scene.ts";

/** No thread: the engine answers in the test's own, so that no time passes outside of the clock. */
const inThisThread: StartThread = async (_, text, events) => {
  const engine = await sqliteEngine(JSON.parse(text), (await threadSurroundings()).files);
  const tell = (message: unknown) => queueMicrotask(() => events.onMessage(JSON.stringify(message)));
  tell(engine.open());
  return {
    postMessage(asked) {
      if (asked === "close") engine.close();
      tell(asked === "close" ? "closed" : engine.answer(JSON.parse(asked)));
    },
    terminate: () => {},
  };
};

/** Answers an attempt at the event of this name, the first, second, …. */
export type Answering = (name: string, attempt: number, cut: AbortSignal) => Verdict | Promise<Verdict>;

/** What is settled of a scene when it is opened. */
export interface SceneOptions extends Partial<Pick<StoreOptions, "maxAge" | "maxPending">> {
  readonly answer?: Answering;
  readonly ratePerMinute?: number;
  /** Does not start before {@link DispatcherScene.start}. */
  readonly later?: boolean;
}

const draftOf = (name: string): NewEvent => ({
  ...{ key: name, recipient: "r", messageId: "m" },
  event: { ...EVENT, metadata: { workspace: name, coder_message_id: `m-${name}` } },
});

export class DispatcherScene implements AsyncDisposable {
  /** What the dispatcher has of the store: a test replaces parts of it. */
  readonly store: { -readonly [Name in keyof DispatcherOptions["store"]]: DispatcherOptions["store"][Name] };
  /** Calls of each of them. */
  readonly calls = { claim: 0, settle: 0, tidy: 0 };
  /** The store itself. */
  readonly whole: OutboxStore;
  readonly clock: FakeClock;
  readonly log: RecordingLog;
  readonly gate: Gate;
  readonly dispatcher: Dispatcher;
  readonly draining: AbortController;
  readonly cut: AbortController;
  /** Names in the order of the attempts, with milliseconds since the start. */
  readonly sent: { readonly name: string; readonly at: number }[] = [];
  readonly told: Settled[] = [];
  readonly #scene: SqliteScene;
  #ended: Promise<void> = Promise.resolve();

  private constructor(scene: SqliteScene, whole: OutboxStore, { answer, ratePerMinute = 0 }: SceneOptions) {
    this.#scene = scene;
    this.whole = whole;
    this.clock = scene.clock;
    const begun = this.clock.monotonic();
    const attempt = async ({ metadata: { workspace: name = "" } }: PlatformXEvent) => {
      this.sent.push({ name, at: this.clock.monotonic() - begun });
      const attempts = this.sent.filter((sent) => sent.name === name).length;
      return await (answer?.(name, attempts, this.cut.signal) ?? DELIVERED);
    };
    const parts = gateWith({ attempt, ratePerMinute, clock: this.clock });
    ({ gate: this.gate, log: this.log, draining: this.draining, cut: this.cut } = parts);
    const count = (name: keyof DispatcherScene["calls"]) => void this.calls[name]++;
    this.store = {
      claim: (...args) => (count("claim"), whole.claim(...args)),
      settle: (...args) => (count("settle"), whole.settle(...args)),
      tidy: () => (count("tidy"), whole.tidy()),
    };
    this.dispatcher = new Dispatcher({
      store: this.store,
      gate: this.gate,
      clock: this.clock,
      log: this.log,
      watch: new StoreWatch(this.log),
      random: () => 1 - Number.EPSILON, // the longest delay, so that times can be told
      draining: this.draining.signal,
      onSettled: (told) => void this.told.push(told),
      traced: (_, work) => work(),
    });
  }

  static async open(
    { answer, later, ratePerMinute, ...options }: SceneOptions = {},
  ): Promise<DispatcherScene> {
    const scene = new SqliteScene();
    const store = await scene.open({ maxPending: 10_000, ...options, startThread: inThisThread });
    const test = new DispatcherScene(scene, store, {
      ...(answer && { answer }),
      ...(ratePerMinute && { ratePerMinute }),
    });
    if (later !== true) test.start();
    return test;
  }

  start(): void {
    this.#ended = this.dispatcher.run();
  }

  /** Resolves when the dispatcher has ended. */
  ended(): Promise<void> {
    return this.#ended;
  }

  /** Stores events as another process would: nobody is told. */
  async put(...names: readonly string[]): Promise<void> {
    const events = names.map((name) => this.whole.accept(draftOf(name)));
    assert.ok((await Promise.all(events)).every((status) => status === "queued"));
  }

  /** Accepts an event as a webhook does, and lets happen what comes of it. */
  async accept(name: string): Promise<void> {
    await this.put(name);
    this.dispatcher.wake();
    await settled();
  }

  /** Accepts an event as the outbox does: where nothing waits it is sent at once. Returns whether it was. */
  async take(name: string): Promise<boolean> {
    const promised = this.dispatcher.promise();
    const accepted = await this.whole.accept(draftOf(name), promised !== undefined);
    if (typeof accepted === "object") promised?.keep(accepted);
    else this.dispatcher.wake();
    promised?.end();
    return typeof accepted === "object";
  }

  /** Lets time pass; in steps longer than a second most of each passes in one piece. */
  async pass(ms: number, step = 1_000): Promise<void> {
    for (let left = ms; left > 0; left -= step) {
      const piece = Math.min(step, left);
      if (piece > 1_000) this.clock.stall(piece - 1_000);
      await this.clock.advance(Math.min(piece, 1_000));
    }
  }

  /** All records in a state, in the order of their acceptance. */
  async records(state: State = "pending"): Promise<readonly OutboxRecord[]> {
    const all = await this.whole.list(state, "", 10_000);
    return all.filter((stored): stored is OutboxRecord => !isLeftAlone(stored));
  }

  get names(): readonly string[] {
    return this.sent.map(({ name }) => name);
  }

  /** How many were told to be delivered. */
  get delivered(): number {
    return this.told.filter(({ settlement }) => settlement.kind === "delivered").length;
  }

  sql(text: string): Promise<readonly string[]> {
    return this.#scene.sql(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.draining.abort();
    this.cut.abort();
    await this.#ended;
    await this.#scene[Symbol.asyncDispose]();
  }
}

/** Names in order. */
export const numbered = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `${prefix}${String(n).padStart(4, "0")}`);

export const nameOf = ({ event }: OutboxRecord): string => event.metadata["workspace"] ?? "";

export const DELIVERED: Verdict = { kind: "delivered" };
export const LATER: Verdict = { kind: "later", cause: "platformx", seen: constant("status 500") };
export const LIMITED: Verdict = { kind: "later", cause: "rate_limit", seen: constant("status 429") };
export const UNKNOWN: Verdict = { kind: "unknown", seen: constant("timed_out") };
export const REFUSED: Verdict = { kind: "refused", words: constant("no such user") };

/** The longest delay after the first, second, … failure. */
export const delayAfterFailure = (failures: number): number =>
  Math.min(OUTBOX_BACKOFF.longest, OUTBOX_BACKOFF.first * 2 ** (failures - 1));
