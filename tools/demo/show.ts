/** What the demo prints. */
import { alignColumns } from "../../lib/cli/columns.ts";
import { escapeControls } from "../../lib/base/redact.ts";
import type { Terminal } from "../../lib/cli/terminal.ts";
import type { Comparison, Row } from "./check.ts";
import { EVERYTHING, TRACKED } from "./story.ts";
import { DEFAULT_EVENTS_TRACKED } from "../../lib/coder/tracking.ts";
import type { ReceivedEvent } from "../../tests/support/platformx_rules.ts";

const COLOURS = { bold: 1, red: 31, green: 32, yellow: 33, grey: 90 } as const;

const ROWS =
  `A row is a webhook: whom Coder tells, the answer and, if an event arrived, about whom, with how many
bytes of metadata.`;

/** As README starts the demo: there need be no Deno on the PATH. */
const COMMAND = "npx -y deno@2.9.6 task -q demo";

/** What is going to happen. */
export const INTRO =
  `This demo plays Coder: it posts webhooks to the service, a process of its own. For each thing that happened
to a person, the service sends one event to PlatformX: here a stand-in that enforces PlatformX's documented rules.
Where a webhook names the person without an address, the service asks Coder for it: a stand-in, too. EVENTS_TRACKED
names all ${TRACKED.length} notifications that can have a person; where it is not set, ${DEFAULT_EVENTS_TRACKED.length} become events.
${ROWS}`;

/** What is going to happen in an outage. */
export const OUTAGE_INTRO =
  `This demo plays an outage of PlatformX, with OUTBOX set: what the service answers with 202 is on the disk first,
and goes to PlatformX (here a stand-in that enforces its documented rules) when that is back, even after a kill. It takes
half a minute: PlatformX is not pressed while it fails.
${ROWS}`;

/** What there is to see besides. */
export function nextAfter({ outage }: { readonly outage: boolean }): string {
  const more = outage ? "" : `\n'${COMMAND} --outage' plays an outage with the outbox.`;
  return `Next: '${COMMAND} --serve' keeps it running, and prints the address of the page to open.${more}
README.md says how to connect Coder.`;
}

/** What a reader needs to go on by hand. */
export interface Trying {
  readonly url: string;
  /** As Coder would be given it. */
  readonly endpoint: string;
  readonly secret: string;
  /** The port that was wanted, and is taken by somebody else. */
  readonly instead: number | undefined;
}

/** How to go on by hand while the service runs. */
export function howToTry({ url, endpoint, secret, instead }: Trying): string {
  const sample = {
    msg_id: "1",
    payload: {
      notification_name: "Workspace Created",
      user_email: "admin@example.com",
      labels: { workspace: "my-workspace" },
      data: { owner: { email: "you@example.com" } },
    },
  };
  const curl = `curl -u 'coder:${secret}' -H 'Content-Type: application/json' -d '${
    JSON.stringify(sample)
  }' ${url}`;
  const taken = instead === undefined ? "" : `\nIts port is a free one: ${instead} is taken on this machine.`;
  return `Service and stand-in keep running until Ctrl-C.${taken}

By hand:

${curl}

Sent twice, the second is a duplicate; with another msg_id it is another event.
A Coder on this machine: CODER_NOTIFICATIONS_WEBHOOK_ENDPOINT=${endpoint}
The page: ${url}?details with any user name and the password ${secret}

What arrives at PlatformX:`;
}

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
  const { head, stories, rest } = table(comparison);
  out([head, ...stories].join("\n"));
  // Not the first that arrived: from an outbox they arrive in any order.
  const first = comparison.rows.find(({ events }) => events.length > 0)?.events[0];
  if (first !== undefined) {
    out(`\n${paint("The first row's event, as PlatformX got it", "bold")}\n${indented(first)}`);
  }
  if (rest.length > 0) out(rest.join("\n"));
  out(`\n${summary(comparison, record)}\n`);
  for (const problem of comparison.problems) err(paint(escapeControls(problem), "red"));
  if (comparison.problems.length > 0) return 1;
  out("Every answer agrees with what arrived at PlatformX.");
  return 0;
}

/** An event as JSON. */
export function indented(event: ReceivedEvent): string {
  return JSON.stringify(event, undefined, 2).split("\n").map(escapeControls).join("\n");
}

interface Table {
  readonly head: string;
  readonly stories: readonly string[];
  readonly rest: readonly string[];
}

/** One row per webhook, under the titles of the story. */
function table({ rows }: Comparison): Table {
  const cells = rows.map(({ exchange: { notification, outcome, recipient }, events: [event] }) => [
    notification,
    recipient,
    outcome,
    event?.email ?? "-",
    String(event === undefined ? "-" : bytesOf(event)).padStart(5),
  ]);
  const head = ["notification", "recipient", "outcome", "person", "bytes"];
  const [headLine, ...lines] = alignColumns([head, ...cells]).split("\n").map((line) => `  ${line}`);
  const shown = rows.map(({ exchange: { outcome, scene } }, at) => {
    const line = paint(lines[at]!, colourOf(outcome));
    return scene === rows[at - 1]?.exchange.scene ? [line] : ["", paint(scene, "bold"), line];
  });
  const cut = rows.findIndex(({ exchange: { scene } }) => scene === EVERYTHING);
  const first = cut < 0 ? shown.length : cut;
  return {
    head: paint(headLine!, "bold"),
    stories: shown.slice(0, first).flat(),
    rest: shown.slice(first).flat(),
  };
}

/** The numbers: what was sent, what arrived, and where the difference went. */
function summary({ rows }: Comparison, record: readonly ReceivedEvent[]): string {
  const counted = (outcome: string) => count(rows, (text) => text === outcome);
  const lines: [string, number, string][] = [
    ["webhooks sent", rows.length, "by Coder, further recipients and repetitions included"],
    ["events arrived", record.length, "at PlatformX"],
    ["stored first", counted("202 queued"), "in OUTBOX, and sent from there"],
    [
      "duplicates",
      counted("200 duplicate"),
      "a further recipient's copy or a repetition: one event is enough",
    ],
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
  const told = lines.filter(([, number]) => number > 0);
  return alignColumns(told.map(([what, number, why]) => [`  ${what}`, String(number).padStart(3), why]));
}

/** Bytes of an event's metadata, of which PlatformX takes 1 KB. */
function bytesOf({ metadata }: ReceivedEvent): number {
  return new TextEncoder().encode(JSON.stringify(metadata)).length;
}

function count(rows: readonly Row[], matches: (outcome: string) => boolean): number {
  return rows.filter(({ exchange }) => matches(exchange.outcome)).length;
}

function colourOf(outcome: string): keyof typeof COLOURS {
  if (outcome === "200 forwarded" || outcome === "202 queued") return "green";
  if (outcome.startsWith("200 ")) return "grey";
  return outcome.startsWith("503 ") ? "yellow" : "red";
}

/** Paints where a person looks on, and not against that person's will (`NO_COLOR`). */
function paint(text: string, colour: keyof typeof COLOURS): string {
  return Deno.stdout.isTerminal() && !Deno.noColor ? `\x1b[${COLOURS[colour]}m${text}\x1b[0m` : text;
}
