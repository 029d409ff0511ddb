import assert from "node:assert/strict";
import fc from "fast-check";
import { parseNotification } from "../../lib/coder/notification.ts";
import { ALICE, anyText, IDS, notificationWith, parsed, TINA } from "../support/fakes.ts";

/** Levels of nesting of `payload.data` that are accepted, the outermost object included. */
const MAX_DEPTH = 64;
const TOO_DEEP = `must not nest deeper than ${MAX_DEPTH} levels`;

Deno.test("a notification holds what the body says, ids and addresses trimmed", () => {
  const body = notificationWith({
    notification_name: " workspace  Created",
    notification_template_id: " 281FDF73-C6D6-4CBB-8FF5-888BAF8A2FFF ",
    user_id: ` ${TINA.id}\n`,
    user_email: `\t${TINA.email} `,
    labels: { workspace: " alice-dev ", constructor: "c", "2": "two", "1": "one" },
    data: { owner: { ...ALICE, extra: [1, null] }, parameters: [{ name: "cpu", value: "4" }] },
  });
  assert.deepEqual(parsed(body), {
    messageId: IDS.message,
    name: " workspace  Created",
    templateId: "281fdf73-c6d6-4cbb-8ff5-888baf8a2fff",
    recipient: TINA,
    labels: { "1": "one", "2": "two", workspace: " alice-dev ", constructor: "c" },
    data: { owner: { ...ALICE, extra: [1, null] }, parameters: [{ name: "cpu", value: "4" }] },
    targets: [IDS.workspace, IDS.owner, IDS.template, IDS.organization],
  });
});

Deno.test("only a message id and a name are required: what is missing or null is empty", async (t) => {
  const others = ["notification_template_id", "user_id", "user_email", "labels", "data", "targets"];
  const bodies: [what: string, body: unknown][] = [
    ["missing", { msg_id: "m", payload: { notification_name: "n" } }],
    ["null", { msg_id: "m", payload: { notification_name: "n", ...of(others, null) } }],
  ];
  for (const [what, body] of bodies) {
    await t.step(what, () =>
      assert.deepEqual(parsed(body), {
        messageId: "m",
        name: "n",
        templateId: "",
        recipient: { id: "", email: "" },
        labels: {},
        data: null,
        targets: [],
      }));
  }
});

Deno.test("null or nothing is accepted for every part of data that is read", async (t) => {
  const parts = ["owner", "user", "workspace", "template", "template_version", "organization"];
  const members = ["id", "name", "email"];
  for (const part of parts) {
    for (const value of [null, {}, of(members, null)]) {
      await t.step(`${part}: ${JSON.stringify(value)}`, () => {
        assert.deepEqual(parsed(notificationWith({ data: { [part]: value } })).data, { [part]: value });
      });
    }
  }
});

Deno.test("unknown fields and fields that are not used may hold anything", async (t) => {
  const unused = ["title", "title_markdown", "body", "body_markdown", "_version", "news"];
  const unusedInside = ["_version", "user_name", "user_username", "actions", "news"];
  for (const value of [null, 1, true, "text", [], {}, [{ label: 1 }]]) {
    await t.step(JSON.stringify(value), () => {
      const { msg_id, payload } = notificationWith();
      parsed({ ...of(unused, value), msg_id, payload: { ...payload, ...of(unusedInside, value) } });
      parsed(notificationWith({ data: { timestamp: value, parameters: value, news: value } }));
    });
  }
});

Deno.test("a refusal names the first field that is wrong, the rule, and what is there", async (t) => {
  const { payload } = notificationWith();
  const rows: [body: unknown, field: string, rule: string][] = [
    [null, "the body", "must be an object: it is null"],
    [[], "the body", "must be an object: it is a list"],
    ["text", "the body", "must be an object: it is a string"],
    [{}, "msg_id", "must be text: it is missing"],
    [{ msg_id: null, payload }, "msg_id", "must be text: it is null"],
    [{ msg_id: 5, payload: 5 }, "msg_id", "must be text: it is a number"],
    [{ msg_id: "", payload }, "msg_id", "must be non-empty text: it is empty"],
    [{ msg_id: " \n", payload }, "msg_id", "must be non-empty text: it is empty"],
    [{ msg_id: "m" }, "payload", "must be an object: it is missing"],
    [{ msg_id: "m", payload: [] }, "payload", "must be an object: it is a list"],
    [{ msg_id: "m", payload: {} }, "payload.notification_name", "must be text: it is missing"],
    [
      notificationWith({ notification_name: "" }),
      "payload.notification_name",
      "must be non-empty text: it is empty",
    ],
    [
      notificationWith({ notification_template_id: 1 }),
      "payload.notification_template_id",
      "must be text: it is a number",
    ],
    [notificationWith({ user_id: true }), "payload.user_id", "must be text: it is a boolean"],
    [notificationWith({ user_email: {} }), "payload.user_email", "must be text: it is an object"],
    // What has a length is not measured before it is known to be a text.
    [
      notificationWith({ user_id: { length: { toString: 1 } } }),
      "payload.user_id",
      "must be text: it is an object",
    ],
    [{ msg_id: { length: { toString: 1 } }, payload }, "msg_id", "must be text: it is an object"],
    [
      notificationWith({ data: { owner: { email: { length: { toString: 1 } } } } }),
      "payload.data.owner.email",
      "must be text: it is an object",
    ],
    [notificationWith({ labels: [] }), "payload.labels", "must be an object with texts: it is a list"],
    [notificationWith({ labels: { a: "", b: 1, c: 2 } }), "payload.labels.b", "must be text: it is a number"],
    [notificationWith({ labels: { a: null } }), "payload.labels.a", "must be text: it is null"],
    [
      notificationWith({ labels: { constructor: 1 } }),
      "payload.labels.constructor",
      "must be text: it is a number",
    ],
    [notificationWith({ data: [] }), "payload.data", "must be an object: it is a list"],
    [notificationWith({ data: "text" }), "payload.data", "must be an object: it is a string"],
    [notificationWith({ data: { owner: [] } }), "payload.data.owner", "must be an object: it is a list"],
    [
      notificationWith({ data: { user: { email: 1 } } }),
      "payload.data.user.email",
      "must be text: it is a number",
    ],
    [
      notificationWith({ data: { workspace: { id: [] } } }),
      "payload.data.workspace.id",
      "must be text: it is a list",
    ],
    [notificationWith({ targets: {} }), "payload.targets", "must be a list: it is an object"],
    [notificationWith({ targets: ["", 1] }), "payload.targets.1", "must be text: it is a number"],
    [
      notificationWith({ labels: 1, targets: 1 }),
      "payload.labels",
      "must be an object with texts: it is a number",
    ],
  ];
  for (const [body, field, rule] of rows) {
    await t.step(`${field} ${rule}`, () => {
      assert.deepEqual(parseNotification(body), { ok: false, field, rule });
    });
  }
});

Deno.test("a refusal quotes no value, whatever is wrong with it", () => {
  const secret = "alice@example.com and hunter2";
  for (const value of [[secret], { [secret]: secret }]) {
    for (const field of ["notification_name", "notification_template_id", "user_id", "user_email"]) {
      const result = parseNotification(notificationWith({ [field]: value }));
      assert.equal(result.ok, false);
      assert.doesNotMatch(JSON.stringify(result), /alice|hunter2/);
    }
  }
});

Deno.test("the name of a wrong field is shortened, fit for a log line, and still names the field", async (t) => {
  const rows: [what: string, label: string, field: RegExp][] = [
    ["70 characters", "n".repeat(70), /^payload\.labels\.n{64}…$/],
    ["100,000 characters", "n".repeat(100_000), /^payload\.labels\.n*…$/],
    ["100,000 characters in words", "n ".repeat(50_000), /^payload\.labels\.(n )*n?…$/],
    ["a line feed", "a\nb", /^payload\.labels\.a\\u\{a\}b$/],
  ];
  for (const [what, label, field] of rows) {
    await t.step(what, () => {
      const result = parseNotification(notificationWith({ labels: { [label]: 1 } }));
      assert.ok(!result.ok);
      assert.match(result.field, field);
      assert.ok([...result.field].length <= 80, `${[...result.field].length} code points`);
    });
  }
  await t.step("an address in it is not shown", () => {
    const result = parseNotification(notificationWith({ labels: { "to alice@example.com": 1 } }));
    assert.ok(!result.ok);
    assert.equal(result.field, "payload.labels.to (e-mail)");
  });
});

Deno.test(`data may nest ${MAX_DEPTH} levels deep and no deeper`, async (t) => {
  for (const [what, open, close] of [["objects", '{"a":', "}"], ["lists", "[", "]"]] as const) {
    await t.step(what, () => {
      // The object that holds them is a level too.
      const nested = (levels: number) => ({ x: JSON.parse(deep(levels - 1, open, close)) as unknown });
      parsed(notificationWith({ data: nested(MAX_DEPTH) }));
      assert.deepEqual(parseNotification(notificationWith({ data: nested(MAX_DEPTH + 1) })), {
        ok: false,
        field: "payload.data",
        rule: TOO_DEEP,
      });
    });
  }
});

Deno.test("100,000 levels of nesting are an error or not looked at, and never overflow the stack", async (t) => {
  const bottomless = JSON.parse(deep(100_000, '{"a":', "}")) as unknown;
  const { msg_id, payload } = notificationWith();
  const rows: [where: string, body: unknown, result: unknown][] = [
    ["the body", bottomless, { ok: false, field: "msg_id", rule: "must be text: it is missing" }],
    ["msg_id", { msg_id: bottomless, payload }, {
      ok: false,
      field: "msg_id",
      rule: "must be text: it is an object",
    }],
    ["data", notificationWith({ data: bottomless }), { ok: false, field: "payload.data", rule: TOO_DEEP }],
    [
      "a part of data that is read",
      notificationWith({ data: { owner: bottomless } }),
      { ok: false, field: "payload.data", rule: TOO_DEEP },
    ],
    [
      "a label",
      notificationWith({ labels: { a: bottomless } }),
      { ok: false, field: "payload.labels.a", rule: "must be text: it is an object" },
    ],
    [
      "a target",
      notificationWith({ targets: [bottomless] }),
      { ok: false, field: "payload.targets.0", rule: "must be text: it is an object" },
    ],
    ["title", { msg_id, payload, title: bottomless }, { ok: true, notification: parsed(notificationWith()) }],
    [
      "actions",
      notificationWith({ actions: bottomless }),
      { ok: true, notification: parsed(notificationWith()) },
    ],
  ];
  for (const [where, body, result] of rows) {
    await t.step(where, () => assert.deepEqual(parseNotification(body), result));
  }
});

Deno.test("no JSON value makes the parser throw", () => {
  const json = fc.jsonValue({ maxDepth: 6 });
  const field = fc.constantFrom("notification_name", "user_email", "labels", "data", "targets", "__proto__");
  const person = fc.record({ id: json, email: json }, { requiredKeys: [] });
  const body = fc.oneof(
    json,
    fc.record({ msg_id: json, payload: json }, { requiredKeys: [] }),
    fc.tuple(field, json).map(([name, value]) => notificationWith({ [name]: value })),
    fc.dictionary(anyText(20), json).map((labels) => notificationWith({ labels })),
    fc.dictionary(anyText(20), json).map((data) => notificationWith({ data })),
    fc.record({ owner: person, user: person }).map((data) => notificationWith({ data })),
  );
  fc.assert(
    fc.property(body, (value) => {
      const result = parseNotification(JSON.parse(JSON.stringify(value)));
      if (result.ok) return;
      assert.notEqual(result.field, "");
      assert.match(result.rule, /^must (?:be|not) /);
    }),
    { numRuns: 1000 },
  );
});

function of(names: readonly string[], value: unknown): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, value]));
}

/** JSON text: `levels` containers, one in the other. */
function deep(levels: number, open: string, close: string): string {
  return open.repeat(levels) + (open === "[" ? "" : "1") + close.repeat(levels);
}
