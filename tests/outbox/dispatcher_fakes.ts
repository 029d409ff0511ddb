/** A worker on a store in a file, with a clock that a test moves and a PlatformX that a test plays. */
import { constant } from "../../lib/base/redact.ts";
import { OUTBOX_BACKOFF } from "../../lib/outbox/settlement.ts";
import type { PlatformXEvent } from "../../lib/platformx/event.ts";
import type { Verdict } from "../../lib/platformx/verdict.ts";
import type { OutboxOptions } from "../../lib/outbox/outbox.ts";
import { Sender } from "../../lib/platformx/gate.ts";
import { StoreWatch } from "../../lib/outbox/store_watch.ts";
import { Worker } from "../../lib/outbox/dispatcher.ts";
import { EVENT, RecordingLog } from "../support/fakes.ts";
import { DAY, openOutbox, orderOf, put, recordWith, StoreTraffic, type TestOutbox } from "./fakes.ts";

/** Answers an attempt. */
export type Answering = (
  id: string,
  at: { readonly attempt: number; readonly cut: AbortSignal },
) => Verdict | Promise<Verdict>;

export interface WorkerOptionsOfTest extends Partial<OutboxOptions> {
  readonly answer?: Answering;
  readonly ratePerMinute?: number;
  readonly maxAge?: number;
  /** Does not start the worker before {@link TestWorker.start}. */
  readonly later?: boolean;
}

/** The parts, at work. */
export interface TestWorker extends TestOutbox {
  readonly worker: Worker;
  readonly sender: Sender;
  readonly log: RecordingLog;
  readonly traffic: StoreTraffic;
  /** Ids in the order in which they were sent, with the time in milliseconds since the start. */
  readonly sent: { readonly id: string; readonly at: number }[];
  readonly delivered: () => number;
  readonly draining: AbortController;
  readonly cut: AbortController;
  start(): void;
  /** Resolves when the worker has ended. */
  ended(): Promise<void>;
  /** Stores an event as another process would: nobody is told. */
  put(id: string, fields?: { readonly since?: number; readonly version?: number }): Promise<void>;
  /** Accepts an event as a webhook does. Its id is its name. */
  accept(id: string): Promise<void>;
  /** Lets time pass in steps: the worker rests after each. */
  pass(ms: number, step?: number): Promise<void>;
  quiet(): Promise<void>;
}

export async function startWorker(options: WorkerOptionsOfTest = {}): Promise<TestWorker> {
  const { answer = () => DELIVERED, ratePerMinute = 0, maxAge = 7 * DAY, later = false, ...settings } =
    options;
  let nextId = "";
  const test = await openOutbox({ newId: () => nextId, ...settings });
  const { clock, ledger, outbox, store } = test;
  const traffic = new StoreTraffic(store);
  const log = new RecordingLog();
  const draining = new AbortController();
  const cut = new AbortController();
  const begun = clock.monotonic();
  const sent: { readonly id: string; readonly at: number }[] = [];
  const attempts = new Map<string, number>();
  const attempt = async (event: PlatformXEvent) => {
    const id = event.metadata["id"]!;
    sent.push({ id, at: clock.monotonic() - begun });
    attempts.set(id, (attempts.get(id) ?? 0) + 1);
    return await answer(id, { attempt: attempts.get(id)!, cut: cut.signal });
  };
  const key = { current: "dx-0123", reload: () => Promise.resolve() } as unknown as ConstructorParameters<
    typeof Sender
  >[0]["key"];
  const sender = new Sender({
    onAttempt: () => {},
    attempt,
    key,
    ratePerMinute,
    meanwhile: "events wait in the outbox",
    clock,
    log,
    draining: draining.signal,
    cut: cut.signal,
  });
  let delivered = 0;
  const worker = new Worker({
    store,
    ledger,
    sender,
    clock,
    log,
    watch: new StoreWatch(log),
    // The longest delay, so that times can be told.
    random: () => 1 - Number.EPSILON,
    maxAge,
    draining: draining.signal,
    onDelivered: () => delivered++,
  });
  let running: Promise<void> | undefined;
  const start = () => {
    running = worker.run();
  };
  const quiet = () => traffic.quiet(clock);
  if (!later) start();
  return {
    ...test,
    worker,
    sender,
    log,
    traffic,
    sent,
    delivered: () => delivered,
    draining,
    cut,
    start,
    quiet,
    ended: () => running ?? Promise.resolve(),
    put: (id, fields = {}) =>
      put(store, recordWith({ id, since: clock.now(), event: eventOf(id), ...fields })),
    accept: async (id) => {
      nextId = id;
      const accepted = await outbox.accept(orderOf(id, "A", id, eventOf(id)));
      if (accepted.kind === "queued") worker.offer(accepted);
    },
    async pass(ms, step = 1_000) {
      await quiet();
      for (let left = ms; left > 0; left -= step) {
        const piece = Math.min(step, left);
        if (piece > 1_000) clock.stall(piece - 1_000);
        await clock.advance(Math.min(piece, 1_000));
        await quiet();
      }
    },
    async [Symbol.asyncDispose]() {
      draining.abort();
      cut.abort();
      traffic.beforeCommit = () => {};
      await running;
      await test[Symbol.asyncDispose]();
    },
  };
}

const eventOf = (id: string): PlatformXEvent => ({ ...EVENT, metadata: { id, coder_message_id: `m-${id}` } });

export const DELIVERED: Verdict = { kind: "delivered" };
export const LATER: Verdict = { kind: "later", cause: "platformx", seen: constant("status 500") };
export const UNKNOWN: Verdict = { kind: "unknown", seen: constant("timed_out") };
export const REFUSED: Verdict = { kind: "refused", words: constant("no such user") };

/** Delays after the first, second, … attempt at the longest. */
export const delayOf = (attempt: number): number =>
  Math.min(OUTBOX_BACKOFF.longest, OUTBOX_BACKOFF.first * 2 ** (attempt - 1));
