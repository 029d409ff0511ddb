/**
 * The judge, who knows what was sent and what PlatformX took, and nothing of the service.
 *
 * It asks two things. Is everything that was answered 2xx with PlatformX? Was every second event preceded by an
 * attempt that was cut: PlatformX had taken the event, and the service could not know or could not note it?
 */
import type { SenderRecord, TakenRecord } from "./records.ts";

/** What came of a run. Happenings are named by their numbers in the sender's log. */
export interface Judgement {
  readonly kills: number;
  /** Of the database server. */
  readonly crashes: number;
  /** How many happenings have a copy that was answered 2xx. */
  readonly acknowledged: number;
  /** Happenings answered 2xx of which no event arrived. */
  readonly lost: readonly number[];
  /** Happenings of which more than one event was taken. */
  readonly sentTwice: readonly number[];
  /** Second events that no cut attempt explains, and events that nobody asked for, as sentences. */
  readonly unexplained: readonly string[];
}

/**
 * Milliseconds within which the service notes down an answer that it got. A kill in this time after the answer is
 * what makes the event go out again; a later one is no excuse.
 */
export const NOTED_WITHIN = 500;

/** A kill, or a crash of the server, which a kill follows; and when the next process was started. */
interface Kill {
  readonly at: number;
  readonly restartedAt: number;
}

/** Compares what was answered with what arrived. */
export function judge(sender: readonly SenderRecord[], taken: readonly TakenRecord[]): Judgement {
  const happeningOf = new Map<string, number>();
  const acknowledged = new Set<number>();
  for (const record of sender) {
    if (record.kind === "post") happeningOf.set(record.message, record.happening);
    if (record.kind !== "answer" || record.status < 200 || record.status > 299) continue;
    const happening = happeningOf.get(record.message);
    if (happening === undefined) {
      throw new Error(`the sender's log has an answer to nothing: ${record.message}`);
    }
    acknowledged.add(happening);
  }
  const unexplained: string[] = [];
  const arrivals = new Map<number, TakenRecord[]>();
  for (const arrival of taken) {
    const happening = happeningOf.get(arrival.message);
    if (happening === undefined) {
      unexplained.push(`an event arrived that nobody asked for: ${arrival.message}`);
    } else arrivals.set(happening, [...arrivals.get(happening) ?? [], arrival]);
  }
  const kills = killsIn(sender);
  const sentTwice = [...arrivals].filter(([, { length }]) => length > 1);
  for (const [happening, taken] of sentTwice) {
    for (const [index, arrival] of taken.slice(0, -1).entries()) {
      if (isCut(arrival, kills)) continue;
      const after = arrival.answeredAt! - arrival.at;
      unexplained.push(
        `happening ${happening}: event ${
          index + 2
        } of ${taken.length} was sent although the one before was ` +
          `answered after ${after} ms, and no kill was near`,
      );
    }
  }
  return {
    kills: sender.filter(({ kind }) => kind === "kill").length,
    crashes: sender.filter(({ kind }) => kind === "crash").length,
    acknowledged: acknowledged.size,
    lost: [...acknowledged].filter((happening) => !arrivals.has(happening)),
    sentTwice: sentTwice.map(([happening]) => happening),
    unexplained,
  };
}

/** The answer never left, or the service was killed before it can have noted the answer. */
function isCut({ at, answeredAt }: TakenRecord, kills: readonly Kill[]): boolean {
  // What a killed process had sent can be read after its end, but not after the next one's start.
  return answeredAt === undefined ||
    kills.some((kill) => at <= kill.restartedAt && kill.at <= answeredAt + NOTED_WITHIN);
}

function killsIn(records: readonly SenderRecord[]): Kill[] {
  return records.flatMap(({ kind, at }, index) => {
    if (kind !== "kill" && kind !== "crash") return [];
    const restart = records.slice(index).find((record) => record.kind === "start");
    return [{ at, restartedAt: restart?.at ?? Infinity }];
  });
}

/** Tells a judgement; returns the exit code. */
export function tell(judgement: Judgement, out: (text: string) => void): number {
  const { kills, crashes, acknowledged, lost, sentTwice, unexplained } = judgement;
  out(`kills         ${kills}${crashes === 0 ? "" : `, and ${crashes} crashes of the database server`}`);
  out(`acknowledged  ${acknowledged}`);
  out(`lost          ${lost.length}`);
  out(`sent twice    ${sentTwice.length}, unexplained ${unexplained.length}`);
  for (const happening of lost) out(`lost: happening ${happening} was answered 2xx, and no event arrived`);
  for (const sentence of unexplained) out(`unexplained: ${sentence}`);
  if (acknowledged === 0) out("nothing was acknowledged: there is nothing to judge");
  return acknowledged > 0 && lost.length === 0 && unexplained.length === 0 ? 0 : 1;
}
