import assert from "node:assert/strict";
import fc from "fast-check";
import { attribute } from "../../lib/coder/attribution.ts";
import { CATALOGUE } from "../../lib/coder/catalogue.ts";
import { type Need, type Problem, problemOf, recognise } from "../../lib/coder/notification.ts";
import { schemaFor } from "../../lib/coder/notification_schema.ts";
import { parseTracking } from "../../lib/coder/tracking.ts";
import { ALICE, anyText, notificationWith, parsed, TINA } from "../support/fakes.ts";

const ALL = CATALOGUE.filter((row) => !row.secret).map((row) => row.name).join(",");
const RULES = { tracking: parseTracking(`${ALL},*`, { canAsk: true }).tracking, domains: undefined };

/** What becomes of a body, whatever it is, and what is wrong with it. */
async function outcome(body: unknown, tracking = RULES.tracking): Promise<string | Problem> {
  const notification = recognise(body);
  const result = notification.kind === "invalid"
    ? notification
    : attribute(notification, { ...RULES, tracking });
  if (result.kind === "invalid") return await problemOf(body, result);
  return result.kind === "ignored" ? result.reason : result.kind;
}

function of(names: readonly string[], value: unknown): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, value]));
}

Deno.test("a notification is recognised by its ids and its name, and the rest is left as it is", () => {
  const payload = {
    notification_name: " workspace  Created",
    notification_template_id: " 281FDF73-C6D6-4CBB-8FF5-888BAF8A2FFF ",
    labels: 5,
    data: "text",
    targets: { any: "thing" },
    user_id: TINA.id,
  };
  const { row, ...notification } = parsed({ msg_id: " m ", payload });
  assert.equal(row?.name, "Workspace Created");
  assert.deepEqual(notification, {
    kind: "notification",
    messageId: " m ",
    name: " workspace  Created",
    templateId: "281fdf73-c6d6-4cbb-8ff5-888baf8a2fff",
    payload,
  });
});

Deno.test("only a message id and a name are required: what is missing or null is empty", async (t) => {
  const others = ["notification_template_id", "user_id", "user_email", "labels", "data", "targets"];
  const rows: [what: string, rest: Record<string, unknown>][] = [["missing", {}], ["null", of(others, null)]];
  for (const [what, rest] of rows) {
    for (
      const [name, expected] of [["Task Idle", "no_person"], ["Test Notification", "no_person"]] as const
    ) {
      await t.step(`${what}: ${name}`, async () => {
        const body = { msg_id: "m", payload: { notification_name: name, ...rest } };
        assert.equal(parsed(body).templateId, "");
        assert.equal(await outcome(body), expected);
      });
    }
  }
});

Deno.test("what is not looked at may hold anything", async (t) => {
  const unused = ["title", "title_markdown", "body", "body_markdown", "_version", "news"];
  const unusedInside = ["_version", "user_name", "user_username", "actions", "news"];
  for (const value of [null, 1, true, "text", [], {}, [{ label: 1 }]]) {
    await t.step(JSON.stringify(value), async () => {
      const { msg_id, payload } = notificationWith();
      const body = { ...of(unused, value), msg_id, payload: { ...payload, ...of(unusedInside, value) } };
      assert.equal(await outcome(body), "attributed");
      const data = { owner: { ...ALICE, name: value }, timestamp: value, parameters: value, news: value };
      assert.equal(await outcome(notificationWith({ data })), "attributed");
    });
  }
});

Deno.test("a part of the wrong type is told where it decides, and left out where it only decorates", async (t) => {
  const TO_RECIPIENT = { notification_name: "Task Idle", notification_template_id: null };
  const TO_USER = { notification_name: "User account created", notification_template_id: null };
  const UNKNOWN = { notification_name: "Changelog", notification_template_id: null };
  const ASKED = { notification_name: "User account deleted", notification_template_id: null };
  const fine = "attributed";
  const wrong: [payload: Record<string, unknown>, expected: string][] = [
    [{ labels: [] }, fine],
    [{ labels: "text" }, fine],
    [{ labels: { workspace: 5, template: null, version: ["v"] } }, fine],
    [{ targets: {} }, fine],
    [{ targets: [1, null, {}] }, fine],
    [{ user_email: {} }, fine],
    [{ data: { owner: ALICE, user: 5, workspace: [], template: { id: 1, name: {} } } }, fine],
    [{ user_id: 5 }, "payload.user_id must be text: it is a number"],
    [{ data: "text" }, "payload.data must be an object: it is a string"],
    [{ data: [] }, "payload.data must be an object: it is a list"],
    [{ data: { owner: "alice" } }, "payload.data.owner must be an object: it is a string"],
    [{ data: { owner: { email: 1 } } }, "payload.data.owner.email must be text: it is a number"],
    [{ data: { owner: { ...ALICE, id: [] } } }, "payload.data.owner.id must be text: it is a list"],
    [{ ...TO_RECIPIENT, data: "text" }, fine],
    [{ ...TO_RECIPIENT, data: { owner: 5, user: 5 } }, fine],
    [{ ...TO_RECIPIENT, user_email: 5 }, "payload.user_email must be text: it is a number"],
    [{ ...TO_RECIPIENT, user_id: {} }, "payload.user_id must be text: it is an object"],
    [{ ...TO_USER, data: { user: ALICE, owner: 5 } }, fine],
    [{ ...TO_USER, data: { user: true } }, "payload.data.user must be an object: it is a boolean"],
    [{ ...UNKNOWN, data: { owner: ALICE, user: 5 } }, fine],
    [{ ...UNKNOWN, data: { owner: {}, user: 5 } }, "payload.data.user must be an object: it is a number"],
    [{ ...UNKNOWN, data: { owner: 5, user: ALICE } }, "payload.data.owner must be an object: it is a number"],
    [{ ...ASKED, data: 5, targets: [5], labels: { deleted_account_name: "nina" } }, "ask"],
    [
      { ...ASKED, user_id: 5, labels: { deleted_account_name: "nina" } },
      "payload.user_id must be text: it is a number",
    ],
  ];
  for (const [payload, expected] of wrong) {
    await t.step(JSON.stringify(payload), async () => {
      const seen = await outcome(notificationWith(payload));
      assert.equal(typeof seen === "string" ? seen : `${seen.field} ${seen.rule}`, expected);
    });
  }
});

Deno.test("what nobody tracks is ignored, and a passcode dropped, whatever their other parts look like", async (t) => {
  const { tracking } = parseTracking("Task Working");
  const parts = ["user_id", "user_email", "labels", "data", "targets", "actions"];
  for (
    const value of [5, "text", true, [5], { owner: "alice", user: [] }, JSON.parse(deep(10_000, "[", "]"))]
  ) {
    await t.step(JSON.stringify(value).slice(0, 40), async () => {
      assert.equal(await outcome(notificationWith(of(parts, value)), tracking), "not_tracked");
      const passcode = { notification_name: "One-Time Passcode", notification_template_id: null };
      assert.equal(await outcome(notificationWith({ ...of(parts, value), ...passcode })), "secret");
    });
  }
});

Deno.test("a refusal names the first field that is wrong, the rule, and what is there", async (t) => {
  const { payload } = notificationWith();
  /** What has a length is not measured before it is known to be a text. */
  const measured = { length: { toString: 1 } };
  const rows: [body: unknown, field: string, rule: string][] = [
    [null, "the body", "must be an object: it is null"],
    [[], "the body", "must be an object: it is a list"],
    ["text", "the body", "must be an object: it is a string"],
    [{}, "msg_id", "must be text: it is missing"],
    [{ msg_id: null, payload }, "msg_id", "must be text: it is null"],
    [{ msg_id: 5, payload: 5 }, "msg_id", "must be text: it is a number"],
    [{ msg_id: "", payload }, "msg_id", "must be non-empty text: it is empty"],
    [{ msg_id: " \n", payload }, "msg_id", "must be non-empty text: it is empty"],
    [{ msg_id: measured, payload }, "msg_id", "must be text: it is an object"],
    [{ msg_id: "m" }, "payload", "must be an object: it is missing"],
    [{ msg_id: "m", payload: [] }, "payload", "must be an object: it is a list"],
    [{ msg_id: "m", payload: {} }, "payload.notification_name", "must be text: it is missing"],
  ];
  const inside: [payload: Record<string, unknown>, field: string, rule: string][] = [
    [{ notification_name: "" }, "notification_name", "must be non-empty text: it is empty"],
    [{ notification_template_id: 1 }, "notification_template_id", "must be text: it is a number"],
    [{ user_id: measured }, "user_id", "must be text: it is an object"],
    [{ data: { owner: { email: measured } } }, "data.owner.email", "must be text: it is an object"],
    [{ user_id: 1, data: { owner: { id: 1, email: 1 } } }, "user_id", "must be text: it is a number"],
  ];
  rows.push(
    ...inside.map(([part, field, rule]) =>
      [notificationWith(part), `payload.${field}`, rule] satisfies typeof rows[number]
    ),
  );
  for (const [body, field, rule] of rows) {
    await t.step(`${field} ${rule}`, async () => {
      assert.deepEqual(await outcome(body), { field, rule });
    });
  }
});

Deno.test("a refusal quotes no value, whatever is wrong with it", async () => {
  const secret = "alice@example.com and hunter2";
  for (const value of [[secret], { [secret]: secret }]) {
    for (const field of ["notification_name", "notification_template_id", "user_id", "data"]) {
      const result = await outcome(
        notificationWith({ [field]: field === "data" ? { owner: value } : value }),
      );
      if (typeof result !== "string") assert.doesNotMatch(JSON.stringify(result), /alice|hunter2/);
    }
  }
});

/** Levels of nesting that are accepted of labels, data and targets each, the outermost container included. */
const MAX_DEPTH = 64;

Deno.test(`labels, data and targets may nest ${MAX_DEPTH} levels deep and no deeper`, async (t) => {
  for (const [what, open, close] of [["objects", '{"a":', "}"], ["lists", "[", "]"]] as const) {
    // The object that holds them is a level too.
    const nested = (levels: number) => ({
      owner: ALICE,
      x: JSON.parse(deep(levels - 1, open, close)) as unknown,
    });
    for (const part of ["labels", "data", "targets"]) {
      await t.step(`${what} in ${part}`, async () => {
        const body = (levels: number) => notificationWith({ [part]: nested(levels) });
        assert.equal(await outcome(body(MAX_DEPTH)), "attributed");
        const rule = `must not nest deeper than ${MAX_DEPTH} levels`;
        assert.deepEqual(await outcome(body(MAX_DEPTH + 1)), { field: `payload.${part}`, rule });
      });
    }
  }
});

Deno.test("100,000 levels of nesting are an error or not looked at, and never overflow the stack", async (t) => {
  const bottomless = JSON.parse(deep(100_000, '{"a":', "}")) as unknown;
  const { msg_id, payload } = notificationWith();
  const tooDeep = `must not nest deeper than ${MAX_DEPTH} levels`;
  const rows: [where: string, body: unknown, result: unknown][] = [
    ["the body", bottomless, { field: "msg_id", rule: "must be text: it is missing" }],
    ["msg_id", { msg_id: bottomless, payload }, { field: "msg_id", rule: "must be text: it is an object" }],
    ["data", notificationWith({ data: { owner: ALICE, bottomless } }), {
      field: "payload.data",
      rule: tooDeep,
    }],
    ["the person", notificationWith({ data: { owner: bottomless } }), "no_person"],
    [
      "a part of the person",
      notificationWith({ data: { owner: { ...ALICE, bottomless } } }),
      { field: "payload.data", rule: tooDeep },
    ],
    ["a label", notificationWith({ labels: { bottomless } }), { field: "payload.labels", rule: tooDeep }],
    ["a target", notificationWith({ targets: [bottomless] }), { field: "payload.targets", rule: tooDeep }],
    ["build parameters", notificationWith({ data: { owner: ALICE, parameters: bottomless } }), "attributed"],
    ["title", { msg_id, payload, title: bottomless }, "attributed"],
    ["actions", notificationWith({ actions: bottomless }), "attributed"],
  ];
  for (const [where, body, result] of rows) {
    await t.step(where, async () => assert.deepEqual(await outcome(body), result));
  }
});

const NEEDS: readonly Need[] = ["head", "owner", "user", "recipient", "ask"];

Deno.test("property: what the service takes the schema takes, and what it refuses the schema refuses", async () => {
  const json = fc.jsonValue({ maxDepth: 6 });
  /** Mostly right, so that every kind of result comes up. */
  const mostly = <T>(right: fc.Arbitrary<T>, wrong: fc.Arbitrary<unknown> = json) =>
    fc.oneof({ weight: 5, arbitrary: right }, { weight: 1, arbitrary: wrong });
  const text = mostly(fc.constantFrom(ALICE.id, ALICE.email, "", "x".repeat(201), "x".repeat(1_001)));
  const person = mostly(fc.record({ id: text, email: text }, { requiredKeys: [] }));
  const known = fc.constantFrom(
    "Workspace Created",
    "User account created",
    "Task Idle",
    "User account deleted",
  );
  const row = mostly(
    known.chain((name) => fc.record({ notification_name: mostly(fc.constant(name), text) })),
  );
  const parts = fc.record({
    notification_template_id: text,
    user_id: text,
    user_email: text,
    labels: mostly(fc.dictionary(anyText(20), json)),
    data: mostly(fc.record({ owner: person, user: person, parameters: json }, { requiredKeys: [] })),
    targets: mostly(fc.constant([ALICE.id, ALICE.id])),
  }, { requiredKeys: [] });
  const payload = fc.tuple(row, parts).map(([row, parts]) => ({ ...parts, ...row as object }));
  const body = mostly(fc.record({ msg_id: mostly(fc.constant("m"), text), payload: mostly(payload) }));
  const seen = new Set<string>();
  const takes = (value: unknown, need: Need) => schemaFor(need).safeParse(value).success;
  await fc.assert(
    fc.asyncProperty(body, async (any) => {
      const value = JSON.parse(JSON.stringify(any));
      const notification = recognise(value);
      assert.equal(notification.kind !== "invalid", takes(value, "head"), "ids and name");
      if (notification.kind === "invalid") return;
      const result = attribute(notification, RULES);
      const need = result.kind === "attributed"
        ? NEEDS.find((need) => result.source === `data.${need}.email`) ?? "recipient"
        : result.kind === "ask"
        ? "ask"
        : result.kind === "invalid"
        ? result.need
        : "head";
      seen.add(`${result.kind} ${need}`);
      assert.equal(takes(value, need), result.kind !== "invalid", need);
      if (result.kind !== "invalid") return;
      const { field, rule } = await problemOf(value, result);
      assert.match(field, /^payload\.[a-z_.]+$/);
      assert.match(rule, /^must (?:be|have|not) /);
    }),
    { numRuns: 2_000 },
  );
  const expected = ["ask ask", "ignored head"];
  for (const need of ["owner", "user", "recipient"]) expected.push(`attributed ${need}`, `invalid ${need}`);
  for (const kind of expected) assert.ok(seen.has(kind), `${kind} never came up`);
});

/** JSON text: `levels` containers, one in the other. */
function deep(levels: number, open: string, close: string): string {
  return open.repeat(levels) + (open === "[" ? "" : "1") + close.repeat(levels);
}
