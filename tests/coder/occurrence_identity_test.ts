import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { attribute, type Attributed } from "../../lib/coder/attribution.ts";
import { identityOf, recipientOf } from "../../lib/coder/occurrence.ts";
import type { Notification } from "../../lib/coder/notification.ts";
import { parseTracking } from "../../lib/coder/tracking.ts";
import { ALICE, type Body, IDS, notificationWith, parsed, TINA } from "../support/fakes.ts";

const RULES = { tracking: parseTracking("*").tracking, domains: undefined };

function attributedOf(notification: Notification): Attributed {
  const attributed = attribute(notification, RULES);
  assert.equal(attributed.kind, "attributed");
  return attributed as Attributed;
}

function identity(body: unknown): string {
  return identityOf(attributedOf(parsed(body)));
}

/** The same JSON with the members of every object in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([key, member]) => [key, reversed(member)]));
}

const BOB = { id: "0f1c9b34-6a3b-4f0e-9b39-0a7b7b6d9a11", email: "bob@example.com" };
const UNKNOWN_UUID = "11111111-2222-4333-8444-555555555555";
const LABELS = { workspace: "alice-dev", template: "docker-go", version: "brave_turing4" };
const DATA = { owner: ALICE, workspace: { id: IDS.workspace, name: "alice-dev" } };
const TARGETS = [IDS.workspace, IDS.owner, IDS.template, IDS.organization];
const UNKNOWN = { notification_template_id: UNKNOWN_UUID, notification_name: "Something New" };
const UNKNOWN_WITHOUT_ID = { notification_template_id: "", notification_name: "Something New" };

function labelled(labels: Record<string, string>): Body {
  return notificationWith({ labels });
}

type Pair = readonly [what: string, one: Body, other: Body];

const SAME: Pair[] = [
  ["another recipient", notificationWith(), notificationWith({ user_id: BOB.id, user_email: BOB.email })],
  [
    "another recipient's names",
    notificationWith(),
    notificationWith({ user_name: "Bob", user_username: "bob" }),
  ],
  ["another msg_id", notificationWith(), notificationWith({}, "another")],
  ["another title", notificationWith(), { ...notificationWith(), title: "t", title_markdown: "t" } as Body],
  ["another body", notificationWith(), { ...notificationWith(), body: "b", body_markdown: "b" } as Body],
  ["other actions", notificationWith(), notificationWith({ actions: [{ label: "View", url: "https://c" }] })],
  [
    "another payload version",
    notificationWith(),
    { ...notificationWith({ _version: "1.2" }), _version: "1.1" } as Body,
  ],
  ["the order of keys", notificationWith(), reversed(notificationWith()) as Body],
  [
    "a renamed notification",
    notificationWith(),
    notificationWith({ notification_name: "workspace  created" }),
  ],
  ["a template UUID left out", notificationWith(), notificationWith({ notification_template_id: null })],
  ["labels null or empty", notificationWith({ labels: null }), notificationWith({ labels: {} })],
  [
    "data null or missing",
    notificationWith({ ...UNKNOWN, data: { user: BOB } }),
    notificationWith({ data: { user: BOB }, ...UNKNOWN }),
  ],
  [
    "an unknown UUID renamed",
    notificationWith(UNKNOWN),
    notificationWith({ ...UNKNOWN, notification_name: "Newer" }),
  ],
  [
    "an unknown UUID in capitals",
    notificationWith(UNKNOWN),
    notificationWith({ ...UNKNOWN, notification_template_id: UNKNOWN_UUID.toUpperCase() }),
  ],
];

/** What a person chose for the build of a workspace: the hash of a short one could be guessed. */
const PARAMETERS = { parameters: [{ name: "git_token", value: "1234" }] };
SAME.push(
  [
    "build parameters",
    notificationWith({ data: DATA }),
    notificationWith({ data: { ...DATA, ...PARAMETERS } }),
  ],
  [
    "another build parameter",
    notificationWith({ data: { ...DATA, ...PARAMETERS } }),
    notificationWith({ data: { parameters: [], ...DATA } }),
  ],
);

const DIFFERENT: readonly Pair[] = [
  ["another label value", notificationWith(), notificationWith({ labels: { ...LABELS, version: "other" } })],
  ["a label more", notificationWith(), notificationWith({ labels: { ...LABELS, initiator: "tina" } })],
  ["a label less", notificationWith(), notificationWith({ labels: { workspace: "alice-dev" } })],
  [
    "label values swapped",
    notificationWith(),
    notificationWith({ labels: { ...LABELS, workspace: "docker-go", template: "alice-dev" } }),
  ],
  ["two labels and one that reads like them", labelled({ a: "1", b: "2" }), labelled({ 'a:"1",b': "2" })],
  ["two labels and one that quotes them", labelled({ a: "1", b: "2" }), labelled({ 'a":"1","b': "2" })],
  ["other data", notificationWith(), notificationWith({ data: { ...DATA, build: { number: 2 } } })],
  [
    "data deep down",
    notificationWith({ data: { ...DATA, a: { b: [{ c: 1 }] } } }),
    notificationWith({ data: { ...DATA, a: { b: [{ c: 2 }] } } }),
  ],
  [
    "a number and its text",
    notificationWith({ data: { ...DATA, n: 1 } }),
    notificationWith({ data: { ...DATA, n: "1" } }),
  ],
  ["null and nothing", notificationWith({ data: { ...DATA, n: null } }), notificationWith({ data: DATA })],
  [
    "the order in a list",
    notificationWith({ data: { ...DATA, l: [1, 2] } }),
    notificationWith({ data: { ...DATA, l: [2, 1] } }),
  ],
  [
    "parameters of something else",
    notificationWith({ data: { ...DATA, build: PARAMETERS } }),
    notificationWith({ data: { ...DATA, build: { parameters: [] } } }),
  ],
  // What is not forwarded, as it is of another type, may be all that differs.
  [
    "a label that is a number",
    notificationWith({ labels: { build: 1 } }),
    notificationWith({ labels: { build: 2 } }),
  ],
  ["labels that are a text", notificationWith({ labels: "1" }), notificationWith({ labels: "2" })],
  ["a target that is a number", notificationWith({ targets: [1] }), notificationWith({ targets: [2] })],
  ["another target", notificationWith(), notificationWith({ targets: [BOB.id, ...TARGETS.slice(1)] })],
  ["a target less", notificationWith(), notificationWith({ targets: TARGETS.slice(1) })],
  ["another person", notificationWith(), notificationWith({ data: { ...DATA, owner: BOB } })],
  [
    "another person who is the recipient",
    notificationWith({ notification_template_id: "f517da0b-cdc9-410f-ab89-a86107c420ed" }),
    notificationWith({
      notification_template_id: "f517da0b-cdc9-410f-ab89-a86107c420ed",
      user_id: BOB.id,
      user_email: BOB.email,
    }),
  ],
  [
    "another template",
    notificationWith(),
    notificationWith({ notification_template_id: "d089fe7b-d5c5-4c0c-aaf5-689859f7d392" }),
  ],
  [
    "another template by name",
    notificationWith({ notification_template_id: "" }),
    notificationWith({ notification_template_id: "", notification_name: "Workspace Manually Updated" }),
  ],
  [
    "another unknown UUID",
    notificationWith(UNKNOWN),
    notificationWith({ ...UNKNOWN, notification_template_id: BOB.id }),
  ],
  [
    "another unknown name",
    notificationWith(UNKNOWN_WITHOUT_ID),
    notificationWith({ ...UNKNOWN_WITHOUT_ID, notification_name: "Something Newer" }),
  ],
];

Deno.test("copies have one identity, in spite of", async (t) => {
  for (const [what, one, other] of SAME) {
    await t.step(what, () => assert.equal(identity(one), identity(other)));
  }
});

Deno.test("what differs has different identities, because of", async (t) => {
  for (const [what, one, other] of DIFFERENT) {
    await t.step(what, () => assert.notEqual(identity(one), identity(other)));
  }
});

Deno.test("property: identities are equal exactly when the data are, whatever the order of keys", () => {
  const of = (data: unknown) => identity(notificationWith({ data: { owner: ALICE, any: data } }));
  // Few keys and values, so that equal pairs come up.
  const small = fc.object({
    key: fc.constantFrom("a", "b", 'a":1', "2", "10"),
    values: [fc.constantFrom(null, 0, "0", "")],
    maxDepth: 2,
  });
  fc.assert(fc.property(fc.jsonValue(), (data) => assert.equal(of(data), of(reversed(data)))));
  fc.assert(
    fc.property(small, small, (one, other) => {
      assert.equal(of(one) === of(other), isDeepEqual(one, other));
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("property: what belongs to one part of the identity cannot pass for another", () => {
  const text = fc.constantFrom("a", '","', '"],["', "{}", "null", "");
  const parts = fc.record({
    labels: fc.dictionary(text, text, { maxKeys: 2 }),
    targets: fc.array(text, { maxLength: 2 }),
  });
  const of = (part: object) => identity(notificationWith({ ...part }));
  fc.assert(
    fc.property(parts, parts, (one, other) => assert.equal(of(one) === of(other), isDeepEqual(one, other))),
    { numRuns: 1_000 },
  );
});

Deno.test("a recipient is told by id, else by address", async (t) => {
  const rows: [what: string, payload: Record<string, unknown>, expected: string][] = [
    ["id and address", {}, TINA.id],
    ["no id", { user_id: null }, TINA.email],
    ["an empty id", { user_id: " " }, TINA.email],
    ["neither", { user_id: undefined, user_email: undefined }, ""],
    ["no id, and an address that is no text", { user_id: undefined, user_email: 5 }, ""],
  ];
  for (const [what, payload, expected] of rows) {
    await t.step(
      what,
      () => assert.equal(recipientOf(attributedOf(parsed(notificationWith(payload)))), expected),
    );
  }
});

/** Equality as JSON has it: prototypes and the order of keys do not matter. */
function isDeepEqual(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)));
}
