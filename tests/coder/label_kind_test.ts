import assert from "node:assert/strict";
import { isPasscode, kindOfLabel, type LabelKind } from "../../lib/coder/label_kind.ts";

/** Labels by kind. */
const KINDS: Readonly<Record<LabelKind, readonly string[]>> = {
  secret: [
    ...[
      "key",
      "KEY",
      "api_key",
      "apiKey",
      "APIKey",
      "API_KEY",
      "access-key",
      "ssh key",
      "key1",
      "keys",
      "my.key",
    ],
    ...["apikey", "APIKEY", "accesskey", "ssh_privatekey", "kEy", "public_key_id", "ｋｅｙ", "clé_key"],
    ...["password", "dbPassword", "one_PASSWORD", "dbpassword", "passwords", "passphrase"],
    ...[
      "secret",
      "Secret",
      "client_secret",
      "clientsecret",
      "token",
      "git_token",
      "authToken",
      "authtoken",
      "tokens",
    ],
    ...["credential", "aws-credentials", "passcode", "pwd", "db_passwd", "Authorization"],
  ],
  person: ["user_id", "owner_id", "workspace_owner_id", "initiator_id", "userId", "user-id", "memberid"],
  typed: ["task", "Task", "TASK", "project_name", "projectName", "Project Name"],
  maybe_typed: [
    ...[
      "title",
      "body",
      "message",
      "text",
      "description",
      "prompt",
      "prompts",
      "task_name",
      "project",
      "chat",
    ],
    ...[
      "chat_title",
      "custom_message",
      "template_version_message",
      "taskPrompt",
      "Description",
      "admin_note",
      "notes",
    ],
  ],
  plain: [
    ...["monkey", "keyboard", "turkey", "whiskey", "hotkeys", "monkeys", "keynote", "secretary", "tokenizer"],
    ...[
      "workspace",
      "task_id",
      "project_id",
      "chat_id",
      "message_id",
      "username",
      "claimant",
      "context",
      "",
      "1",
      "漢字",
    ],
    ...["account_type", "timeTilDormant", "passenger", "uuid", "constructor", "__proto__"],
  ],
};

Deno.test("a label's name says what its value is, by its words and not by their parts", async (t) => {
  for (const [kind, labels] of Object.entries(KINDS)) {
    for (const label of labels) {
      await t.step(`${label} is ${kind}`, () => {
        assert.equal(kindOfLabel(label), kind);
        assert.equal(kindOfLabel(label), kind, "when it is remembered");
      });
    }
  }
});

Deno.test("labels are told apart as before when more names have come than are remembered", () => {
  for (let i = 0; i < 2_000; i++) {
    assert.equal(kindOfLabel(`zone_${i}`), "plain");
    assert.equal(kindOfLabel(`api_key_${i}`), "secret");
  }
});

Deno.test("a passcode is known by its label in any spelling", async (t) => {
  const rows: [label: string, isOne: boolean][] = [
    ["one_time_passcode", true],
    ["oneTimePasscode", true],
    ["PASS-CODE", true],
    ["otp", true],
    ["user_otp", true],
    ["laptop", false],
    ["pass", false],
    ["footpath", false],
  ];
  for (const [label, isOne] of rows) await t.step(label, () => assert.equal(isPasscode(label), isOne));
});
