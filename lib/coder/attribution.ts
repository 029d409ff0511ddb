/** Whose event a notification is, or why it is nobody's. */
import { holdsSecret, rowOf } from "./catalogue.ts";
import type { CatalogueRow, Whose } from "./catalogue/row.ts";
import type { Notification } from "./notification.ts";
import { declaredPerson, isTracked, type Tracking } from "./tracking.ts";

/** Why a notification is deliberately not forwarded, in the order in which the reasons are tried. */
export type IgnoredReason = "secret" | "not_tracked" | "no_person" | "domain";

/** Where the person's address was found. */
export type PersonSource = "data.owner.email" | "data.user.email" | "user_email";

/** A wanted notification about a person. */
export interface Attributed {
  readonly kind: "attributed";
  /** The event's name: the catalogue's, or as received. */
  readonly name: string;
  readonly row: CatalogueRow | undefined;
  /** The person's address. */
  readonly email: string;
  readonly source: PersonSource;
}

/** A notification that is not forwarded; a secret one has no name. */
export type NotAttributed =
  | { readonly kind: "ignored"; readonly reason: "secret" }
  | { readonly kind: "ignored"; readonly reason: Exclude<IgnoredReason, "secret">; readonly name: string };

/** What {@link attribute} goes by. */
export interface AttributionRules {
  readonly tracking: Tracking;
  /** Which domains, in lower case, are wanted; undefined: all. */
  readonly domains: { has(domain: string): boolean } | undefined;
}

/** The system user that owns prebuilt workspaces (Coder's migration that creates it). */
const PREBUILDS_USER = { id: "c42fdf75-3097-471c-8c33-fb52454d81c0", email: "prebuilds@system" } as const;

/** Decides whose event a notification is. */
export function attribute(notification: Notification, rules: AttributionRules): Attributed | NotAttributed {
  if (holdsSecret(notification)) return { kind: "ignored", reason: "secret" };
  const row = rowOf(notification);
  const name = (row?.name ?? notification.name).toWellFormed();
  if (!isTracked(rules.tracking, notification, row)) return { kind: "ignored", reason: "not_tracked", name };
  const person = personOf(notification, row?.person ?? declaredPerson(rules.tracking, notification));
  if (person === undefined) return { kind: "ignored", reason: "no_person", name };
  if (rules.domains !== undefined && !rules.domains.has(domainOf(person.email))) {
    return { kind: "ignored", reason: "domain", name };
  }
  return { kind: "attributed", name, row, ...person };
}

type Person = Pick<Attributed, "email" | "source">;

function personOf(notification: Notification, whose: Whose | "none" | undefined): Person | undefined {
  const { data, recipient } = notification;
  switch (whose) {
    case "none":
      return undefined;
    case "owner":
      return personAt("data.owner.email", data?.owner);
    case "user":
      return personAt("data.user.email", data?.user);
    case "recipient":
      return personAt("user_email", recipient);
    case undefined:
      // Unknown to the catalogue: the recipient may be an administrator, and is never taken for the person.
      return hasEmail(data?.owner)
        ? personAt("data.owner.email", data?.owner)
        : personAt("data.user.email", data?.user);
  }
}

type PersonData = { readonly id?: string | null | undefined; readonly email?: string | null | undefined };

function hasEmail(person: PersonData | null | undefined): boolean {
  return (person?.email?.trim() ?? "") !== "";
}

function personAt(source: PersonSource, person: PersonData | null | undefined): Person | undefined {
  const email = person?.email?.trim().toWellFormed() ?? "";
  const isPrebuilds = person?.id?.trim().toLowerCase() === PREBUILDS_USER.id ||
    email === PREBUILDS_USER.email;
  return email === "" || isPrebuilds ? undefined : { email, source };
}

function domainOf(email: string): string {
  const at = email.lastIndexOf("@");
  return at < 0 ? "" : email.slice(at + 1).toLowerCase();
}
