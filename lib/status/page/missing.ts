/**
 * Why a tracked notification may not have been seen.
 *
 * Source: Coder `coderd/notifications/events.go`, its call sites, and the trigger that drops what a recipient has
 * switched off, read in mid-2026.
 */
import { findRow } from "../../coder/catalogue.ts";
import type { CatalogueRow } from "../../coder/catalogue/row.ts";
import { TASKS } from "../../coder/catalogue/tasks.ts";

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The likely reason, in a few sentences. `name`: as tracked. */
export function likelyReason(name: string): string {
  const row = findRow(name);
  if (row !== undefined) return reasonOf(row);
  return UUID.test(name.trim())
    ? "Tracked by template id: its webhooks stand under their own name among the last webhooks."
    : "Not known to this version: it must be spelled as Coder spells it. Compare the last webhooks.";
}

function reasonOf(row: CatalogueRow): string {
  if (row.person === "none") return `Never becomes an event. ${row.note}`;
  if (TASKS.includes(row)) {
    const off = row.offByDefault ? " Before that, off until the task's owner switched it on." : "";
    return `Coder removed it during 2026: newer versions never send it.${off}`;
  }
  if (row.offByDefault) {
    return "Off by default. An administrator (owner or template admin) switches it on for themselves in Coder at " +
      "/settings/notifications. Whoever acts is not told: at least two should switch it on, or the acts of the only one never arrive.";
  }
  if (row.onlyByName) return `Comes only when somebody sends it. ${row.note}`;
  if (row.person === "user") {
    return "Perhaps it has not happened. Sent to owners and user admins, unless each of them has switched it off at " +
      "/settings/notifications.";
  }
  return `Perhaps it has not happened, or the person has switched it off. ${row.note}`;
}
