/** `EVENTS_TRACKED`: which notifications are wanted, and whose an event is where the catalogue does not know. */
import { entriesOf } from "../base/entries.ts";
import { CATALOGUE, findRow, nameKey } from "./catalogue.ts";
import { canHavePerson, type CatalogueRow, type Whose } from "./catalogue/row.ts";
import type { Notification } from "./notification.ts";
import { closestName } from "./suggest.ts";

/** The names tracked when `EVENTS_TRACKED` is not set. */
export const DEFAULT_EVENTS_TRACKED: readonly string[] = [
  "Workspace Created",
  "Workspace Manually Updated",
  "User account created",
  "User account suspended",
  "User account activated",
];

/** What is tracked. */
export interface Tracking {
  /** `*`: everything that has a person, but what must be named. */
  readonly everything: boolean;
  /** Coder may be asked for people whose address is not in the webhook. */
  readonly canAsk: boolean;
  readonly rows: ReadonlySet<CatalogueRow>;
  /** Names (as {@link nameKey}) and template UUIDs that the catalogue does not know; `undefined`: whose is not said. */
  readonly unknown: ReadonlyMap<string, Whose | undefined>;
  /** As shown to operators, in the configured order. */
  readonly names: readonly string[];
}

/** Result of {@link parseTracking}: errors forbid a start, warnings are for the operator. */
export interface ParsedTracking {
  readonly tracking: Tracking;
  readonly errors: readonly string[];
  readonly warnings: readonly EntryWarning[];
}

/** A sentence about one entry of the list, under the name that {@link Tracking.names} has for it. */
export interface EntryWarning {
  readonly entry: string;
  readonly text: string;
}

const WHOSE: readonly string[] = ["owner", "user", "recipient"] satisfies Whose[];
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Parses the list, separated by commas, semicolons or line breaks. Errors and warnings name the entry and the rule.
 * `canAsk`: see {@link Tracking}.
 */
export function parseTracking(list: string, { canAsk = false } = {}): ParsedTracking {
  const rows = new Set<CatalogueRow>();
  const unknown = new Map<string, Whose | undefined>();
  const names = new Set<string>();
  const errors: string[] = [];
  const warnings: EntryWarning[] = [];
  let everything = false;

  for (const entry of entriesOf(list)) {
    if (entry === "*") {
      everything = true;
      names.add("*");
      continue;
    }
    const { name, whose, error } = splitEntry(entry);
    if (error !== undefined) {
      errors.push(error);
      continue;
    }
    const row = findRow(name);
    if (row === undefined) {
      const close = UUID.test(name.toLowerCase()) ? undefined : closestName(name);
      if (close?.near) {
        errors.push(`'${name}' is not a Coder notification: did you mean '${close.name}'?`);
        continue;
      }
      unknown.set(UUID.test(name.toLowerCase()) ? name.toLowerCase() : nameKey(name), whose);
      names.add(name);
      const hint = close === undefined ? "" : `; did you mean '${close.name}'?`;
      if (whose === undefined) {
        const text = `'${name}' is not known to this version: it is tracked as it is spelled here${hint}`;
        warnings.push({ entry: name, text });
      }
    } else if (row.secret) {
      errors.push(`'${row.name}' holds a password-reset code and is never forwarded: remove it`);
    } else if (whose !== undefined) {
      errors.push(`'${entry}': whose event '${row.name}' is, is known: remove '=${whose}'`);
    } else {
      rows.add(row);
      names.add(row.name);
      if (!canHavePerson(row, canAsk)) {
        warnings.push({ entry: row.name, text: `'${row.name}' never has a person: ${row.note}` });
      }
    }
  }
  const declared = [...unknown.values()].some((whose) => whose !== undefined);
  if (errors.length === 0 && !everything && rows.size === 0 && !declared) {
    errors.push(nothingKnown([...names]));
  }
  return { tracking: { everything, canAsk, rows, unknown, names: [...names] }, errors, warnings };
}

/** Whether a notification is wanted. */
export function isTracked(tracking: Tracking, notification: Notification): boolean {
  const { row } = notification;
  if (row === undefined) return tracking.everything || unknownKey(tracking, notification) !== undefined;
  return tracking.rows.has(row) || (tracking.everything && isInAll(row, tracking));
}

/** Whether `*` stands for it. */
function isInAll(row: CatalogueRow, { canAsk }: Tracking): boolean {
  return canHavePerson(row, canAsk) && !row.onlyByName && !row.secret;
}

/** The name of {@link expectedNames} under which a notification is expected, if it is. */
export function expectedAs(tracking: Tracking, notification: Notification): string | undefined {
  if (notification.row !== undefined) return notification.row.name;
  const key = unknownKey(tracking, notification);
  return tracking.names.find((name) => nameKey(name) === key);
}

/** Every name that can be expected to arrive: `*` written out. */
export function expectedNames(tracking: Tracking): readonly string[] {
  const all = tracking.everything
    ? CATALOGUE.filter((row) => isInAll(row, tracking)).map((row) => row.name)
    : [];
  return [...new Set([...tracking.names.filter((name) => name !== "*"), ...all])];
}

/** Whose event an unknown notification is, if `EVENTS_TRACKED` says so. */
export function declaredPerson(tracking: Tracking, notification: Notification): Whose | undefined {
  const key = unknownKey(tracking, notification);
  return key === undefined ? undefined : tracking.unknown.get(key);
}

function unknownKey(tracking: Tracking, notification: Notification): string | undefined {
  if (tracking.unknown.has(notification.templateId)) return notification.templateId;
  const key = nameKey(notification.name);
  return tracking.unknown.has(key) ? key : undefined;
}

function splitEntry(entry: string): { name: string; whose?: Whose; error?: string } {
  // No notification is called so, and what else it is may be a secret.
  if (/\S@\S|:\/\/|-----BEGIN/i.test(entry)) return { name: "", error: NO_NAME };
  const at = entry.lastIndexOf("=");
  if (at < 0) return { name: entry };
  const name = entry.slice(0, at).trim();
  const whose = entry.slice(at + 1).trim().toLowerCase();
  if (name === "" || name === "*" || !WHOSE.includes(whose)) {
    return { name, error: `'${entry}' must be a name, or Name=owner, Name=user or Name=recipient` };
  }
  return { name, whose: whose as Whose };
}

const NO_NAME = "an address or a key is no name of a notification, and is not shown here: remove it";

function nothingKnown(names: readonly string[]): string {
  const guess = names.map((name) => closestName(name)?.name).find((name) => name !== undefined) ??
    CATALOGUE[0]!.name;
  return `no entry is a Coder notification known to this version: did you mean '${guess}'? ` +
    "'coder-platformx events' lists all names";
}
