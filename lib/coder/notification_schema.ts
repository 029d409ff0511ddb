/**
 * What a webhook's body must be, as a schema: it words what `notification.ts` and `attribution.ts` find wrong. They
 * decide by themselves, as this takes ten times as long; a property test holds the two together.
 */
import * as z from "zod/mini";
import { constant, plain, type Redacted, scrub } from "../base/redact.ts";
import { orderOf, withoutParameters } from "./identity.ts";
import { type JsonObject, LONGEST, MAX_DEPTH, type Need, type Problem } from "./notification.ts";

/** Not zod's own length check: it measures whatever has a `length`, which throws for an object with a `toString`. */
const atMost = (characters: number) =>
  z.string().check(z.refine((text) => text.length <= characters, { params: { characters } }));
const required = (characters: number) => atMost(characters).check(z.regex(/\S/));

const id = z.nullish(atMost(LONGEST.id));
const email = z.nullish(atMost(LONGEST.email));
const person = z.nullish(z.object({ id, email }));
const shallow = z.optional(
  z.unknown().check(z.refine((part) => orderOf(withoutParameters(part), MAX_DEPTH) !== "deep")),
);
/** Data in which a person is looked for. */
const dataWith = (place: "owner" | "user") =>
  z.optional(z.pipe(shallow, z.nullish(z.object({ [place]: person }))));

/** What is looked at, in the order in which the first wrong field is told. */
const PARTS = {
  head: {},
  ask: { data: shallow },
  recipient: { user_email: email, data: shallow },
  owner: { data: dataWith("owner") },
  user: { data: dataWith("user") },
} as const satisfies Record<Need, z.core.$ZodShape>;

/** The schema of a body of which so much is needed. */
export function schemaFor(need: Need): z.ZodMiniType {
  const head = { notification_name: required(LONGEST.name), notification_template_id: id };
  const rest = need === "head" ? {} : { user_id: id, labels: shallow, ...PARTS[need], targets: shallow };
  return z.object({ msg_id: required(LONGEST.id), payload: z.object({ ...head, ...rest }) });
}

/** The first thing that is wrong with a body of which so much is needed. */
export function firstProblem(body: unknown, need: Need): Problem {
  const issue = schemaFor(need).safeParse(body).error?.issues[0];
  const path = issue?.path ?? [];
  const current = path.reduce<unknown>(
    (at, key) => typeof at === "object" && at !== null ? (at as JsonObject)[String(key)] : undefined,
    body,
  );
  const field = path.length === 0 ? plain`the body` : scrub(path.join("."), []);
  return { field, rule: ruleOf(issue, current) };
}

const KIND_NAMES: Readonly<Record<string, Redacted>> = {
  string: plain`text`,
  object: plain`an object`,
};

function ruleOf(issue: z.core.$ZodIssue | undefined, current: unknown): Redacted {
  if (issue?.code === "custom") {
    const most = issue.params?.["characters"];
    return typeof most === "number"
      ? plain`must have at most ${most} characters: it has ${String(current).length}`
      : plain`must not nest deeper than ${MAX_DEPTH} levels`;
  }
  const expected = issue?.code === "invalid_type" ? KIND_NAMES[issue.expected] : undefined;
  return plain`must be ${expected ?? constant("non-empty text")}: it is ${kindOf(current)}`;
}

function kindOf(value: unknown): Redacted {
  if (value === undefined) return plain`missing`;
  if (value === null) return plain`null`;
  if (typeof value === "string" && value.trim() === "") return plain`empty`;
  if (Array.isArray(value)) return plain`a list`;
  return typeof value === "object" ? plain`an object` : plain`a ${constant(typeof value)}`;
}
