import { printableJson } from "../base/redact.ts";
import { CATALOGUE, findRow, nameKey } from "../coder/catalogue.ts";
import type { CatalogueRow } from "../coder/catalogue/row.ts";
import { DEFAULT_EVENTS_TRACKED, expectedNames, type Tracking } from "../coder/tracking.ts";
import { alignColumns } from "./columns.ts";
import { configured } from "./load_config.ts";
import type { Terminal } from "./terminal.ts";

/** Help of `events`. */
export const HELP = `coder-platformx events [--json]

Lists every Coder notification that this version knows: whose event it is, whether Coder sends it only to people who
switched it on, whether it is tracked when EVENTS_TRACKED is not set, whether it is tracked now, and what to know about
it. --json adds template UUIDs and other names. Needs no usable configuration: without one, what is tracked now is not
known.`;

/** Prints the catalogue. */
export function events(terminal: Terminal, { json }: { readonly json: boolean }): number {
  const tracking = configured(terminal, { needsKey: false })?.config.tracking;
  if (tracking === undefined) terminal.err("So it is not known what is tracked now. All notifications:");
  terminal.out(json ? eventsJson(tracking) : eventsText(tracking));
  return 0;
}

/** How a row's person is told to operators. */
export function whose(row: CatalogueRow): string {
  if (row.secret) return "dropped";
  return { owner: "owner", user: "user", recipient: "recipient", none: "never a person" }[row.person];
}

/** The table for people. `tracking`: what is tracked now; undefined: not known. */
export function eventsText(tracking: Tracking | undefined): string {
  const isTracked = trackedNow(tracking);
  const shown = (name: string) => ({ true: "yes", false: "", null: "?" })[`${isTracked(name)}`];
  const known = CATALOGUE.map((row) => [
    row.name,
    whose(row),
    row.offByDefault ? "off" : "on",
    DEFAULT_EVENTS_TRACKED.includes(row.name) ? "yes" : "",
    shown(row.name),
    row.note,
  ]);
  const own = unknownNames(tracking).map(({ name, person }) => [
    name,
    person ?? "owner or user",
    "",
    "",
    "yes",
    "Not known to this version; tracked as it is spelled in EVENTS_TRACKED.",
  ]);
  return alignColumns([["NOTIFICATION", "WHOSE", "IN CODER", "DEFAULT", "NOW", "NOTE"], ...known, ...own]);
}

/** The same for programs. */
export function eventsJson(tracking: Tracking | undefined): string {
  const isTracked = trackedNow(tracking);
  const known = CATALOGUE.map((row) => ({
    name: row.name,
    template_id: row.templateId,
    other_names: row.otherNames ?? [],
    whose: row.secret ? "none" : row.person,
    off_by_default: row.offByDefault ?? false,
    tracked_by_default: DEFAULT_EVENTS_TRACKED.includes(row.name),
    tracked: isTracked(row.name),
    note: row.note,
  }));
  const own = unknownNames(tracking).map(({ name, person }) => ({
    name,
    template_id: null,
    other_names: [],
    whose: person ?? null,
    off_by_default: null,
    tracked_by_default: false,
    tracked: true,
    note: null,
  }));
  return printableJson([...known, ...own]);
}

/** Whether a notification is tracked now; null: not known. */
function trackedNow(tracking: Tracking | undefined): (name: string) => boolean | null {
  const names = tracking === undefined ? undefined : new Set(expectedNames(tracking));
  return (name) => names === undefined ? null : names.has(name);
}

/** What is tracked and not in the catalogue. */
function unknownNames(tracking: Tracking | undefined) {
  if (tracking === undefined) return [];
  return expectedNames(tracking).filter((name) => findRow(name) === undefined).map((name) => ({
    name,
    person: tracking.unknown.get(name.toLowerCase()) ?? tracking.unknown.get(nameKey(name)),
  }));
}
