import { printableJson } from "../base/redact.ts";
import { CATALOGUE, findRow, nameKey } from "../coder/catalogue.ts";
import type { CatalogueRow } from "../coder/catalogue/row.ts";
import { DEFAULT_EVENTS_TRACKED, expectedNames, type Tracking } from "../coder/tracking.ts";
import { alignColumns } from "./columns.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { configured } from "./load_config.ts";
import type { Terminal } from "./terminal.ts";

/** Help of `events`. */
export const HELP = `coder-platformx events [--json]

Lists every Coder notification that this version knows: whose event it is, whether Coder sends it
only to people who switched it on, whether it is tracked when EVENTS_TRACKED is not set, whether it
is tracked now, and what to know about it. --json adds template UUIDs and other names. Needs no
usable configuration: without one, what is tracked now is not known.`;

/** Prints the catalogue. */
export async function events(
  runtime: Pick<Runtime, "env" | "files">,
  terminal: Terminal,
  { envFile, json }: { readonly envFile?: string; readonly json: boolean },
): Promise<number> {
  const setUp = await configured(runtime, terminal, { needsKey: false, envFile });
  const tracking = setUp?.config.events.tracking;
  if (tracking === undefined) terminal.err("So it is not known what is tracked now. All notifications:");
  terminal.out(json ? eventsJson(tracking) : eventsText(tracking));
  return 0;
}

/** The table for people. `tracking`: what is tracked now; undefined: not known. */
export function eventsText(tracking: Tracking | undefined): string {
  const mark = (is: boolean | null) => is === null ? "?" : is ? "yes" : "";
  const rows = rowsOf(tracking).map((row) => [
    row.name,
    row.shown,
    row.off_by_default === null ? "" : row.off_by_default ? "off" : "on",
    mark(row.tracked_by_default),
    mark(row.tracked),
    row.note,
  ]);
  return alignColumns([["NOTIFICATION", "WHOSE", "IN CODER", "DEFAULT", "NOW", "NOTE"], ...rows]);
}

/** How a row's person is told to operators. */
export function whose({ ask, person, secret }: CatalogueRow): string {
  if (secret) return "dropped";
  if (person !== "none") return person;
  return ask === undefined ? "never a person" : "ask Coder";
}

/** The same for programs. */
export function eventsJson(tracking: Tracking | undefined): string {
  return printableJson(rowsOf(tracking).map(({ shown: _, ...row }) => row));
}

/** The catalogue, and what is tracked beside it. */
function rowsOf(tracking: Tracking | undefined) {
  const names = tracking === undefined ? undefined : expectedNames(tracking);
  const known = CATALOGUE.map((row) => ({
    name: row.name,
    template_id: row.templateId,
    other_names: row.otherNames ?? [],
    whose: row.secret ? "none" as const : row.ask === undefined ? row.person : "coder" as const,
    off_by_default: row.offByDefault ?? false,
    tracked_by_default: DEFAULT_EVENTS_TRACKED.includes(row.name),
    tracked: names?.includes(row.name) ?? null,
    note: row.note,
    shown: whose(row),
  }));
  const own = (names ?? []).filter((name) => findRow(name) === undefined).map((name) => {
    const person = tracking?.unknown.get(name.toLowerCase()) ?? tracking?.unknown.get(nameKey(name));
    return {
      name,
      template_id: null,
      other_names: [],
      whose: person ?? "unknown",
      off_by_default: null,
      tracked_by_default: false,
      tracked: true,
      note: "Not known to this version; tracked as it is spelled in EVENTS_TRACKED.",
      shown: person ?? "owner or user",
    };
  });
  return [...known, ...own];
}
