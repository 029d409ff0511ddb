/** What of a notification goes into the event's metadata, in order of worth, and what stays out. */
import type { CatalogueRow } from "../coder/catalogue/row.ts";
import type { Notification } from "../coder/notification.ts";

/** One metadata field; fields are listed from the most to the least worth keeping. */
export type Field = readonly [key: string, value: string];

/** Why a label is not forwarded. */
export type LeftOutReason =
  | "free_text"
  | "secret_name"
  | "personal_id"
  | "recipient"
  | "empty"
  | "name_taken";

/** A label that is not forwarded. */
export interface LeftOut {
  readonly label: string;
  readonly why: LeftOutReason;
}

/** Labels under which Coder's call sites put the same thing, the preferred one first. */
const ALIASES: readonly (readonly [key: string, labels: readonly string[]])[] = [
  ["workspace", ["workspace"]],
  ["template", ["template", "template_name"]],
  ["template_version", ["version", "template_version_name", "template_version"]],
  ["organization", ["organization", "org", "organization_name"]],
  ["initiator", ["initiator"]],
  ["reason", ["reason", "pause_reason"]],
];

const SECRET_NAME = /passcode|password|secret|token|credential|key/i;
const PERSONAL_ID_NAME =
  /(?:user|owner|initiator|account|claimant|member|person|recipient|creator|actor)[_-]?id$/i;
const UNKNOWN_FREE_TEXT: readonly string[] = ["title", "body", "message", "text", "description"];

/**
 * Lists the metadata of a notification. `messageId` is the one of the occurrence's first copy, so that every
 * copy makes the same event.
 */
export function selectMetadata(
  notification: Notification,
  row: CatalogueRow | undefined,
  messageId: string,
): { readonly fields: readonly Field[]; readonly leftOut: readonly LeftOut[] } {
  const fields = new Map<string, string>();
  const leftOut: LeftOut[] = [];
  const labels = new Map<string, string>();
  const unwanted = unwantedLabels(notification, row);
  for (const [label, value] of Object.entries(notification.labels)) {
    const why = unwanted(label, value);
    if (why === undefined) labels.set(label, value);
    else leftOut.push({ label, why });
  }

  const put = (key: string, value: string | null | undefined) => {
    if (value != null && value !== "" && !fields.has(key)) fields.set(key, value.toWellFormed());
  };
  for (const [key, aliases] of ALIASES) {
    const named = row?.nameIs === key ? [...aliases, "name"] : aliases;
    const label = named.find((alias) => labels.has(alias));
    if (label === undefined) continue;
    put(key, labels.get(label));
    labels.delete(label);
  }
  if (!fields.has("workspace")) insertFirst(fields, "workspace", notification.data?.workspace?.name);

  const ids = idsOf(notification, row);
  for (const label of [...labels.keys()].sort()) {
    const key = label.toWellFormed();
    const taken = fields.has(key) || ids.has(key) || key === "coder_message_id";
    if (taken) leftOut.push({ label, why: "name_taken" });
    else put(key, labels.get(label));
  }
  for (const [key, id] of ids) put(key, id);
  put("coder_message_id", messageId);
  return { fields: [...fields], leftOut };
}

/** Keeps the order of worth when the workspace's name comes from `data`. */
function insertFirst(fields: Map<string, string>, key: string, value: string | null | undefined): void {
  if (value == null || value === "") return;
  const others = [...fields];
  fields.clear();
  fields.set(key, value.toWellFormed());
  for (const [otherKey, otherValue] of others) fields.set(otherKey, otherValue);
}

/** Ids of things, never of persons: from `data`, else from the targets whose meaning the catalogue gives. */
function idsOf(notification: Notification, row: CatalogueRow | undefined): Map<string, string> {
  const ids = new Map<string, string>();
  for (const thing of ["workspace", "template", "template_version", "organization"] as const) {
    const position = row?.targets?.indexOf(thing) ?? -1;
    const id = notification.data?.[thing]?.id || notification.targets[position];
    if (id) ids.set(`${thing}_id`, id);
  }
  return ids;
}

function unwantedLabels(notification: Notification, row: CatalogueRow | undefined) {
  const { recipient, data, targets } = notification;
  const freeText = row === undefined ? UNKNOWN_FREE_TEXT : row.freeText ?? [];
  const personalIds = [recipient.id, data?.owner?.id, data?.user?.id];
  row?.targets?.forEach((target, position) => {
    if (target === "owner" || target === "user") personalIds.push(targets[position]);
  });
  const personal = personalIds.map((id) => id?.toLowerCase());
  const recipientEmail = recipient.email.toLowerCase();
  return (label: string, value: string): LeftOutReason | undefined => {
    if (value === "") return "empty";
    if (freeText.includes(label.toLowerCase())) return "free_text";
    if (SECRET_NAME.test(label)) return "secret_name";
    const folded = value.toLowerCase();
    if (PERSONAL_ID_NAME.test(label) || personal.includes(folded)) return "personal_id";
    if (recipientEmail !== "" && folded.includes(recipientEmail)) return "recipient";
    return undefined;
  };
}
