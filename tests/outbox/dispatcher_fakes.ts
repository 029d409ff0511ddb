/** A dispatcher on a store in a file, with a clock that a test moves and a PlatformX that a test plays. */
import { constant } from "../../lib/base/redact.ts";
import { Dispatcher, type Settled } from "../../lib/outbox/dispatcher.ts";
import { isLeftAlone, type OutboxRecord } from "../../lib/outbox/record.ts";
import { OUTBOX_BACKOFF } from "../../lib/outbox/settlement.ts";
import type { OutboxStore } from "../../lib/outbox/store.ts";
import { StoreWatch } from "../../lib/outbox/store_watch.ts";
import { ApiKey } from "../../lib/platformx/api_key.ts";
import type { PlatformXEvent } from "../../lib/platformx/event.ts";
import { Gate } from "../../lib/platformx/gate.ts";
import type { Verdict } from "../../lib/platformx/verdict.ts";
import { denoFiles } from "../../lib/runtime/deno_files.ts";
import { EVENT, settled } from "../support/fakes.ts";
import { storeInFile, type TestStore } from "./fakes.ts";

/** Answers an attempt at the event with this name of the test's. */
export type Answering = (name: string, at: { readonly cut: AbortSignal }) => Verdict | Promise<Verdict>;

/** What a test decides beforehand. */
export interface DispatcherScene {
  readonly answer?: Answering;
  readonly ratePerMinute?: number;
  readonly maxAge?: number;
  /** Does not start the dispatcher before {@link TestDispatcher.start}. */
  readonly later?: boolean;
}

/** The parts, at work. */
export interface TestDispatcher extends Omit<TestStore, "put"> {
  readonly gate: Gate;
  /** What the dispatcher asks of the store; a test may put something in between. */
  readonly asked: Pick<OutboxStore, "claim" | "settle" | "tidy">;
  /** Names in the order in which they were sent, with the time in milliseconds since the start. */
  readonly sent: { readonly name: string; readonly at: number }[];
  readonly settledEvents: Settled[];
  readonly delivered: () => number;
  readonly draining: AbortController;
  readonly cut: AbortController;
  start(): void;
  /** Resolves when the dispatcher has ended. */
  ended(): Promise<void>;
  /** Stores an event as another process would: nobody is told. */
  put(name: string, fields?: { readonly at?: number; readonly version?: number }): void;
  /** Accepts an event as a webhook does. */
  accept(name: string): Promise<void>;
  /** Lets time pass in steps: the dispatcher rests after each. */
  pass(ms: number, step?: number): Promise<void>;
  /** Everything that is stored and can be read. */
  records(): Promise<readonly OutboxRecord[]>;
}

export async function startDispatcher(scene: DispatcherScene = {}): Promise<TestDispatcher> {
  const { answer = () => DELIVERED, ratePerMinute = 0, maxAge, later = false } = scene;
  const test = await storeInFile(maxAge === undefined ? {} : { maxAge });
  const { clock, log, store } = test;
  const [draining, cut] = [new AbortController(), new AbortController()];
  const begun = clock.monotonic();
  const sent: { readonly name: string; readonly at: number }[] = [];
  const settledEvents: Settled[] = [];
  const gate = new Gate({
    attempt: async (event) => {
      const name = event.metadata["name"]!;
      sent.push({ name, at: clock.monotonic() - begun });
      return await answer(name, { cut: cut.signal });
    },
    key: new ApiKey("dx-0123456789", undefined, denoFiles, log),
    meanwhile: constant("events wait in OUTBOX"),
    onAttempt: () => {},
    ...{ ratePerMinute, clock, log },
    draining: draining.signal,
    cut: cut.signal,
  });
  const asked = {
    claim: store.claim.bind(store),
    settle: store.settle.bind(store),
    tidy: store.tidy.bind(store),
  };
  const dispatcher = new Dispatcher({
    store: {
      claim: (...question) => asked.claim(...question),
      settle: (...question) => asked.settle(...question),
      tidy: () => asked.tidy(),
    },
    watch: new StoreWatch(log),
    // The longest delay, so that times can be told.
    random: () => 1 - Number.EPSILON,
    onSettled: (settled) => settledEvents.push(settled),
    traced: (_, work) => work(),
    ...{ gate, clock, log },
    draining: draining.signal,
  });
  let running: Promise<void> = Promise.resolve();
  const start = () => {
    running = dispatcher.run();
  };
  if (!later) start();
  await settled();
  return {
    ...test,
    ...{ gate, asked, sent, settledEvents, draining, cut, start },
    delivered: () => settledEvents.filter(({ settlement }) => settlement.kind === "delivered").length,
    ended: () => running,
    put: (name, fields) => test.put(name, eventNamed(name), fields),
    async accept(name) {
      const copy = { recipient: "r", messageId: `m-${name}` };
      await store.accept({ key: `key of ${name}`, ...copy, event: eventNamed(name) });
      dispatcher.wake();
    },
    async pass(ms, step = 1_000) {
      await settled();
      for (let left = ms; left > 0; left -= step) {
        const piece = Math.min(step, left);
        if (piece > 1_000) clock.stall(piece - 1_000);
        await clock.advance(Math.min(piece, 1_000));
      }
    },
    async records() {
      const all = await Promise.all([store.list("pending", "", 2_000), store.list("dead", "", 2_000)]);
      return all.flat().filter((stored): stored is OutboxRecord => !isLeftAlone(stored));
    },
    async [Symbol.asyncDispose]() {
      draining.abort();
      cut.abort();
      await running;
      await test[Symbol.asyncDispose]();
    },
  };
}

const eventNamed = (name: string): PlatformXEvent => ({
  ...EVENT,
  metadata: { name, coder_message_id: `m-${name}` },
});

export const DELIVERED: Verdict = { kind: "delivered" };
export const LATER: Verdict = { kind: "later", cause: "platformx", seen: constant("status 500") };
export const RATE_LIMITED: Verdict = { kind: "later", cause: "rate_limit", seen: constant("status 429") };
export const UNKNOWN: Verdict = { kind: "unknown", seen: constant("timed_out") };
export const REFUSED: Verdict = { kind: "refused", words: constant("no such user") };

/** Delays after the first, second, … failure at the longest. */
export const delayOf = (failures: number): number =>
  Math.min(OUTBOX_BACKOFF.longest, OUTBOX_BACKOFF.first * 2 ** (failures - 1));

export const namesOf = (sent: readonly { readonly name: string }[]) => sent.map(({ name }) => name);
export const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${prefix}${String(n).padStart(4, "0")}`);
