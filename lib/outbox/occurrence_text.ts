/** What a store remembers of one identity's occurrences, as text: `[[number, since, recipient, message, recipient, message, …], …]`. */
import { assign, type Occurrences } from "../coder/occurrence.ts";
import { parsed } from "./record.ts";

/** Copies that are noted of one identity. A further one still is a copy of its occurrence, but leaves no trace. */
const MOST_COPIES = 2_000;

/** In place of the time in a text that is made before the store's clock is known. */
export const NOW = '"now"';

/** One webhook; both texts are hashes. */
export interface HashedCopy {
  readonly recipient: string;
  readonly messageId: string;
}

/** What forgetting goes by; milliseconds. */
export interface Remembering {
  /** The store's clock. */
  readonly now: number;
  /** The same, unless the clock was set ahead: ages are measured with it. Never later than `now`. */
  readonly agedTo: number;
  readonly window: number;
}

/** What a copy makes of the text. */
export interface Folded {
  /** As `assign` says. */
  readonly kind: "new" | "copy" | "retry";
  /** Whether it is the very webhook that an occurrence began with. */
  readonly isFirst: boolean;
  readonly text: string;
}

/** The text with one occurrence, of which this is the first copy. */
export function firstText({ recipient, messageId }: HashedCopy, now: number | typeof NOW): string {
  return `[[1,${now},"${recipient}","${messageId}"]]`;
}

/** Adds a copy; undefined: the text cannot be read. */
export function fold(
  text: string,
  copy: HashedCopy,
  { now, agedTo, window }: Remembering,
): Folded | undefined {
  const before = occurrencesOf(text);
  if (before === undefined) return undefined;
  const memory = { now: agedTo, window, isHeld: () => false };
  const { kind, occurrences, occurrence } = assign(before, { ...copy, arrivedAt: now }, memory);
  const isFirst = occurrence.copies[0] === copy.recipient && occurrence.copies[1] === copy.messageId;
  const copies = occurrences.reduce((sum, { copies }) => sum + copies.length / 2, 0);
  if (kind === "retry" || (kind === "copy" && copies > MOST_COPIES)) return { kind, isFirst, text };
  const rows = occurrences.map((known) => [
    known.number,
    kind === "new" && known === occurrence ? now : known.since,
    ...known.copies,
  ]);
  return { kind, isFirst, text: JSON.stringify(rows) };
}

function occurrencesOf(text: string): Occurrences | undefined {
  const rows = parsed(text);
  if (!Array.isArray(rows)) return undefined;
  const occurrences: Occurrences = rows.map((row) => {
    const [number, since, ...copies] = Array.isArray(row) ? row : [];
    return { number, since, arrivedAt: since, copies, settled: true };
  });
  const isSound = occurrences.every(({ number, since, copies }) =>
    Number.isSafeInteger(number) && Number.isSafeInteger(since) &&
    copies.length >= 2 && copies.length % 2 === 0 && copies.every((part) => typeof part === "string")
  );
  return isSound ? occurrences : undefined;
}
