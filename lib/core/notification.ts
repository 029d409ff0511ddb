/**
 * Coder's notification webhook, reduced to what the service uses.
 *
 * Source: Coder `coderd/notifications/dispatch/webhook.go` (outer body, 1.0 and 1.1) and
 * `coderd/notifications/types/payload.go` (inner body, 1.0, 1.1 and 1.2).
 */
import * as z from "zod";
import { scrub } from "./words.ts";

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

const optionalText = z.string().nullish();
const named = z.looseObject({ id: optionalText, name: optionalText }).nullish();
const person = z.looseObject({ id: optionalText, email: optionalText }).nullish();

const dataSchema = z.looseObject({
  owner: person,
  user: person,
  workspace: named,
  template: named,
  template_version: named,
  organization: named,
});

/** Coder's `payload.data`: the parts that are read are checked, the rest is kept for the identity. */
export type NotificationData = z.infer<typeof dataSchema>;

const bodySchema = z.object({
  msg_id: z.string().regex(/\S/),
  payload: z.object({
    notification_name: z.string().regex(/\S/),
    notification_template_id: optionalText,
    user_id: optionalText,
    user_email: optionalText,
    labels: z.record(z.string(), z.string()).nullish(),
    data: dataSchema.nullish(),
    targets: z.array(z.string()).nullish(),
  }),
});

/** Validates a decoded JSON value. Never throws; nothing of the value is quoted in the rule. */
export function parseNotification(value: unknown): ParsedNotification {
  const parsed = bodySchema.safeParse(value);
  if (!parsed.success) return problem(parsed.error.issues[0], value);
  const { msg_id, payload } = parsed.data;
  const data = payload.data ?? null;
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
      labels: payload.labels ?? {},
      data,
      targets: payload.targets ?? [],
    },
  };
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
  const expected = issue?.code === "invalid_type"
    ? KIND_NAMES[issue.expected] ?? issue.expected
    : "non-empty text";
  const field = path.length === 0 ? "the body" : scrub(path.join("."), [], 80);
  return { ok: false, field, rule: `must be ${expected}: it is ${kindOf(current)}` };
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
