import { CATALOGUE } from "../coder/catalogue.ts";
import type { CatalogueRow } from "../coder/catalogue/row.ts";
import { DEFAULT_EVENTS_TRACKED } from "../coder/tracking.ts";
import { alignColumns } from "./columns.ts";
import type { Terminal } from "./terminal.ts";

/** Help of `events`. */
export const HELP = `coder-platformx events [--json]

Lists every Coder notification that this version knows: whose event it is, whether Coder sends it only to people who
switched it on, whether it is tracked when EVENTS_TRACKED is not set, and what to know about it. --json adds template
UUIDs and other names.`;

/** How a row's person is told to operators. */
export function whose(row: CatalogueRow): string {
  if (row.secret) return "dropped";
  return { owner: "owner", user: "user", recipient: "recipient", none: "never a person" }[row.person];
}

/** Prints the catalogue. */
export function events(terminal: Terminal, json: boolean): number {
  if (json) {
    const rows = CATALOGUE.map((row) => ({
      name: row.name,
      template_id: row.templateId,
      other_names: row.otherNames ?? [],
      whose: row.secret ? "none" : row.person,
      off_by_default: row.offByDefault ?? false,
      tracked_by_default: DEFAULT_EVENTS_TRACKED.includes(row.name),
      note: row.note,
    }));
    terminal.out(JSON.stringify(rows, null, 2));
    return 0;
  }
  const rows = CATALOGUE.map((row) => [
    row.name,
    whose(row),
    row.offByDefault ? "off" : "on",
    DEFAULT_EVENTS_TRACKED.includes(row.name) ? "yes" : "",
    row.note,
  ]);
  terminal.out(alignColumns([["NOTIFICATION", "WHOSE", "IN CODER", "DEFAULT", "NOTE"], ...rows]));
  return 0;
}
