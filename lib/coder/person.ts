/** The person a notification is about: where the webhook has the address, or by what Coder can be asked for it. */
import { addressOf } from "./address.ts";
import type { Whose } from "./catalogue/row.ts";
import { LONGEST, type Notification, objectOf, textOf } from "./notification.ts";

/**
 * Why a notification has no person.
 * - `unknown_template`: the catalogue does not know it, and no address stands where it would be looked for;
 * - `never`: its webhooks never hold the address;
 * - `missing`: the address is missing, as in older Coder versions;
 * - `empty`: it is empty, as a service account's;
 * - `prebuilds`: it is that of the system user that owns prebuilt workspaces;
 * - `malformed`: it is not one address;
 * - `not_found`: Coder does not know the person.
 */
export type NoPerson =
  | "unknown_template"
  | "never"
  | "missing"
  | "empty"
  | "prebuilds"
  | "malformed"
  | "not_found";

/** Where the person's address stands, and the address in lower case. */
export interface Person {
  readonly kind: "person";
  readonly whose: Whose;
  readonly email: string;
}

/** There is no person. */
export interface Nobody {
  readonly kind: "nobody";
  readonly why: NoPerson;
}

/** Where the person's id and address would stand, there is something else than text. */
export interface Wrong {
  readonly kind: "wrong";
  readonly whose: Whose;
}

/** By what Coder is asked: by UUID where there is one, as a user name may belong to somebody else by now. */
export type Whom = { readonly id: string } | { readonly username: string };

/** A person as Coder knows them (`GET /api/v2/users/{user}`). */
export interface CoderUser {
  readonly id: string;
  readonly username: string;
  /** Empty: a service account. */
  readonly email: string;
  readonly isServiceAccount?: boolean;
}

/** The system user that owns prebuilt workspaces (Coder's migration that creates it). */
const PREBUILDS = {
  id: "c42fdf75-3097-471c-8c33-fb52454d81c0",
  username: "prebuilds",
  email: "prebuilds@system",
} as const;

/** The person of a notification. `whose`: undefined when neither the catalogue nor `EVENTS_TRACKED` says it. */
export function personOf(notification: Notification, whose: Whose | undefined): Person | Nobody | Wrong {
  if (whose !== undefined) return personAt(notification, whose);
  // The recipient may be an administrator, and is never taken for the person.
  for (const place of ["owner", "user"] as const) {
    const person = personAt(notification, place);
    if (person.kind !== "nobody" || (person.why !== "missing" && person.why !== "empty")) return person;
  }
  return nobody("unknown_template");
}

/** By what Coder is asked for the person of a notification whose webhook has no address. */
export function whomToAsk({ payload, row }: Notification): Whom | Nobody {
  if (row?.ask === undefined) return nobody("never");
  const targets = payload["targets"];
  const id = Array.isArray(targets) ? targets[row.targets?.indexOf(row.ask.target) ?? -1] : undefined;
  if (typeof id === "string" && UUID.test(id)) {
    return sameText(id, PREBUILDS.id) ? nobody("prebuilds") : { id: id.toLowerCase() };
  }
  const username = textOf(objectOf(payload["labels"])?.[row.ask.label], LONGEST.id) ?? "";
  if (!USERNAME.test(username)) return nobody("missing");
  return sameText(username, PREBUILDS.username) ? nobody("prebuilds") : { username };
}

/** The address of the one whom Coder named; undefined: Coder knows nobody. An answer about somebody else counts as none. */
export function addressOfUser(
  user: CoderUser | undefined,
  whom: Whom,
): { readonly email: string } | Nobody {
  const isMeant = user !== undefined &&
    ("id" in whom ? sameText(user.id, whom.id) : sameText(user.username, whom.username));
  if (!isMeant) return nobody("not_found");
  return user.isServiceAccount === true ? nobody("empty") : addressIn(user.id, user.email);
}

function personAt({ payload }: Notification, whose: Whose): Person | Nobody | Wrong {
  const part = whose === "recipient"
    ? { id: payload["user_id"], email: payload["user_email"] }
    : partOf(objectOf(payload["data"]), whose);
  const id = textOf(part?.["id"], LONGEST.id);
  const email = textOf(part?.["email"], LONGEST.email);
  if (part === undefined || id === undefined || email === undefined) return { kind: "wrong", whose };
  if (part === null || part["email"] == null) return nobody("missing");
  const address = addressIn(id, email);
  return "email" in address ? { kind: "person", whose, email: address.email } : address;
}

/** As {@link objectOf}: null is missing, undefined is wrong. */
function partOf(data: ReturnType<typeof objectOf>, name: string): ReturnType<typeof objectOf> {
  return data == null ? data : objectOf(data[name]);
}

function addressIn(id: string, text: string): { readonly email: string } | Nobody {
  const trimmed = text.trim();
  if (sameText(id.trim(), PREBUILDS.id) || sameText(trimmed, PREBUILDS.email)) return nobody("prebuilds");
  if (trimmed === "") return nobody("empty");
  const email = addressOf(trimmed);
  return email === undefined ? nobody("malformed") : { email };
}

function nobody(why: NoPerson): Nobody {
  return { kind: "nobody", why };
}

/** `GET /users/{user}` takes a UUID or a user name: nothing else is asked for, and never `me`, which is the token's owner. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const USERNAME = /^(?!me$)[a-z0-9]+(?:-[a-z0-9]+)*$/i;

function sameText(one: string, other: string): boolean {
  return one === other || one.toLowerCase() === other.toLowerCase();
}
