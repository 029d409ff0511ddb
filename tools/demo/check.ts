/** Compares what the service answered with what arrived at PlatformX. */
import type { ReceivedEvent } from "../../tests/support/platformx_rules.ts";
import { bringsEvent, type Exchange } from "./story.ts";

/** A webhook with the events that came of it. */
export interface Row {
  readonly exchange: Exchange;
  /** One when it was forwarded or stored, else none; anything else is among the problems. */
  readonly events: readonly ReceivedEvent[];
}

/** What the table shows, and where answers and record disagree: one sentence each. */
export interface Comparison {
  readonly rows: readonly Row[];
  readonly problems: readonly string[];
}

/** An event names the message of which it was made, so that it can be laid beside that message's answer. */
export function compare(exchanges: readonly Exchange[], record: readonly ReceivedEvent[]): Comparison {
  const eventsOf = new Map<Exchange, ReceivedEvent[]>(exchanges.map((exchange) => [exchange, []]));
  const problems: string[] = [];
  for (const event of record) {
    const sent = exchanges.filter(({ messageId }) => messageId === event.metadata["coder_message_id"]);
    const origin = sent.find(({ outcome }) => bringsEvent(outcome)) ?? sent[0];
    if (origin === undefined) {
      problems.push(`An event arrived that no webhook asked for: ${event.name}, about ${event.email}`);
    } else {
      eventsOf.get(origin)!.push(event);
    }
  }
  const rows = [...eventsOf].map(([exchange, events]) => ({ exchange, events }));
  return { rows, problems: [...rows.flatMap(problemsOf), ...problems] };
}

function problemsOf({ exchange, events }: Row): string[] {
  const { expected, messageId, notification, outcome, person, recipient } = exchange;
  const problems: string[] = [];
  if (outcome !== expected) problems.push(`it should be answered '${expected}'`);
  const due = bringsEvent(outcome) ? 1 : 0;
  if (events.length !== due) problems.push(`events arrived: ${events.length} instead of ${due}`);
  for (const { email, name } of events) {
    if (email !== person) problems.push(`the event is about ${email} instead of ${person ?? "nobody"}`);
    if (name !== notification) problems.push(`the event is called '${name}'`);
  }
  const webhook = `${notification} to ${recipient} (${messageId}), answered '${outcome}'`;
  return problems.map((problem) => `${webhook}: ${problem}`);
}
