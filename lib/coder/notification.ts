/**
 * Coder's notification webhook, read no further than it takes.
 *
 * Source: Coder `coderd/notifications/dispatch/webhook.go` (outer body, 1.0 and 1.1) and
 * `coderd/notifications/types/payload.go` (inner body, 1.0, 1.1 and 1.2).
 */
import type { Redacted } from "../base/redact.ts";
import { rowNamed, rowWithId } from "./catalogue.ts";
import type { CatalogueRow, Whose } from "./catalogue/row.ts";

/** A JSON object, as received. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** One webhook whose kind is known. Its other parts are unread: they are as received. */
export interface Notification {
  readonly kind: "notification";
  /** Id of one (notification, recipient); the same when Coder repeats it. */
  readonly messageId: string;
  /** Display name as received: Coder's letter case is not uniform and migrations rename. */
  readonly name: string;
  /** Template UUID in lower case; empty in inner version 1.0. */
  readonly templateId: string;
  /** What the catalogue knows of it: found by template UUID, else by name. */
  readonly row: CatalogueRow | undefined;
  readonly payload: JsonObject;
}

/**
 * A body in which something is wrong that has to be right. `need`: what was looked at; `head`: ids and name; `owner`,
 * `user`, `recipient`: that, the place of the person, and what identifies what happened; `ask`: the same without a person.
 * {@link problemOf} words it.
 */
export interface Invalid {
  readonly kind: "invalid";
  readonly need: Need;
}

/** See {@link Invalid}. */
export type Need = "head" | Whose | "ask";

/** The first field that is wrong, and the rule that it breaks. Quotes nothing of the body but names of fields. */
export interface Problem {
  readonly field: Redacted;
  readonly rule: Redacted;
}

/** Characters of an id, a name and an address: what is remembered of a webhook is bounded by these. */
export const LONGEST = { id: 200, name: 1_000, email: 1_000 } as const;

/** Levels of nesting accepted in labels, data and targets, where Coder uses five: the identity walks them recursively. */
export const MAX_DEPTH = 64;

/** Tells which notification a decoded body is. Only `msg_id` and `payload.notification_name` are required. */
export function recognise(body: unknown): Notification | Invalid {
  const payload = objectOf(objectOf(body)?.["payload"]);
  const messageId = requiredText(objectOf(body)?.["msg_id"], LONGEST.id);
  const name = requiredText(payload?.["notification_name"], LONGEST.name);
  const id = textOf(payload?.["notification_template_id"], LONGEST.id);
  if (payload == null || messageId === undefined || name === undefined || id === undefined) {
    return { kind: "invalid", need: "head" };
  }
  const templateId = id.trim().toLowerCase();
  const row = rowWithId(templateId) ?? rowNamed(name);
  return { kind: "notification", messageId, name, templateId, row, payload };
}

/** Words what is wrong with a body. What does that is loaded with the first bad body. */
export async function problemOf(body: unknown, { need }: Invalid): Promise<Problem> {
  const { firstProblem } = await import("./notification_schema.ts");
  return firstProblem(body, need);
}

/** An object; null: it is missing or null; undefined: it is something else. */
export function objectOf(value: unknown): JsonObject | null | undefined {
  if (value === undefined || value === null) return null;
  return isObject(value) ? value : undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A text of at most so many characters; empty: it is missing or null; undefined: it is something else. */
export function textOf(value: unknown, longest: number): string | undefined {
  if (value === undefined || value === null) return "";
  return typeof value === "string" && value.length <= longest ? value : undefined;
}

function requiredText(value: unknown, longest: number): string | undefined {
  const text = textOf(value, longest);
  return text === undefined || text.trim() === "" ? undefined : text;
}
