/** What the service does with a notification, what it would take to have it sent, and the event. */
import { escapeControls, printableJson } from "../base/redact.ts";
import { attribute, type Attributed, type IgnoredReason } from "../coder/attribution.ts";
import { nameKey, rowOf } from "../coder/catalogue.ts";
import type { CatalogueRow } from "../coder/catalogue/row.ts";
import type { Notification } from "../coder/notification.ts";
import type { Tracking } from "../coder/tracking.ts";
import type { Config } from "../config/config.ts";
import { METADATA_LIMIT } from "../platformx/budget.ts";
import { buildEvent, type BuiltEvent } from "../platformx/event.ts";
import type { LeftOutReason } from "../platformx/metadata.ts";
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

/** Explains a notification. `now`: Unix milliseconds, as the time of its arrival. */
export function explanationOf(
  notification: Notification,
  { domains, testData, tracking }:
    & Pick<Config["events"], "domains" | "tracking">
    & Pick<Config["platformx"], "testData">,
  now: number,
): Explanation {
  const asIs = attribute(notification, { tracking, domains });
  if (asIs.kind === "ignored" && asIs.reason === "secret") {
    return {
      name: undefined,
      ignored: { reason: "secret", why: WHY.secret },
      settings: [],
      built: undefined,
    };
  }
  const row = rowOf(notification);
  const tracked = asIs.kind === "ignored" && asIs.reason === "not_tracked"
    ? tracksAlso(tracking, row)
    : tracking;
  const settings = tracked === tracking ? [] : [trackingLine(tracking, notification, row)];
  const attributed = attribute(notification, { tracking: tracked, domains: undefined });
  if (attributed.kind === "ignored") {
    // To track it would change nothing.
    const reason = asIs.kind === "ignored" ? asIs.reason : "no_person";
    const why = `${tracked === tracking ? "" : `${WHY.not_tracked}, and `}${whyNobody(row)}`;
    return { name: asIs.name, ignored: { reason, why }, settings: [], built: undefined };
  }
  if (attribute(notification, { tracking: tracked, domains }).kind === "ignored") {
    settings.push(`add ${attributed.email.slice(attributed.email.lastIndexOf("@") + 1)} to EMAIL_DOMAINS`);
  }
  const first = { messageId: notification.messageId, arrivedAt: now };
  return {
    name: asIs.name,
    ignored: asIs.kind === "ignored" ? { reason: asIs.reason, why: WHY[asIs.reason] } : undefined,
    settings,
    built: { attributed, ...buildEvent(notification, attributed, { first, testData }) },
  };
}

const WHY = {
  secret: "it holds a password-reset code: dropped unread, and nothing of it is shown or kept",
  not_tracked: "EVENTS_TRACKED does not ask for it",
  no_person: "it holds no address of the person it is about",
  domain: "the person's address is not in EMAIL_DOMAINS",
} as const satisfies Readonly<Record<IgnoredReason, string>>;

/** Why an event would be nobody's. */
function whyNobody(row: CatalogueRow | undefined): string {
  if (row === undefined) {
    return "this version does not know it, and it has neither data.owner.email nor data.user.email. If it is about the " +
      "one who is told, write it in EVENTS_TRACKED as 'Name=recipient'";
  }
  const source =
    { owner: "data.owner.email", user: "data.user.email", recipient: "user_email", none: "" }[row.person];
  return source === ""
    ? `it is never about a person: ${row.note}`
    : `${source} holds no address of a person. Older versions of Coder leave it out; prebuilt workspaces and service ` +
      "accounts have none";
}

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
  { name, templateId }: Notification,
  row: CatalogueRow | undefined,
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
  const known = attributed.row === undefined ? ", not known to this version" : "";
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
