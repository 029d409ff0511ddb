/** One mode's course: load in cycles, each the same mixture of faults, and a look at the process after each. */
import { setTimeout as sleep } from "node:timers/promises";
import { eventually, within } from "../../support/eventually.ts";
import { type StandIn, startPlatformX } from "../../support/platformx.ts";
import { judge, type Judgement } from "../crash/judge.ts";
import { Random } from "../crash/random.ts";
import { takenBy } from "../crash/records.ts";
import { type Inside, Inspector } from "./inspector.ts";
import { Load } from "./load.ts";
import { enter, PHASES, WELL_AGAIN } from "./phases.ts";
import { deadLettersIn, faultsIn, type Mode, pendingAt, type Service, startService } from "./service.ts";
import { type Vitals, vitalsOf } from "../vitals.ts";

/** How long a course is, and of what. */
export interface Plan {
  readonly mode: Mode;
  readonly seed: number;
  /** A new cycle begins while fewer milliseconds have passed; there is at least one. */
  readonly lasts: number;
  /** Seconds of load in a cycle. */
  readonly load: number;
  /** With faults that take 10 s and 15 s to end; the load of a cycle must be longer. */
  readonly long: boolean;
  /** Seconds for which the service is left alone before it is looked at. */
  readonly quiet: number;
  /** Seconds after its start until the first look: Deno's threads for files wait 10 s before they end. */
  readonly calm: number;
  /** `DEDUP_WINDOW`: longer than a cycle, so that no copy comes too late. */
  readonly window: string;
}

/** The process in a quiet moment: nothing is sent, and nothing is left to do. */
export interface Look extends Vitals, Partial<Inside> {
  /** Seconds since the start of the course. */
  readonly at: number;
  /** Of all threads, a second, in the quiet before. */
  readonly wakeUpsPerSecond: number;
  /** Milliseconds of processor time a second, in the quiet before. */
  readonly processorPerSecond: number;
}

/** What a course brought. */
export interface Outcome {
  readonly mode: Mode;
  /** Before the first webhook. */
  readonly rest: Look;
  /** After each cycle. */
  readonly looks: readonly Look[];
  readonly answers: ReadonlyMap<string, number>;
  readonly misplaced: readonly string[];
  readonly faults: readonly string[];
  readonly events: number;
  readonly judgement: Judgement;
  /** Happenings answered 2xx that are neither with PlatformX nor among the dead letters. */
  readonly lost: readonly number[];
  readonly deadLetters: number;
  /** Most descriptors that were seen during the load. */
  readonly mostDescriptors: number;
}

/** Milliseconds for connections that were closed to be noticed. */
const NOTICES = 15_000;

/** Milliseconds between looks that wait for something. */
const BETWEEN_LOOKS = 250;

/**
 * Runs one.
 *
 * @throws {Error} when the service ends by itself, or does not come to rest
 */
export async function runCourse(plan: Plan, folder: string, tell: (line: string) => void): Promise<Outcome> {
  const random = new Random(plan.seed);
  await using standIn = await startPlatformX({ requestsPerMinute: Infinity });
  const { mode, window } = plan;
  const service = await startService({ mode, window, folder, apiUrl: standIn.url });
  const load = new Load(service.program.url, random, plan.long);
  const course = new Course(plan, { service, standIn, load, random });
  try {
    await course.run(tell);
  } finally {
    await service.program.stop();
  }
  const letters = new Set(mode === "outbox" ? await deadLettersIn(folder) : []);
  const kept = new Set(
    load.records.flatMap((record) =>
      record.kind === "post" && letters.has(record.message) ? [record.happening] : []
    ),
  );
  const judgement = judge(load.records, takenBy(standIn));
  return {
    mode,
    rest: course.rest!,
    looks: course.looks,
    answers: load.answers,
    misplaced: load.misplaced,
    faults: await faultsIn(folder),
    events: standIn.events.length,
    judgement,
    lost: judgement.lost.filter((happening) => !kept.has(happening)),
    deadLetters: letters.size,
    mostDescriptors: course.mostDescriptors,
  };
}

/** What takes part. */
interface Parts {
  readonly service: Service;
  readonly standIn: StandIn;
  readonly load: Load;
  readonly random: Random;
}

class Course {
  rest: Look | undefined;
  readonly looks: Look[] = [];
  mostDescriptors = 0;
  readonly #plan: Plan;
  readonly #parts: Parts;
  readonly #begun = performance.now();

  constructor(plan: Plan, parts: Parts) {
    this.#plan = plan;
    this.#parts = parts;
  }

  async run(tell: (line: string) => void): Promise<void> {
    const { service: { inspector }, load } = this.#parts;
    await using inside = inspector === undefined ? undefined : await Inspector.open(inspector);
    await sleep(this.#plan.calm * 1_000);
    this.rest = await this.#look(inside);
    do {
      const cycle = Promise.all([load.run(this.#plan.load), this.#misbehave()]);
      await within(cycle, "everything that was begun to end");
      await this.#settle();
      const look = await this.#look(inside);
      this.looks.push(look);
      tell(lineOf(look));
    } while (performance.now() - this.#begun < this.#plan.lasts);
  }

  /** The phases of one cycle. */
  async #misbehave(): Promise<void> {
    const { standIn, service: { program }, random } = this.#parts;
    const phases = PHASES.filter((phase) => this.#plan.long || !phase.long);
    const shares = phases.reduce((sum, { share }) => sum + share, 0);
    for (const phase of phases) {
      await enter(phase, standIn, random);
      await sleep(this.#plan.load * 1_000 * phase.share / shares);
      const { descriptors } = await vitalsOf(program.pid);
      this.mostDescriptors = Math.max(this.mostDescriptors, descriptors);
    }
    await enter(WELL_AGAIN, standIn, random);
  }

  /** Waits until nothing is left to do, and all connections are closed. */
  async #settle(): Promise<void> {
    const { service: { program }, standIn } = this.#parts;
    const isDone = async () => await pendingAt(program.url) === 0 && standIn.open === 0;
    await eventually(isDone, "the outbox to be empty and every attempt to end", { every: BETWEEN_LOOKS });
    standIn.breakConnections();
    // What is missing then is seen in the look.
    const until = ({ descriptors }: Vitals) => descriptors <= this.rest!.descriptors;
    const noticed = eventually(() => vitalsOf(program.pid), "descriptors to be given back", {
      until,
      every: BETWEEN_LOOKS,
      patience: NOTICES,
    });
    await noticed.catch(() => {});
  }

  async #look(inside: Inspector | undefined): Promise<Look> {
    const { pid } = this.#parts.service.program;
    const { quiet } = this.#plan;
    const before = await vitalsOf(pid);
    await sleep(quiet * 1_000);
    const { wakeUps, processor } = await vitalsOf(pid);
    const counted = await inside?.look();
    return {
      ...await vitalsOf(pid),
      ...counted,
      at: (performance.now() - this.#begun) / 1_000,
      wakeUpsPerSecond: (wakeUps - before.wakeUps) / quiet,
      processorPerSecond: (processor - before.processor) / quiet,
    };
  }
}

/** One look, for who watches. */
function lineOf(
  { at, resident, heap, descriptors, timers, signals, threads, wakeUpsPerSecond }: Look,
): string {
  const inside = heap === undefined
    ? ""
    : `, heap ${heap.toFixed(2)} MB, ${timers} timers, ${signals} signals`;
  return `${at.toFixed(0)} s: resident ${resident.toFixed(1)} MB${inside}, ${descriptors} descriptors, ` +
    `${threads} threads, ${wakeUpsPerSecond.toFixed(1)} wake-ups/s`;
}
