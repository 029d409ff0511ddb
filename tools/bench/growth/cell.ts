/** One case of growing load: a fresh service, so many senders, a PlatformX that is so slow; then a quick one again. */
import { eventually } from "../../../tests/support/eventually.ts";
import { countAt, delayAt, forgetAt, outboxAt, serialsAt } from "../load/remote.ts";
import type { Count } from "../load/stand_in.ts";
import { startSubject, type Subject } from "../load/subjects.ts";
import { usageOf } from "../load/usage.ts";
import { Connection } from "./connection.ts";
import { send, type Tally } from "./senders.ts";

/** What does not change between cases. */
export interface Ground {
  readonly folder: string;
  readonly platformX: string;
  readonly template: string;
}

/** One case. */
export interface Case {
  readonly subject: Subject;
  readonly connections: number;
  /** Milliseconds until PlatformX answers; Infinity: never. */
  readonly delay: number;
  /** Seconds of load; 0: one webhook from each connection, all at once. */
  readonly seconds: number;
}

/** What a case brought. */
export interface Outcome extends Tally {
  /** Megabytes. */
  readonly memoryPeak: number;
  /**
   * Seconds from the end of the load, when PlatformX is quick again: until a single webhook is answered 2xx, with an
   * outbox until nothing is pending.
   */
  readonly recovery: number;
  /** Webhooks answered 2xx that are neither with PlatformX nor in the outbox. */
  readonly lost: number;
  /** What is left in the outbox: pending and dead letters. */
  readonly kept: number;
}

/** Milliseconds for a pause to end (a probe at least every 60 s), and for an outbox to become empty. */
const LONGEST_RECOVERY = 90_000;
const LONGEST_DRAIN = 180_000;

/** Milliseconds between two questions. */
const EVERY = 100;

const RUNS = { warm: 0, load: 1, single: 2 } as const;

/** Runs one case. */
export async function runCase(
  { subject, connections, delay, seconds }: Case,
  ground: Ground,
): Promise<Outcome> {
  const { platformX, template } = ground;
  await forgetAt(platformX);
  await delayAt(platformX, 1);
  await using service = await startSubject(subject, { ...ground, window: "24h" });
  const { port } = service;
  await send({ port, template, connections: 16, seconds: 1, run: RUNS.warm });

  await delayAt(platformX, delay);
  const tally = await send({ port, template, connections, seconds, run: RUNS.load });
  await delayAt(platformX, 1);
  const over = performance.now();
  let number = 0;
  const single = () => send({ port, template, connections: 1, seconds: 0, run: RUNS.single + number++ });
  const isOutbox = subject.outbox !== undefined;
  const recover = async () => {
    await eventually(single, "a webhook answered 2xx", {
      until: ({ accepted }) => accepted.length === 1,
      every: EVERY,
      patience: LONGEST_RECOVERY,
    });
    if (!isOutbox) return;
    await eventually(() => outboxAt(service.url), "an empty outbox", {
      until: (outbox) => outbox.pending === 0,
      every: EVERY,
      patience: LONGEST_DRAIN,
    });
  };
  const recovery = await recover().then(() => (performance.now() - over) / 1000, () => Infinity);
  const { pending, dead } = isOutbox ? await outboxAt(service.url) : { pending: 0, dead: 0 };
  await untilOpen(platformX, 0);
  const taken = await serialsAt(platformX);
  const missing = tally.serials.filter((serial) => !taken.has(serial)).length;
  const { memoryPeak } = await usageOf(service.pid);
  return {
    ...tally,
    memoryPeak,
    recovery,
    lost: Math.max(0, missing - pending - dead),
    kept: pending + dead,
  };
}

/** Waits until so many requests at the stand-in have no answer. */
async function untilOpen(platformX: string, count: number): Promise<void> {
  const waiting = { until: ({ open }: Count) => open === count, every: EVERY, patience: LONGEST_DRAIN };
  await eventually(() => countAt(platformX), `${count} requests without an answer`, waiting);
}

/** What came of heads without bodies, sent when as many webhooks were in flight as are taken. */
export interface Turned {
  /** Milliseconds of each 503 that came although no body was sent. */
  readonly unavailable: readonly number[];
  /** Heads that had no such answer in {@link LONGEST_TURN} seconds. */
  readonly others: number;
}

const LONGEST_TURN = 5;

/** Fills a service in direct mode with webhooks, as PlatformX never answers, and sends more, heads only. */
export async function overload(
  subject: Subject,
  inFlight: number,
  heads: number,
  ground: Ground,
): Promise<Turned> {
  const { platformX, template } = ground;
  await delayAt(platformX, 1);
  await using service = await startSubject(subject, { ...ground, window: "24h" });
  const { port } = service;
  await delayAt(platformX, Infinity);
  const filling = send({ port, template, connections: inFlight, seconds: 0, run: RUNS.load });
  // As many are being sent as may be at once; the others have arrived before, or arrive at the same time.
  await untilOpen(platformX, 64);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const head = template.slice(0, template.indexOf("\r\n\r\n") + 4);
  const unavailable: number[] = [];
  for (let n = 0; n < heads; n++) {
    using connection = await Connection.open(port);
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(late.resolve, LONGEST_TURN * 1000, undefined);
    const answer = await Promise.race([connection.exchange(head).catch(() => undefined), late.promise]);
    clearTimeout(timer);
    if (answer?.status === 503) unavailable.push(answer.ms);
    else if (n === 0) break; // it is not full: each further one would wait as long
  }
  await delayAt(platformX, 1);
  await filling;
  return { unavailable, others: heads - unavailable.length };
}
