/** What the demo prints. */
import { alignColumns } from "../../lib/cli/columns.ts";
import { escapeControls } from "../../lib/base/redact.ts";
import type { Terminal } from "../../lib/cli/terminal.ts";
import type { Comparison, Row } from "./check.ts";
import type { ReceivedEvent } from "../../tests/support/platformx_rules.ts";

const COLOURS = { bold: 1, red: 31, green: 32, yellow: 33, grey: 90 } as const;

/** What is going to happen. */
export const INTRO =
  `This demo plays Coder: it posts webhooks to the service, a process of its own. For each thing that happened
to a person, the service sends one event to PlatformX: here a stand-in that enforces PlatformX's documented rules.
A row is a webhook: whom Coder tells, the answer and, if an event arrived, about whom, with how many bytes of metadata.`;

/**
 * Shows table, numbers and disagreements.
 *
 * @returns exit code: 1 when answers and record disagree
 */
export function report(
  comparison: Comparison,
  record: readonly ReceivedEvent[],
  { out, err }: Pick<Terminal, "out" | "err">,
): number {
  out(`${table(comparison)}\n\n${summary(comparison, record)}\n`);
  for (const problem of comparison.problems) err(paint(escapeControls(problem), "red"));
  if (comparison.problems.length > 0) return 1;
  out("Every answer agrees with what arrived at PlatformX.");
  return 0;
}

/** One row per webhook, under the titles of the story. */
function table({ rows }: Comparison): string {
  const cells = rows.map(({ exchange: { notification, outcome, recipient }, events: [event] }) => [
    notification,
    recipient,
    outcome,
    event?.email ?? "-",
    String(event === undefined ? "-" : bytesOf(event)).padStart(5),
  ]);
  const head = ["notification", "recipient", "outcome", "person", "bytes"];
  const [headLine, ...lines] = alignColumns([head, ...cells]).split("\n").map((line) => `  ${line}`);
  const shown = rows.flatMap(({ exchange: { outcome, scene } }, at) => {
    const line = paint(lines[at]!, colourOf(outcome));
    return scene === rows[at - 1]?.exchange.scene ? [line] : ["", paint(scene, "bold"), line];
  });
  return [paint(headLine!, "bold"), ...shown].join("\n");
}

/** The numbers: what was sent, what arrived, and where the difference went. */
function summary({ rows }: Comparison, record: readonly ReceivedEvent[]): string {
  const counted = (outcome: string) => count(rows, (text) => text === outcome);
  const lines: [string, number, string][] = [
    ["webhooks sent", rows.length, "by Coder, further recipients and repetitions included"],
    ["events arrived", record.length, "at PlatformX"],
    ["duplicates folded", counted("200 duplicate"), "into events that had arrived"],
    [
      "ignored: not_tracked",
      counted("200 ignored not_tracked"),
      "left out of EVENTS_TRACKED: they never hold the person's address",
    ],
    ["ignored: no_person", counted("200 ignored no_person"), "tracked, but without the person's address"],
    ["ignored: secret", counted("200 ignored secret"), "a password-reset code: dropped unread"],
    [
      "to be sent again",
      count(rows, (text) => text.startsWith("503 ")),
      "nothing was lost: Coder sent them again",
    ],
  ];
  return alignColumns(lines.map(([what, number, why]) => [`  ${what}`, String(number).padStart(3), why]));
}

/** Bytes of an event's metadata, of which PlatformX takes 1 KB. */
function bytesOf({ metadata }: ReceivedEvent): number {
  return new TextEncoder().encode(JSON.stringify(metadata)).length;
}

function count(rows: readonly Row[], matches: (outcome: string) => boolean): number {
  return rows.filter(({ exchange }) => matches(exchange.outcome)).length;
}

function colourOf(outcome: string): keyof typeof COLOURS {
  if (outcome === "200 forwarded") return "green";
  if (outcome.startsWith("200 ")) return "grey";
  return outcome.startsWith("503 ") ? "yellow" : "red";
}

/** Paints where a person looks on, and not against that person's will (`NO_COLOR`). */
function paint(text: string, colour: keyof typeof COLOURS): string {
  return Deno.stdout.isTerminal() && !Deno.noColor ? `\x1b[${COLOURS[colour]}m${text}\x1b[0m` : text;
}
