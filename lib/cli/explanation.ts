/** What the service does with a notification, what it would take to have it sent, and the event. */
import { escapeControls, printableJson } from "../base/redact.ts";
import { domainOf } from "../coder/address.ts";
import {
  answered,
  attribute,
  type Attributed,
  type AttributionRules,
  type Ignored,
  type IgnoredReason,
} from "../coder/attribution.ts";
import { nameKey } from "../coder/catalogue.ts";
import type { CatalogueRow } from "../coder/catalogue/row.ts";
import type { Directory } from "../coder/directory.ts";
import { type Invalid, type Notification, recognise } from "../coder/notification.ts";
import type { NoPerson } from "../coder/person.ts";
import type { Tracking } from "../coder/tracking.ts";
import type { Config } from "../config/config.ts";
import { METADATA_LIMIT } from "../platformx/budget.ts";
import { buildEvent, type BuiltEvent } from "../platformx/event.ts";
import type { LeftOutReason } from "../platformx/label_filter.ts";
import { alignColumns } from "./columns.ts";

/** What becomes of one notification. */
export interface Explanation {
  /** As it may be shown; undefined: nothing of it may be. */
  readonly name: string | undefined;
  /** Why it is not sent; undefined: it is. */
  readonly ignored: { readonly reason: IgnoredReason; readonly why: string } | undefined;
  /** Changes of the settings with which it would be sent: lines, or what to do in words. */
  readonly settings: readonly string[];
  /** The event that is or would be sent; undefined: there is nobody whose it could be. */
  readonly built: (BuiltEvent & { readonly attributed: Attributed }) | undefined;
}

/** With what a body is explained. */
export interface Explaining extends Pick<Config["events"], "domains" | "tracking"> {
  readonly testData: boolean;
  /** Asks Coder for a person; undefined: Coder is not asked. */
  readonly find: Directory["find"] | undefined;
  /** Unix milliseconds, as the time of the arrival. */
  readonly now: number;
}

/** Explains the body of a webhook. */
export async function explanationOf(body: unknown, explaining: Explaining): Promise<Explanation | Invalid> {
  const notification = recognise(body);
  if (notification.kind === "invalid") return notification;
  const { domains, find, now, testData, tracking } = explaining;
  const asIs = await whose(notification, { tracking, domains }, find);
  if (asIs.kind === "invalid") return asIs;
  if (asIs.kind === "ignored" && asIs.reason === "secret") {
    return {
      name: undefined,
      ignored: { reason: "secret", why: WHY.secret },
      settings: [],
      built: undefined,
    };
  }
  const isUntracked = asIs.kind === "ignored" && asIs.reason === "not_tracked";
  const tracked = isUntracked ? tracksAlso(tracking, notification.row) : tracking;
  const settings = isUntracked ? [trackingLine(tracking, notification)] : [];
  const attributed = await whose(notification, { tracking: tracked, domains: undefined }, find);
  if (attributed.kind === "invalid") return attributed;
  if (attributed.kind === "ignored") {
    // To track it would change nothing.
    const reason = asIs.kind === "ignored" ? asIs.reason : "no_person";
    const nobody = "why" in attributed ? whyNobody(attributed.why, notification.row) : WHY.no_person;
    const why = `${isUntracked ? `${WHY.not_tracked}, and ` : ""}${nobody}`;
    return { name: asIs.name, ignored: { reason, why }, settings: [], built: undefined };
  }
  if (domains !== undefined && !domains.has(domainOf(attributed.email))) {
    settings.push(`add ${domainOf(attributed.email)} to EMAIL_DOMAINS`);
  }
  const first = { messageId: notification.messageId, arrivedAt: now };
  return {
    name: asIs.name,
    ignored: asIs.kind === "ignored" ? { reason: asIs.reason, why: WHY[asIs.reason] } : undefined,
    settings,
    built: { attributed, ...buildEvent(attributed, { first, testData }) },
  };
}

async function whose(
  notification: Notification,
  rules: AttributionRules,
  find: Explaining["find"],
): Promise<Attributed | Ignored | Invalid> {
  const attribution = attribute(notification, rules);
  if (attribution.kind !== "ask") return attribution;
  const found = await find?.(attribution.whom);
  return answered(attribution, found?.kind === "person" ? found.user : undefined, rules);
}

const WHY = {
  secret: "it holds a password-reset code: dropped unread, and nothing of it is shown or kept",
  not_tracked: "EVENTS_TRACKED does not ask for it",
  no_person: "it holds no address of the person it is about",
  domain: "the person's address is not in EMAIL_DOMAINS",
} as const satisfies Readonly<Record<IgnoredReason, string>>;

/** Why an event would be nobody's. */
function whyNobody(why: NoPerson, row: CatalogueRow | undefined): string {
  const source = row === undefined || row.person === "none" ? "the webhook" : SOURCES[row.person];
  switch (why) {
    case "unknown_template":
      return "this version does not know it, and it has neither data.owner.email nor data.user.email. If it is about the " +
        "one who is told, write it in EVENTS_TRACKED as 'Name=recipient'";
    case "never":
      return row?.ask === undefined
        ? `it is never about a person: ${row?.note ?? ""}`
        : "its webhooks hold no address of the person: with CODER_URL, Coder is asked ('explain --ask')";
    case "missing":
      return `${source} holds no address of a person: older versions of Coder leave it out`;
    case "empty":
      return `${source} is empty, as a service account's`;
    case "prebuilds":
      return "it is about a prebuilt workspace that nobody has claimed";
    case "malformed":
      return `${source} is not one e-mail address`;
    case "not_found":
      return "Coder was not asked for the person ('explain --ask' asks), or does not know them";
  }
}

const SOURCES = { owner: "data.owner.email", user: "data.user.email", recipient: "user_email" } as const;

function tracksAlso(tracking: Tracking, row: CatalogueRow | undefined): Tracking {
  return {
    ...tracking,
    everything: true,
    rows: row === undefined ? tracking.rows : tracking.rows.union(new Set([row])),
  };
}

/** `EVENTS_TRACKED` as it is, and the notification too. */
function trackingLine(
  { names, unknown }: Tracking,
  { name, row, templateId }: Notification,
): string {
  const shown = row?.name ?? name.trim();
  // What would end the entry or the line, or could not be typed, is better named by its id.
  const isPlain = /^[\p{L}\p{N} ()&'./:-]+$/u.test(shown);
  const entries = names.map((entry) => {
    const whose = unknown.get(entry.toLowerCase()) ?? unknown.get(nameKey(entry));
    return whose === undefined ? entry : `${entry}=${whose}`;
  });
  return `EVENTS_TRACKED="${[...entries, isPlain || templateId === "" ? shown : templateId].join(", ")}"`;
}

const WHY_LEFT_OUT: Readonly<Record<LeftOutReason, string>> = {
  free_text: "text typed by a person",
  secret_name: "its name says that it is a secret",
  personal_id: "the id of a person",
  recipient: "the recipient's address",
  empty: "it is empty",
  not_text: "it is not text",
  name_too_long: "its name is too long",
  too_many: "there are too many labels: this one and those after it",
  name_taken: "another field has its name",
};

/** The explanation for programs. */
export function explanationJson({ built, ignored, name, settings }: Explanation): string {
  const { attributed, event, fitted, leftOut = [] } = built ?? {};
  return printableJson({
    notification: name ?? null,
    sent: ignored === undefined,
    ...(ignored === undefined ? {} : { ...ignored, settings }),
    ...(attributed === undefined ? {} : {
      person: { email: attributed.email, found_in: attributed.source },
      event,
      metadata_bytes: fitted?.bytes,
      metadata_limit: METADATA_LIMIT,
      left_out: leftOut.map(({ label, why }) => ({ label, why: WHY_LEFT_OUT[why] })),
      cut: fitted?.cut,
      dropped: fitted?.dropped,
    }),
  });
}

/** The explanation for people. */
export function explanationText({ built, ignored, name, settings }: Explanation): string {
  const what = name === undefined ? "" : `${escapeControls(name)}: `;
  const head = ignored === undefined ? [] : [`${what}not sent: ${ignored.why}`];
  if (built === undefined) return head.join("\n");
  const asked = settings.length === 0
    ? []
    : ["It would be with:", ...settings.map((line) => `  ${escapeControls(line)}`)];
  const event = ignored === undefined ? "The event that is sent:" : "Not sent, the event that it would be:";
  return [
    ...head,
    ...asked,
    ...(head.length === 0 ? [] : [""]),
    rowsOf(built, ignored),
    "",
    event,
    printableJson(built.event),
  ]
    .join("\n");
}

function rowsOf(
  { attributed, fitted, leftOut }: NonNullable<Explanation["built"]>,
  ignored: Explanation["ignored"],
) {
  const tracked = ignored?.reason === "not_tracked" ? "not tracked" : "tracked";
  const known = attributed.notification.row === undefined ? ", not known to this version" : "";
  return alignColumns([
    ["notification", `${attributed.name} (${tracked}${known})`],
    ["person", `${attributed.email} (from ${attributed.source})`],
    ["metadata", `${fitted.bytes} of ${METADATA_LIMIT} bytes`],
    ...leftOut.map(({ label, why }) => ["left out", `${label}: ${WHY_LEFT_OUT[why]}`]),
    ...fitted.cut.map((key) => ["cut", `${key}: to fit the limit`]),
    ...fitted.dropped.map((key) => ["dropped", `${key}: to fit the limit`]),
    [
      "never sent",
      `${attributed.source === "user_email" ? "" : "recipient, "}title, body, actions, build parameters`,
    ],
  ]);
}
