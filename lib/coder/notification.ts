/**
 * Coder's notification webhook, reduced to what the service uses.
 *
 * Source: Coder `coderd/notifications/dispatch/webhook.go` (outer body, 1.0 and 1.1) and
 * `coderd/notifications/types/payload.go` (inner body, 1.0, 1.1 and 1.2).
 */
import * as z from "zod";
import { cut, scrub } from "../base/redact.ts";

/** One webhook, validated. Texts are as received; what Coder left out or sent as null is empty. */
export interface Notification {
  /** Id of one (notification, recipient); the same when Coder repeats it. */
  readonly messageId: string;
  /** Display name as received: Coder's letter case is not uniform and migrations rename. */
  readonly name: string;
  /** Template UUID in lower case; empty in inner version 1.0. */
  readonly templateId: string;
  /** Who was told: not always the person the event is about. */
  readonly recipient: { readonly id: string; readonly email: string };
  readonly labels: Readonly<Record<string, string>>;
  readonly data: NotificationData | null;
  /** UUIDs whose meaning the catalogue row gives. */
  readonly targets: readonly string[];
}

/** Outcome of {@link parseNotification}: the notification, or the first field that is wrong and the rule. */
export type ParsedNotification =
  | { readonly ok: true; readonly notification: Notification }
  | { readonly ok: false; readonly field: string; readonly rule: string };

/** Levels of nesting accepted in `payload.data`; Coder uses five. The identity walks it recursively. */
const MAX_DEPTH = 64;

/** Characters of an id, a name and an address: what is remembered of a webhook is bounded by these. */
const LONGEST = { id: 200, name: 1_000, email: 1_000 } as const;

/** Not zod's own `max`: it compares the `length` of anything that has one, which throws for an object with a `toString`. */
const within = (characters: number) =>
  [(text: string) => text.length <= characters, { params: { characters } }] as const;

const atMost = (characters: number) => z.string().refine(...within(characters));
const needed = (characters: number) => z.string().regex(/\S/).refine(...within(characters));

const optionalId = atMost(LONGEST.id).nullish();
const optionalName = z.string().nullish();
const optionalEmail = atMost(LONGEST.email).nullish();
const named = z.object({ id: optionalId, name: optionalName }).nullish();
const person = z.object({ id: optionalId, email: optionalEmail }).nullish();

const dataSchema = z.object({
  owner: person,
  user: person,
  workspace: named,
  template: named,
  template_version: named,
  organization: named,
});

/** Coder's `payload.data`: the parts that are read are checked, the rest is kept for the identity. */
export type NotificationData = z.infer<typeof dataSchema> & { readonly [key: string]: unknown };

/** What is left of a body that the schema accepts where it is read as it was received. */
interface AcceptedBody {
  readonly payload: { readonly data?: NotificationData | null };
}

const bodySchema = z.object({
  msg_id: needed(LONGEST.id),
  payload: z.object({
    notification_name: needed(LONGEST.name),
    notification_template_id: optionalId,
    user_id: optionalId,
    user_email: optionalEmail,
    // Their parts are looked at below: zod makes an issue of each wrong one, a second's work for half a million.
    labels: z.record(z.string(), z.unknown()).nullish(),
    data: dataSchema.nullish(),
    targets: z.array(z.unknown()).nullish(),
  }),
});

/** Validates a decoded JSON value. Never throws; nothing of the value is quoted in the rule. */
export function parseNotification(value: unknown): ParsedNotification {
  const parsed = bodySchema.safeParse(value);
  if (!parsed.success) return problem(parsed.error.issues[0], value);
  const { msg_id, payload } = parsed.data;
  const { labels, targets } = payload;
  const wrong = notText("labels", labels) ?? notText("targets", targets);
  if (wrong !== undefined) return problem(wrong, value);
  // As received: the identity is made of all of it, also of what the schema does not name.
  const data = (value as AcceptedBody).payload.data ?? null;
  if (nestsDeeperThan(data, MAX_DEPTH)) {
    return { ok: false, field: "payload.data", rule: `must not nest deeper than ${MAX_DEPTH} levels` };
  }
  return {
    ok: true,
    notification: {
      messageId: msg_id,
      name: payload.notification_name,
      templateId: payload.notification_template_id?.trim().toLowerCase() ?? "",
      recipient: { id: payload.user_id?.trim() ?? "", email: payload.user_email?.trim() ?? "" },
      labels: (labels ?? {}) as Readonly<Record<string, string>>,
      data,
      targets: (targets ?? []) as readonly string[],
    },
  };
}

/** The first part that is no text. */
function notText(
  field: string,
  parts: readonly unknown[] | Readonly<Record<string, unknown>> | null | undefined,
): z.core.$ZodIssue | undefined {
  const keys = Array.isArray(parts) ? parts.keys() : Object.keys(parts ?? {});
  for (const key of keys) {
    if (typeof (parts as Readonly<Record<PropertyKey, unknown>>)[key] === "string") continue;
    return { code: "invalid_type", expected: "string", path: ["payload", field, key], message: "" };
  }
  return undefined;
}

const KIND_NAMES: Readonly<Record<string, string>> = {
  string: "text",
  object: "an object",
  record: "an object with texts",
  array: "a list",
};

function problem(issue: z.core.$ZodIssue | undefined, value: unknown): ParsedNotification {
  const path = issue?.path ?? [];
  const current = path.reduce<unknown>(
    (at, key) =>
      typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
  const field = path.length === 0
    ? "the body"
    : cut(path.map((part) => scrub(String(part), [], 80)).join("."), 80);
  return { ok: false, field, rule: ruleOf(issue, current) };
}

function ruleOf(issue: z.core.$ZodIssue | undefined, current: unknown): string {
  if (issue?.code === "custom") {
    return `must have at most ${issue.params?.["characters"]} characters: it has ${String(current).length}`;
  }
  const expected = issue?.code === "invalid_type"
    ? KIND_NAMES[issue.expected] ?? issue.expected
    : "non-empty text";
  return `must be ${expected}: it is ${kindOf(current)}`;
}

function kindOf(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (value === "" || (typeof value === "string" && value.trim() === "")) return "empty";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function nestsDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const part of Object.values(value)) {
    if (nestsDeeperThan(part, levels - 1)) return true;
  }
  return false;
}
