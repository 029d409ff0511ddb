import assert from "node:assert/strict";
import fc from "fast-check";
import { fitMetadata } from "../../lib/platformx/budget.ts";
import { selectMetadata } from "../../lib/platformx/metadata.ts";
import { ALICE, anyText, IDS, notificationWith, parsed, TINA } from "../support/fakes.ts";

type Payload = Record<string, unknown>;

const UNKNOWN = { notification_name: "Changelog", notification_template_id: null, data: null, targets: null };

function selected(body: unknown, messageId: string = IDS.message): ReturnType<typeof selectMetadata> {
  const notification = parsed(body);
  const { user_id, user_email } = notification.payload;
  const recipient = { id: String(user_id ?? ""), email: String(user_email ?? "") };
  return selectMetadata({ notification, recipient }, messageId);
}

/** The fields of a notification, but for `coder_message_id`, which is always the last one. */
function fieldsOf(payload: Payload): (readonly [string, string])[] {
  const { fields } = selected(notificationWith(payload));
  assert.deepEqual(fields.at(-1), ["coder_message_id", IDS.message]);
  return fields.slice(0, -1);
}

function leftOutOf(payload: Payload): Record<string, string> {
  const { leftOut } = selected(notificationWith(payload));
  return Object.fromEntries(leftOut.map(({ label, why }) => [label, why]));
}

Deno.test("metadata is in order of worth: what people look for, other labels by alphabet, ids, the message", () => {
  const body = notificationWith({
    labels: {
      zone: "eu",
      reason: "autostart",
      initiator: "bob",
      Account: "capitals come first",
      workspace_owner_username: "alice",
      organization: "acme",
      version: "brave_turing4",
      template: "docker-go",
      workspace: "alice-dev",
      "10": "ten",
    },
    data: {
      owner: ALICE,
      organization: { id: "o" },
      template_version: { id: "v" },
      template: { id: "t" },
      workspace: { id: "w" },
    },
  });
  assert.deepEqual(selected(body, "m").fields, [
    ["workspace", "alice-dev"],
    ["template", "docker-go"],
    ["template_version", "brave_turing4"],
    ["organization", "acme"],
    ["initiator", "bob"],
    ["reason", "autostart"],
    ["10", "ten"],
    ["Account", "capitals come first"],
    ["workspace_owner_username", "alice"],
    ["zone", "eu"],
    ["workspace_id", "w"],
    ["template_id", "t"],
    ["template_version_id", "v"],
    ["organization_id", "o"],
    ["coder_message_id", "m"],
  ]);
});

Deno.test("what Coder's call sites name differently has one name", async (t) => {
  const deleted = { ...UNKNOWN, notification_name: "Workspace Deleted" };
  const templateDeleted = { ...UNKNOWN, notification_name: "Template Deleted" };
  const taskIdle = { ...UNKNOWN, notification_name: "Task Idle" };
  const named = { ...taskIdle, data: { workspace: { name: "d" } } };
  const rows: [payload: Payload, labels: Payload, fields: [string, string][]][] = [
    [UNKNOWN, { workspace: "w" }, [["workspace", "w"]]],
    [deleted, { name: "w" }, [["workspace", "w"]]],
    [deleted, { name: "n", workspace: "w" }, [["workspace", "w"], ["name", "n"]]],
    [taskIdle, { name: "n" }, [["name", "n"]]],
    [UNKNOWN, { name: "n" }, [["name", "n"]]],
    [named, { reason: "r" }, [["workspace", "d"], ["reason", "r"]]],
    [named, { workspace: "w" }, [["workspace", "w"]]],
    [named, { workspace: "" }, [["workspace", "d"]]],
    [UNKNOWN, { template: "t" }, [["template", "t"]]],
    [UNKNOWN, { template_name: "t" }, [["template", "t"]]],
    [UNKNOWN, { template_name: "n", template: "t" }, [["template", "t"], ["template_name", "n"]]],
    [templateDeleted, { name: "t" }, [["template", "t"]]],
    [UNKNOWN, { version: "v" }, [["template_version", "v"]]],
    [UNKNOWN, { template_version_name: "v" }, [["template_version", "v"]]],
    [UNKNOWN, { template_version: "v" }, [["template_version", "v"]]],
    [UNKNOWN, { template_version_name: "n", version: "v" }, [
      ["template_version", "v"],
      ["template_version_name", "n"],
    ]],
    [UNKNOWN, { organization: "o" }, [["organization", "o"]]],
    [UNKNOWN, { org: "o" }, [["organization", "o"]]],
    [UNKNOWN, { organization_name: "o" }, [["organization", "o"]]],
    [UNKNOWN, { initiator: "i" }, [["initiator", "i"]]],
    [UNKNOWN, { reason: "r" }, [["reason", "r"]]],
    [UNKNOWN, { pause_reason: "r" }, [["reason", "r"]]],
  ];
  for (const [payload, labels, fields] of rows) {
    const { notification_name, data } = payload;
    await t.step(`${notification_name}: ${JSON.stringify({ labels, data })}`, () => {
      assert.deepEqual(fieldsOf({ ...payload, labels }), fields);
    });
  }
});

Deno.test("ids of things come from data, else from the targets that the catalogue knows; persons' never", async (t) => {
  const targets = ["t0", "t1", "t2", "t3", "t4", "t5", "t6"];
  const rows: [name: string, ids: [string, string][]][] = [
    ["Workspace Deleted", [["workspace_id", "t0"], ["template_id", "t2"], ["organization_id", "t3"]]],
    ["Workspace Out Of Memory", [["workspace_id", "t0"], ["organization_id", "t2"]]],
    ["Task Idle", [["workspace_id", "t0"], ["organization_id", "t2"]]],
    ["Task Paused", [["workspace_id", "t0"], ["organization_id", "t2"]]],
    ["Template Deleted", [["template_id", "t0"], ["organization_id", "t1"]]],
    ["Prebuilt Workspace Resource Replaced", [
      ["workspace_id", "t0"],
      ["template_id", "t2"],
      ["template_version_id", "t3"],
      ["organization_id", "t5"],
    ]],
    ["Prebuild Failure Limit Reached", [
      ["template_id", "t0"],
      ["template_version_id", "t1"],
      ["organization_id", "t3"],
    ]],
    ["User account created", []],
    ["Template Deprecated", []],
    ["Report: Workspace Builds Failed", []],
    ["Chat Shared", []],
    ["AI Budget Warning", []],
    ["User Reached AI Budget Limit", []],
    ["Changelog", []],
  ];
  for (const [notification_name, ids] of rows) {
    const about = { notification_name, notification_template_id: null, labels: {} };
    await t.step(notification_name, () => {
      assert.deepEqual(fieldsOf({ ...about, data: null, targets }), ids);
      for (const none of [[], null]) assert.deepEqual(fieldsOf({ ...about, data: null, targets: none }), []);
    });
    await t.step(`${notification_name}, with ids in data`, () => {
      const data = { workspace: { id: "d0" }, owner: { id: "d1" }, user: { id: "d1" }, template: { id: "" } };
      const others = ids.filter(([key]) => key !== "workspace_id");
      assert.deepEqual(fieldsOf({ ...about, data, targets }), [["workspace_id", "d0"], ...others]);
    });
  }
});

Deno.test("labels that are nobody's business stay out, each with its reason", async (t) => {
  const automatic = { notification_name: "Workspace Updated Automatically", notification_template_id: null };
  const texts = ["title", "body", "message", "text", "description"];
  const prompts = [
    "task",
    "Task",
    "project_name",
    "prompt",
    "task_prompt",
    "user_message",
    "chat_title",
    "project",
  ];
  const always = ["task", "project_name", "projectName"];
  const personal = ["user_id", "owner_id", "workspace_owner_id", "initiator_id", "userId"];
  const secret = [
    "git_token",
    "API_KEY",
    "dbPassword",
    "Secret",
    "aws-credentials",
    "apiKey",
    "access-key",
    "KEY",
  ];
  const taken = ["workspace_id", "coder_message_id"];
  const fine = ["task_id", "username", "threshold", "claimant", "zone", "monkey", "keyboard", "account_type"];
  const rows: [what: string, payload: Payload, leftOut: Record<string, string>][] = [
    ["an empty one", { labels: { initiator: "", zone: "eu" } }, { initiator: "empty" }],
    ["free text of the row", { ...automatic, labels: { template_version_message: "hi", message: "ok" } }, {
      template_version_message: "free_text",
    }],
    ["free text of an unknown event", { ...UNKNOWN, labels: each("x", texts) }, each("free_text", texts)],
    ["prompts of an unknown event", { ...UNKNOWN, labels: each("x", prompts) }, each("free_text", prompts)],
    ["names that people type, in any event", { labels: each("x", always) }, each("free_text", always)],
    ["a task's prompt", {
      notification_name: "Task Idle",
      notification_template_id: null,
      labels: { task: "x" },
    }, {
      task: "free_text",
    }],
    ["what is no text", { labels: { build: 5, zone: "eu", preset: null, org: ["x"] } }, {
      build: "not_text",
      preset: "not_text",
      org: "not_text",
    }],
    ["a long name", { labels: { ["n".repeat(201)]: "x", ["n".repeat(200)]: "x" } }, {
      ["n".repeat(201)]: "name_too_long",
    }],
    ["the recipient's address", { labels: { to: TINA.email } }, { to: "recipient" }],
    ["the recipient's id", { labels: { to: TINA.id } }, { to: "personal_id" }],
    ["the owner's id", { labels: { whose: ALICE.id } }, { whose: "personal_id" }],
    ["the owner's id, known by targets", { data: null, labels: { whose: IDS.owner } }, {
      whose: "personal_id",
    }],
    ["the user's id", { data: { user: { id: "u1" } }, labels: { whose: "u1" } }, { whose: "personal_id" }],
    ["names of a person's id", { labels: each("x", personal) }, each("personal_id", personal)],
    ["names with a secret", { labels: each("x", secret) }, each("secret_name", secret)],
    ["names that the service gives", { labels: each("x", taken) }, each("name_taken", taken)],
    ["all others stay", { labels: each("x", fine) }, {}],
  ];
  for (const [what, payload, leftOut] of rows) {
    await t.step(what, () => assert.deepEqual(leftOutOf(payload), leftOut));
  }
});

Deno.test("of any labels, every one is either a field or left out", () => {
  fc.assert(
    fc.property(
      fc.dictionary(anyText(20), anyText(20)),
      fc.constantFrom("Task Idle", "Else"),
      (labels, name) => {
        const { fields, leftOut } = selected(
          notificationWith({ notification_name: name, labels, data: null, targets: null }),
        );
        assert.equal(fields.length - 1 + leftOut.length, Object.keys(labels).length);
        assert.equal(new Set(fields.map(([key]) => key)).size, fields.length, "a key twice");
        for (const [key, value] of fields) {
          assert.ok(
            key.isWellFormed() && value.isWellFormed() && value !== "",
          );
        }
      },
    ),
    // Two labels that differ in a lone surrogate only, and so not at all when that is replaced.
    { numRuns: 300, examples: [[Object.fromEntries([["a\ud800", "1"], ["a\udc00", "2"]]), "Else"]] },
  );
});

Deno.test("whatever the labels, metadata fits, is the same every time, and holds nothing forbidden", () => {
  const ids = { recipient: "7e1d-recipient", owner: "7e1d-owner", user: "7e1d-user" };
  const recipient = { user_id: ids.recipient, user_email: "7e1d@recipient.test", user_name: "7e1d name" };
  const texts = { title: "7e1d title", title_markdown: "7e1d", body: "7e1d body", body_markdown: "7e1d" };
  const forbidden = {
    git_token: "7e1d token",
    one_PASSWORD: "7e1d password",
    "the-secret": "7e1d secret",
    credentials: "7e1d credentials",
    "ssh key": "7e1d key",
    owner_id: "7e1d id",
    ...Object.fromEntries(Object.entries(ids).map(([name, id]) => [`of ${name}`, id])),
    to: recipient.user_email,
  };
  const freeText: Record<string, string[]> = {
    "Workspace Created": [],
    "Workspace Updated Automatically": ["template_version_message"],
    "Template Deprecated": ["message"],
    "Chat Shared": ["chat_title"],
    "Custom Notification": ["custom_title", "custom_message"],
    Changelog: ["title", "body", "message", "text", "description"],
  };
  const data = {
    owner: { id: ids.owner, email: "7e1d@owner.test", name: "7e1d owner" },
    user: { id: ids.user, email: "7e1d@user.test", name: "7e1d user" },
    parameters: [{ name: "7e1d parameter", value: "7e1d value" }],
    archived_chats: [{ title: "7e1d chat" }],
    workspace: { id: IDS.workspace, name: "alice-dev" },
  };
  const huge = fc.tuple(anyText(20), fc.nat(3_000)).map(([text, times]) => (text + "x").repeat(times));
  const labels = fc.oneof(
    { weight: 3, arbitrary: fc.dictionary(anyText(30), fc.oneof(anyText(80), huge), { maxKeys: 40 }) },
    { weight: 1, arbitrary: many() },
  );
  fc.assert(
    fc.property(labels, fc.constantFrom(...Object.keys(freeText)), anyText(40), (some, name, messageId) => {
      const planted = Object.fromEntries((freeText[name] ?? []).map((label) => [label, "7e1d free text"]));
      const payload = {
        notification_name: name,
        notification_template_id: null,
        ...recipient,
        labels: { ...some, ...forbidden, ...planted },
        data,
        targets: [IDS.workspace, ids.owner, IDS.template, IDS.organization],
        actions: [{ label: "7e1d action", url: "https://7e1d.test" }],
      };
      const body = { ...notificationWith(payload), ...texts };
      const [metadata, again] = [metadataOf(body, `m${messageId}`), metadataOf(body, `m${messageId}`)];
      const json = JSON.stringify(metadata.metadata);
      assert.equal(new TextEncoder().encode(json).length, metadata.bytes);
      assert.ok(metadata.bytes <= 1000, `${metadata.bytes} bytes`);
      for (const [key, value] of Object.entries(metadata.metadata)) {
        assert.ok(key.isWellFormed() && value.isWellFormed(), key);
      }
      assert.ok(!json.includes("7e1d"), json);
      assert.equal(JSON.stringify(again), JSON.stringify(metadata));
    }),
    { numRuns: 150 },
  );
});

function metadataOf(body: unknown, messageId: string) {
  return fitMetadata(selected(body, messageId).fields);
}

/** 2,000 labels with names of one kind. */
function many(): fc.Arbitrary<Record<string, string>> {
  return fc.tuple(anyText(10), anyText(100)).map(([name, value]) =>
    Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`${name}${i}`, `${value}${i}`]))
  );
}

/** The labels, each with the same value. */
function each(value: string, labels: readonly string[]): Record<string, string> {
  return Object.fromEntries(labels.map((label) => [label, value]));
}

Deno.test("what decorates and is of another type is left out, and the rest stays", async (t) => {
  const rows: [payload: Payload, fields: [string, string][]][] = [
    [{ labels: "text", data: null, targets: null }, []],
    [{ labels: ["text"], data: [], targets: "text" }, []],
    [{ labels: { workspace: 5, version: "v" }, data: { workspace: { name: "d" } }, targets: [] }, [
      ["workspace", "d"],
      ["template_version", "v"],
    ]],
    [{ labels: {}, data: { workspace: { name: 5, id: 5 }, template: "text" }, targets: [5, 5, "t2"] }, [
      ["template_id", "t2"],
    ]],
    [{ labels: {}, data: { workspace: { name: "n".repeat(1_001), id: "i".repeat(201) } }, targets: ["t0"] }, [
      ["workspace_id", "t0"],
    ]],
  ];
  for (const [payload, fields] of rows) {
    await t.step(JSON.stringify(payload).slice(0, 80), () => assert.deepEqual(fieldsOf(payload), fields));
  }
});

Deno.test("facts that Coder puts into data only are added where the catalogue says so", async (t) => {
  const disk = { notification_name: "Workspace Out Of Disk", notification_template_id: null, targets: null };
  const chats = { notification_name: "Chats Auto-Archived", notification_template_id: null, targets: null };
  const two = [{ path: "/home/coder", threshold: "90%" }, { path: "/var", threshold: "95%" }];
  const rows: [payload: Payload, fields: [string, string][]][] = [
    [{ ...disk, labels: { workspace: "w", zone: "eu", a: "b" }, data: { volumes: two } }, [
      ["workspace", "w"],
      ["a", "b"],
      ["volumes", "/home/coder 90%, /var 95%"],
      ["zone", "eu"],
    ]],
    [{ ...disk, labels: {}, data: { volumes: [5, { path: "/a" }, { path: 1, threshold: "1%" }, two[1]] } }, [
      ["volumes", "/var 95%"],
    ]],
    [{ ...disk, labels: { volumes: "a label" }, data: { volumes: two } }, [["volumes", "a label"]]],
    [{ ...disk, labels: {}, data: { volumes: "text" } }, []],
    [{ ...disk, labels: {}, data: null }, []],
    [{ ...chats, labels: {}, data: { archived_chats: [{}, {}], auto_archive_days: "90" } }, [
      ["chats", "2"],
      ["days", "90"],
    ]],
    [{ ...chats, labels: {}, data: { archived_chats: [{}], additional_archived_count: "7" } }, [[
      "chats",
      "8",
    ]]],
    [{ ...chats, labels: {}, data: { archived_chats: 5, auto_archive_days: "soon" } }, []],
    [{ ...chats, labels: {}, data: { archived_chats: [{}], additional_archived_count: {} } }, []],
    [{ ...UNKNOWN, labels: {}, data: { volumes: two, archived_chats: [{}], auto_archive_days: "90" } }, []],
  ];
  for (const [payload, fields] of rows) {
    const { notification_name, labels, data } = payload;
    await t.step(`${notification_name}: ${JSON.stringify({ labels, data })}`, () => {
      assert.deepEqual(fieldsOf({ ...payload, labels }), fields);
    });
  }
});

Deno.test("of very many labels the first 500 are looked at, and what follows is said to be left out", () => {
  const labels = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`l${100_000 + i}`, "v"]));
  const { fields, leftOut } = selected(notificationWith({ labels, data: null, targets: null }));
  assert.deepEqual(fields.map(([key]) => key), [...Object.keys(labels).slice(0, 500), "coder_message_id"]);
  assert.deepEqual(leftOut, [{ label: "l100500", why: "too_many" }]);
});
