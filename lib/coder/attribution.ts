/** Whose event a notification is, or why it is nobody's. */
import { domainOf } from "./address.ts";
import { rowNamed } from "./catalogue.ts";
import type { Whose } from "./catalogue/row.ts";
import { type IdentityParts, identityParts } from "./identity.ts";
import { isPasscode } from "./label_kind.ts";
import { type Invalid, LONGEST, type Notification, objectOf, textOf } from "./notification.ts";
import { addressOfUser, type CoderUser, type NoPerson, personOf, type Whom, whomToAsk } from "./person.ts";
import { declaredPerson, isTracked, type Tracking } from "./tracking.ts";

/** Why a notification is deliberately not forwarded, in the order in which the reasons are tried. */
export type IgnoredReason = "secret" | "not_tracked" | "no_person" | "domain";

/** Where the person's address was found; `coder`: Coder was asked for it. */
export type PersonSource = "data.owner.email" | "data.user.email" | "user_email" | "coder";

/** A tracked notification, and what of it does not depend on who the person is. */
interface Wanted {
  readonly notification: Notification;
  /** The event's name: the catalogue's, or as received. */
  readonly name: string;
  /** Who was told: not always the person the event is about. What is missing is empty. */
  readonly recipient: { readonly id: string; readonly email: string };
  readonly identity: IdentityParts;
}

/** A wanted notification about a person. */
export interface Attributed extends Wanted {
  readonly kind: "attributed";
  /** The person's address, in lower case. */
  readonly email: string;
  readonly source: PersonSource;
}

/** A wanted notification about a person whose address Coder has to be asked for: see {@link answered}. */
export interface Ask extends Wanted {
  readonly kind: "ask";
  readonly whom: Whom;
}

/** A notification that is not forwarded; of a secret one nothing is told. */
export type Ignored =
  | { readonly kind: "ignored"; readonly reason: "secret" }
  | { readonly kind: "ignored"; readonly reason: "not_tracked" | "domain"; readonly name: string }
  | { readonly kind: "ignored"; readonly reason: "no_person"; readonly name: string; readonly why: NoPerson };

/** What {@link attribute} goes by. */
export interface AttributionRules {
  readonly tracking: Tracking;
  /** Which domains, in lower case, are wanted; undefined: all. */
  readonly domains: { has(domain: string): boolean } | undefined;
}

/** Decides whose event a notification is, and looks at no more of it than that takes. */
export function attribute(
  notification: Notification,
  rules: AttributionRules,
): Attributed | Ask | Ignored | Invalid {
  const { row } = notification;
  if (holdsSecret(notification)) return { kind: "ignored", reason: "secret" };
  const name = (row?.name ?? notification.name).toWellFormed();
  if (!isTracked(rules.tracking, notification)) return { kind: "ignored", reason: "not_tracked", name };
  const whose = row === undefined ? declaredPerson(rules.tracking, notification) : row.person;
  if (whose === "none") return asked(notification, name, rules.tracking);
  const person = personOf(notification, whose);
  if (person.kind === "wrong") return { kind: "invalid", need: person.whose };
  if (person.kind === "nobody") return { kind: "ignored", reason: "no_person", name, why: person.why };
  const { email } = person;
  if (!isIn(rules.domains, email)) return { kind: "ignored", reason: "domain", name };
  const wanted = wantedOf(notification, name);
  if (wanted === undefined) return { kind: "invalid", need: person.whose };
  return { ...wanted, kind: "attributed", email, source: SOURCES[person.whose] };
}

/** Whose event it is, now that Coder was asked; undefined: Coder does not know the person. */
export function answered(
  ask: Ask,
  user: CoderUser | undefined,
  { domains }: Pick<AttributionRules, "domains">,
): Attributed | Ignored {
  const { whom, ...wanted } = ask;
  const { name } = wanted;
  const person = addressOfUser(user, whom);
  if ("why" in person) return { kind: "ignored", reason: "no_person", name, why: person.why };
  if (!isIn(domains, person.email)) return { kind: "ignored", reason: "domain", name };
  return { ...wanted, kind: "attributed", email: person.email, source: "coder" };
}

const SOURCES: Readonly<Record<Whose, PersonSource>> = {
  owner: "data.owner.email",
  user: "data.user.email",
  recipient: "user_email",
};

/** Whether the webhook holds a secret, told by template UUID, by name, or by a label that holds a passcode. */
function holdsSecret({ row, name, payload }: Notification): boolean {
  if (row?.secret || rowNamed(name)?.secret) return true;
  for (const label in objectOf(payload["labels"])) if (isPasscode(label)) return true;
  return false;
}

function isIn(domains: AttributionRules["domains"], email: string): boolean {
  return domains === undefined || domains.has(domainOf(email));
}

function asked(notification: Notification, name: string, { canAsk }: Tracking): Ask | Ignored | Invalid {
  const whom = canAsk ? whomToAsk(notification) : { why: "never" } as const;
  if ("why" in whom) return { kind: "ignored", reason: "no_person", name, why: whom.why };
  const wanted = wantedOf(notification, name);
  return wanted === undefined ? { kind: "invalid", need: "ask" } : { ...wanted, kind: "ask", whom };
}

/** Undefined: something is wrong with it. */
function wantedOf(notification: Notification, name: string): Wanted | undefined {
  const { payload } = notification;
  const id = textOf(payload["user_id"], LONGEST.id);
  const identity = identityParts(payload);
  if (id === undefined || identity === undefined) return undefined;
  // Of an event about somebody else it only says what must not be in the labels.
  const email = textOf(payload["user_email"], LONGEST.email) ?? "";
  return { notification, name, recipient: { id: id.trim(), email: email.trim() }, identity };
}
