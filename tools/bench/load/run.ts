/** One subject in one round: started, warmed, driven, counted, ended. */
import { eventually } from "../../../tests/support/eventually.ts";
import { countAt, forgetAt, outboxAt } from "./remote.ts";
import type { Count } from "./stand_in.ts";
import { type Setting, startSubject, type Subject } from "./subjects.ts";
import { usageOf } from "./usage.ts";
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
  /** Resident memory when the load ends. */
  readonly memory: number;
  /** Microseconds of processor time for each webhook: all of the process, until an outbox is empty. */
  readonly processor: number;
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

/** No two runs send the same webhook: an outbox in a database remembers. */
let runs = Date.now() % 60_000;

/** Measures one subject. */
export async function measure(subject: Subject, plan: Plan): Promise<Run> {
  await forgetAt(plan.platformX);
  await using program = await startSubject(subject, plan);
  const warm = await drive(program.url, { ...plan, seconds: plan.warmUp, run: runs++ });
  if (subject.outbox !== undefined) await drained(program.url);

  const before = await usageOf(program.pid);
  const result = await drive(program.url, { ...plan, run: runs++ });
  const { memory } = await usageOf(program.pid);
  const { drain, pending } = subject.outbox === undefined
    ? { drain: 0, pending: 0 }
    : await drained(program.url);
  const { events, distinct } = await settled(plan.platformX);
  const after = await usageOf(program.pid);
  return {
    perSecond: result.accepted / result.seconds,
    p50: result.p50,
    p99: result.p99,
    memory,
    processor: (after.processor - before.processor) * 1000 / result.accepted,
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
