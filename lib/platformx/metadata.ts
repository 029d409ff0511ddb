/** What of a notification goes into the event's metadata, in order of worth, and what stays out. */
import type { CatalogueRow } from "../coder/catalogue/row.ts";
import { type JsonObject, LONGEST, objectOf, textOf } from "../coder/notification.ts";
import { factOf } from "./data_facts.ts";
import { labelFilter, type LeftOutReason, targetOf, type Told } from "./label_filter.ts";

/** One metadata field; fields are listed from the most to the least worth keeping. */
export type Field = readonly [key: string, value: string];

/** A label that is not forwarded; with `too_many`, those after it are not either. */
export interface LeftOut {
  readonly label: string;
  readonly why: LeftOutReason;
}

/** Labels that are looked at: Coder sends a dozen, and the limit of metadata has room for some hundred. */
export const MOST_LABELS = 500;

/** What people look for, in order of worth, each with the labels under which Coder's call sites put it. */
const NORMALISED: readonly (readonly [key: string, labels: readonly string[]])[] = [
  ["workspace", ["workspace"]],
  ["template", ["template", "template_name"]],
  ["template_version", ["version", "template_version_name", "template_version"]],
  ["organization", ["organization", "org", "organization_name"]],
  ["initiator", ["initiator"]],
  ["reason", ["reason", "pause_reason"]],
];

/** Where a label belongs in {@link NORMALISED}: which one it is, and its rank, the lowest being preferred. */
type Place = readonly [index: number, rank: number];

const PLACES: ReadonlyMap<string, Place> = new Map(
  NORMALISED.flatMap(([, labels], index) => labels.map((label, rank) => [label, [index, rank]] as const)),
);
/** The label `name` comes behind all others. */
const PLACES_OF_NAME = { workspace: [0, 9], template: [1, 9] } as const;

const THINGS = ["workspace", "template", "template_version", "organization"] as const;

/**
 * Lists the metadata of a notification. `messageId` is the one of the occurrence's first copy, so that every
 * copy makes the same event.
 */
export function selectMetadata(
  told: Told,
  messageId: string,
): { readonly fields: readonly Field[]; readonly leftOut: readonly LeftOut[] } {
  const { notification: { payload, row } } = told;
  const data = objectOf(payload["data"]) ?? {};
  const labels = objectOf(payload["labels"]) ?? {};
  const whyNot = labelFilter(told, data);
  const best: (readonly [label: string, value: string, rank: number])[] = [];
  const others: Field[] = [];
  const leftOut: LeftOut[] = [];
  let seen = 0;
  // Not Object.entries: a body has room for a hundred thousand.
  for (const label in labels) {
    const value = labels[label];
    const why = ++seen > MOST_LABELS ? "too_many" : whyNot(label, value);
    if (why !== undefined) leftOut.push({ label, why });
    if (why === "too_many") break;
    if (why !== undefined || typeof value !== "string") continue;
    const place = placeOf(label, row);
    const rival = place && best[place[0]];
    if (place === undefined || (rival !== undefined && rival[2] < place[1])) {
      others.push([label, value]);
    } else {
      if (rival !== undefined) others.push([rival[0], rival[1]]);
      best[place[0]] = [label, value, place[1]];
    }
  }
  for (const fact of row?.facts ?? []) {
    const text = factOf(fact, data);
    if (text !== undefined && whyNot(fact, text) === undefined) others.push([fact, text]);
  }

  const fields: Field[] = [];
  const name = best[0]?.[1] ?? textOf(objectOf(data["workspace"])?.["name"], LONGEST.name);
  if (name) fields.push(["workspace", name.toWellFormed()]);
  for (let i = 1; i < NORMALISED.length; i++) {
    if (best[i] !== undefined) fields.push([NORMALISED[i]![0], best[i]![1].toWellFormed()]);
  }
  const ids = idsOf(payload, data, row);
  ids.push(["coder_message_id", messageId.toWellFormed()]);
  for (const [label, value] of others.sort(byKey)) {
    const key = label.toWellFormed();
    if (has(fields, key) || has(ids, key)) leftOut.push({ label, why: "name_taken" });
    else fields.push([key, value.toWellFormed()]);
  }
  fields.push(...ids);
  return { fields, leftOut };
}

function has(fields: readonly Field[], wanted: string): boolean {
  return fields.some(([key]) => key === wanted);
}

function byKey([one]: Field, [other]: Field): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function placeOf(label: string, row: CatalogueRow | undefined): Place | undefined {
  return label === "name" ? row?.nameIs && PLACES_OF_NAME[row.nameIs] : PLACES.get(label);
}

/** Ids of things, never of persons: from `data`, else from the targets whose meaning the catalogue gives. */
function idsOf(payload: JsonObject, data: JsonObject, row: CatalogueRow | undefined): Field[] {
  const ids: Field[] = [];
  for (const thing of THINGS) {
    const id = textOf(objectOf(data[thing])?.["id"], LONGEST.id) || targetOf(payload, row, thing);
    if (id) ids.push([`${thing}_id`, id.toWellFormed()]);
  }
  return ids;
}
