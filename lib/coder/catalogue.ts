/**
 * One row per Coder notification: whose event it is and what its parts mean.
 *
 * Sources: Coder `coderd/notifications/events.go`, the call sites of each template, its database migrations
 * (names, defaults) and its rendered webhook fixtures, read in 2026. Versions: the dates of its pull requests.
 */
import { ACCOUNTS } from "./catalogue/accounts.ts";
import { OTHERS } from "./catalogue/others.ts";
import type { CatalogueRow } from "./catalogue/row.ts";
import { TASKS } from "./catalogue/tasks.ts";
import { TEMPLATES } from "./catalogue/templates.ts";
import { WORKSPACES } from "./catalogue/workspaces.ts";

/** Every notification known, in the order in which documents list them. */
export const CATALOGUE: readonly CatalogueRow[] = [
  ...WORKSPACES,
  ...ACCOUNTS,
  ...TEMPLATES,
  ...TASKS,
  ...OTHERS,
];

const byTemplateId = new Map(CATALOGUE.map((row) => [row.templateId, row]));
/** As Coder spells them now: most are found without folding. */
const byName = new Map(CATALOGUE.map((row) => [row.name, row]));
const byKey = new Map(
  CATALOGUE.flatMap((row) => [row.name, ...row.otherNames ?? []].map((name) => [nameKey(name), row])),
);

/** Names are compared without regard to letter case and spaces: Coder's own spelling is not uniform. */
export function nameKey(name: string): string {
  return name.replace(/\s+/g, "").toLowerCase();
}

/** The row that an operator means by a name or a template UUID. */
export function findRow(nameOrTemplateId: string): CatalogueRow | undefined {
  return rowWithId(nameOrTemplateId.trim().toLowerCase()) ?? rowNamed(nameOrTemplateId);
}

/** The row with a template UUID in lower case. */
export function rowWithId(templateId: string): CatalogueRow | undefined {
  return byTemplateId.get(templateId);
}

/** The row with a name, in any spelling. */
export function rowNamed(name: string): CatalogueRow | undefined {
  return byName.get(name) ?? byKey.get(nameKey(name));
}
