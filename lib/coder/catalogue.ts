/**
 * One row per Coder notification: whose event it is and what its parts mean.
 *
 * Sources: Coder `coderd/notifications/events.go`, the call sites of each template, its database migrations
 * (names, defaults) and its rendered webhook fixtures, read in mid-2026.
 */
import { ACCOUNTS } from "./catalogue/accounts.ts";
import { OTHERS } from "./catalogue/others.ts";
import type { CatalogueRow } from "./catalogue/row.ts";
import { TASKS } from "./catalogue/tasks.ts";
import { TEMPLATES } from "./catalogue/templates.ts";
import { WORKSPACES } from "./catalogue/workspaces.ts";
import type { Notification } from "./notification.ts";

/** Every notification known, in the order in which documents list them. */
export const CATALOGUE: readonly CatalogueRow[] = [
  ...WORKSPACES,
  ...ACCOUNTS,
  ...TEMPLATES,
  ...TASKS,
  ...OTHERS,
];

const byTemplateId = new Map(CATALOGUE.map((row) => [row.templateId, row]));
const byName = new Map(
  CATALOGUE.flatMap((row) => [row.name, ...row.otherNames ?? []].map((name) => [nameKey(name), row])),
);

/** Names are compared without regard to letter case and spaces: Coder's own spelling is not uniform. */
export function nameKey(name: string): string {
  return name.replace(/\s+/g, "").toLowerCase();
}

/** The row that an operator means by a name or a template UUID. */
export function findRow(nameOrTemplateId: string): CatalogueRow | undefined {
  return byTemplateId.get(nameOrTemplateId.trim().toLowerCase()) ?? byName.get(nameKey(nameOrTemplateId));
}

/** The row of a notification: by template UUID, else by name. */
export function rowOf(notification: Notification): CatalogueRow | undefined {
  return byTemplateId.get(notification.templateId) ?? byName.get(nameKey(notification.name));
}

/** Label names under which a passcode can stand, whatever the spelling. */
const PASSCODE = /pass[^a-z0-9]?code|(?:^|[^a-z])otp(?:$|[^a-z])/i;

/** Whether the webhook holds a secret, told by template UUID, by name, or by a label that holds a passcode. */
export function holdsSecret(notification: Notification): boolean {
  return byTemplateId.get(notification.templateId)?.secret === true ||
    byName.get(nameKey(notification.name))?.secret === true ||
    Object.keys(notification.labels).some((label) => PASSCODE.test(label));
}
