/** One subject in one round: started, warmed, driven, counted, ended. */
import { eventually } from "../../../tests/support/eventually.ts";
import { countAt, forgetAt, outboxAt } from "./remote.ts";
import type { Count } from "./stand_in.ts";
import { type Setting, startSubject, type SubjectName } from "./subjects.ts";
import { usageOf, watchMemory } from "./watch.ts";
import { drive, type Pressure } from "./wrk.ts";

/** How a run is made. */
export interface Plan extends Setting, Omit<Pressure, "run"> {
  /** Seconds of load that are not measured: programs get their code compiled in them. */
  readonly warmUp: number;
}

/** What one run measured. Milliseconds, and megabytes. */
export interface Run {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Resident memory, at even intervals while it was measured. */
  readonly memory: readonly number[];
  readonly memoryPeak: number;
  /** Microseconds of processor time for each webhook, everything that the process did meanwhile. */
  readonly processor: number;
  /** Events that arrived at the stand-in in each second, while webhooks came. */
  readonly deliveredPerSecond: number;
  /** 2xx answers, warm-up included. */
  readonly accepted: number;
  /** Other answers and none, warm-up included. */
  readonly failed: number;
  readonly events: number;
  /** Events that came more than once. */
  readonly repeated: number;
  /** Seconds until an outbox was empty; 0 for the others. */
  readonly drain: number;
  /** What is left in the outbox after that. */
  readonly pending: number;
}

/** Milliseconds between two questions: each costs who is measured something. */
const EVERY = 100;

/** Milliseconds that an outbox gets to become empty, and requests that were under way when wrk left to end. */
const LONGEST_DRAIN = 300_000;
const LAST_REQUESTS = 15_000;

/** Measures one subject. */
export async function measure(name: SubjectName, plan: Plan): Promise<Run> {
  await forgetAt(plan.platformX);
  await using subject = await startSubject(name, plan);
  const warm = await drive(subject.url, { ...plan, seconds: plan.warmUp, run: 0 });

  const before = await countAt(plan.platformX);
  const idle = await usageOf(subject.pid);
  const memory = watchMemory(subject.pid);
  const result = await drive(subject.url, { ...plan, run: 1 });
  const samples = await memory.stop();
  const busy = await usageOf(subject.pid);
  const after = await countAt(plan.platformX);

  const { drain, pending } = name.startsWith("outbox")
    ? await drained(subject.url)
    : { drain: 0, pending: 0 };
  const { events, distinct } = await settled(plan.platformX);
  return {
    perSecond: result.accepted / result.seconds,
    p50: result.p50,
    p99: result.p99,
    memory: samples,
    memoryPeak: busy.memoryPeak,
    processor: (busy.processor - idle.processor) * 1000 / result.accepted,
    deliveredPerSecond: (after.distinct - before.distinct) / result.seconds,
    accepted: warm.accepted + result.accepted,
    failed: warm.rejected + warm.broken + result.rejected + result.broken,
    events: distinct,
    repeated: events - distinct,
    drain,
    pending,
  };
}

async function drained(url: string): Promise<{ readonly drain: number; readonly pending: number }> {
  const begun = performance.now();
  const until = (outbox: { readonly pending: number }) => outbox.pending === 0;
  const waiting = { until, every: EVERY, patience: LONGEST_DRAIN };
  // What is left then is in the result.
  await eventually(() => outboxAt(url), "an empty outbox", waiting).catch(() => {});
  const drain = (performance.now() - begun) / 1000;
  return { drain, pending: (await outboxAt(url)).pending };
}

/** The count when it does not change any more: wrk leaves without waiting for its last answers. */
async function settled(standIn: string): Promise<Count> {
  let last = -1;
  const until = ({ events, open }: Count) => {
    const unchanged = open === 0 && events === last;
    last = events;
    return unchanged;
  };
  const waiting = { until, every: EVERY, patience: LAST_REQUESTS };
  return await eventually(() => countAt(standIn), "the last requests", waiting).catch(() => countAt(standIn));
}
