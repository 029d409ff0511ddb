/**
 * It happened once, one event.
 *
 * Coder sends one webhook per recipient, each with its own `msg_id`, and repeats a `msg_id` when it retries. What
 * happened is identified by template, person, labels, data and targets. A recipient's k-th different `msg_id` of the
 * same identity is a copy of its occurrence k: three administrators' copies are one occurrence, and the same
 * administrator told twice is two.
 */
import type { Attributed } from "./attribution.ts";

/**
 * Canonical text of what happened: equal exactly for copies of the same, whatever the order of JSON
 * keys. Recipient, title, body, actions, build parameters and `msg_id` are no part of it.
 */
export function identityOf({ notification, email, identity }: Attributed): string {
  const { row, templateId, name } = notification;
  return JSON.stringify([row?.templateId ?? (templateId || name), email, ...identity]);
}

/** Whom a copy was sent to, for counting that recipient's copies. */
export function recipientOf({ recipient }: Attributed): string {
  return recipient.id || recipient.email;
}

/** One occurrence, as remembered. */
export interface Occurrence {
  /** Counted from 1 for each identity. */
  readonly number: number;
  /** When its first copy came, in milliseconds of the clock that the window is measured with. */
  readonly since: number;
  /** When its first copy came, in Unix milliseconds: the event's time where Coder gives none. */
  readonly arrivedAt: number;
  /** Its copies, flat, the first one first: recipient, message id, recipient, message id, … */
  readonly copies: readonly string[];
  /** Nothing is left to do for it: its event was delivered, or is in safe hands. */
  readonly settled: boolean;
}

/** What is remembered of one identity, the oldest first; forgotten ones left the front. */
export type Occurrences = readonly Occurrence[];

/** One webhook. */
export interface Copy {
  readonly recipient: string;
  readonly messageId: string;
  /** Unix milliseconds. */
  readonly arrivedAt: number;
}

/** What forgetting goes by. */
export interface Memory {
  /** Milliseconds of the clock of {@link Occurrence.since}. */
  readonly now: number;
  /** Milliseconds for which an occurrence is remembered, from its first copy. */
  readonly window: number;
  /** Whether an occurrence is being worked on: such a one is not forgotten because of its age. */
  readonly isHeld: (occurrence: Occurrence) => boolean;
}

/** Occurrences remembered of one identity; more are a sender gone wild. */
const MOST_OCCURRENCES = 500;

/** Where a copy belongs, and what is remembered then. */
export interface Assignment {
  /** A new occurrence; a further recipient's copy of a known one; a message that is known itself. */
  readonly kind: "new" | "copy" | "retry";
  readonly occurrences: Occurrences;
  readonly occurrence: Occurrence;
}

/**
 * Adds a copy and says which occurrence it is a copy of: the one that holds this message (Coder's
 * retry), else the oldest one after the recipient's last, else a new one.
 *
 * While nothing is forgotten that is the recipient's k-th different message. Counting goes on among what is
 * remembered, so that a recipient's copy that arrives after occurrence 1 was forgotten still meets the other
 * recipients' copies of occurrence 2. Only copies of this very recipient decide: a record that holds no others,
 * as a store with one key per recipient has it, gives the same answer.
 */
export function assign(
  occurrences: Occurrences,
  copy: Copy,
  memory: Memory,
): Assignment {
  const remembered = forget(occurrences, memory);
  let next = 0;
  for (const [index, occurrence] of remembered.entries()) {
    const messageId = messageOf(occurrence, copy.recipient);
    if (messageId === copy.messageId) return { kind: "retry", occurrences: remembered, occurrence };
    if (messageId !== undefined) next = index + 1;
  }
  const known = remembered[next];
  const occurrence: Occurrence = known === undefined
    ? {
      number: (remembered.at(-1)?.number ?? 0) + 1,
      since: memory.now,
      arrivedAt: copy.arrivedAt,
      copies: [copy.recipient, copy.messageId],
      settled: false,
    }
    : { ...known, copies: known.copies.concat(copy.recipient, copy.messageId) };
  return {
    kind: known === undefined ? "new" : "copy",
    occurrences: remembered.toSpliced(next, 1, occurrence).slice(-MOST_OCCURRENCES),
    occurrence,
  };
}

/** Notes that nothing is left to do for an occurrence. */
export function settle(occurrences: Occurrences, number: number): Occurrences {
  return occurrences.map((occurrence) =>
    occurrence.number === number ? { ...occurrence, settled: true } : occurrence
  );
}

/** The message id of an occurrence's first copy. */
export function firstMessageOf(occurrence: Occurrence): string {
  return occurrence.copies[1]!;
}

/** Drops occurrences whose window is over from the front; a held one keeps what came after it. */
function forget(occurrences: Occurrences, { now, window, isHeld }: Memory): Occurrences {
  const kept = occurrences.findIndex((occurrence) => now - occurrence.since < window || isHeld(occurrence));
  return kept === 0 ? occurrences : kept < 0 ? [] : occurrences.slice(kept);
}

/** A recipient has at most one message in an occurrence. */
function messageOf(occurrence: Occurrence, recipient: string): string | undefined {
  const { copies } = occurrence;
  for (let i = 0; i < copies.length; i += 2) {
    if (copies[i] === recipient) return copies[i + 1];
  }
  return undefined;
}
