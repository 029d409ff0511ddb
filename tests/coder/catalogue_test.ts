import assert from "node:assert/strict";
import fc from "fast-check";
import { attribute } from "../../lib/coder/attribution.ts";
import { CATALOGUE, findRow } from "../../lib/coder/catalogue.ts";
import type { CatalogueRow } from "../../lib/coder/catalogue/row.ts";
import { parseTracking } from "../../lib/coder/tracking.ts";
import { anyText, notificationWith, parsed } from "../support/fakes.ts";

/** Where the address of the person stands; `nowhere`: the webhook does not hold it. */
type Where = "owner" | "user" | "recipient" | "nowhere";

const WOTO = "workspace owner template organization";
const WOO = "workspace owner organization";
const WOO_APP = "workspace owner organization app";
const PREBUILT = "workspace owner template template_version preset organization";

/** What few notifications have; what is left out, the row must not have. */
type More = Pick<CatalogueRow, "ask" | "freeText" | "nameIs" | "offByDefault" | "onlyByName" | "secret">;

const OFF: More = { offByDefault: true };
const NAMES_WORKSPACE: More = { nameIs: "workspace" };
const TASK: More = { freeText: ["task"] };
const ASK_FOR_USER: More = { ask: { target: "user", label: "username" } };

/**
 * Coder's notifications as its sources have them, written down a second time: name, template UUID, where the
 * person's address stands, meaning of `targets` by position, and what few have.
 */
const FACTS: [name: string, templateId: string, where: Where, targets: string, more?: More][] = [
  ["Workspace Created", "281fdf73-c6d6-4cbb-8ff5-888baf8a2fff", "owner", WOTO, OFF],
  ["Workspace Manually Updated", "d089fe7b-d5c5-4c0c-aaf5-689859f7d392", "owner", WOTO, OFF],
  ["Workspace Deleted", "f517da0b-cdc9-410f-ab89-a86107c420ed", "recipient", WOTO, NAMES_WORKSPACE],
  ["Workspace Autobuild Failed", "381df2a9-c0c0-4749-420f-80a9280c66f9", "recipient", WOTO, NAMES_WORKSPACE],
  ["Workspace Marked as Dormant", "0ea69165-ec14-4314-91f1-69566ac3c5a0", "recipient", WOTO, NAMES_WORKSPACE],
  ["Workspace Updated Automatically", "c34a0c09-0704-4cac-bd1c-0c0146811c2b", "recipient", WOTO, {
    ...NAMES_WORKSPACE,
    freeText: ["template_version_message"],
  }],
  [
    "Workspace Marked for Deletion",
    "51ce2fdf-c9ca-4be1-8d70-628674f9bc42",
    "recipient",
    WOTO,
    NAMES_WORKSPACE,
  ],
  ["Workspace Autostop Reminder", "6f6cb984-c167-4fa5-bb87-1058dd642779", "recipient", WOTO],
  ["Workspace Manual Build Failed", "2faeee0f-26cb-4e96-821c-85ccb9f71513", "nowhere", WOTO, {
    ...NAMES_WORKSPACE,
    ask: { target: "owner", label: "workspace_owner_username" },
  }],
  ["Workspace Out Of Memory", "a9d027b4-ac49-4fb1-9f6d-45af15f64e7a", "recipient", WOO],
  ["Workspace Out Of Disk", "f047f6a3-5713-40f7-85aa-0394cce9fa3a", "recipient", WOO],
  ["User account created", "4e19c0ac-94e1-4532-9515-d1801aa283b2", "user", "user"],
  ["User account deleted", "f44d9314-ad03-4bc8-95d0-5cad491da6b6", "nowhere", "user", {
    ask: { target: "user", label: "deleted_account_name" },
  }],
  ["User account suspended", "b02ddd82-4733-4d02-a2d7-c36f3598997d", "user", "user"],
  ["User account activated", "9f5af851-8408-4e73-a7a1-c6502ba46689", "user", "user"],
  ["Your account has been suspended", "6a2f0609-9b69-4d36-a989-9f5925b6cbff", "recipient", "user"],
  ["Your account has been activated", "1a6a6bea-ee0a-43e2-9e7c-eabdb53730e4", "recipient", "user"],
  ["One-Time Passcode", "62f86a30-2330-4b61-a26d-311ff3b608cf", "recipient", "user", { secret: true }],
  ["Template Deleted", "29a09665-2a4c-403f-9648-54301670e7be", "nowhere", "template organization", {
    nameIs: "template",
  }],
  ["Template Deprecated", "f40fae84-55a2-42cd-99fa-b41c1ca64894", "recipient", "", { freeText: ["message"] }],
  // Its targets are a list without repetitions over many templates: no position has a meaning.
  ["Report: Workspace Builds Failed", "34a20db2-e9cc-4a93-b0e4-8569699d7a00", "nowhere", ""],
  ["Prebuilt Workspace Resource Replaced", "89d9745a-816e-4695-a17f-3d0a229e2b8d", "nowhere", PREBUILT, {
    ask: { target: "owner", label: "claimant" },
  }],
  [
    "Prebuild Failure Limit Reached",
    "414d9331-c1fc-4761-b40c-d1f4702279eb",
    "nowhere",
    "template template_version preset organization",
  ],
  ["Test Notification", "c425f63e-716a-4bf4-ae24-78348f706c3f", "recipient", "", { onlyByName: true }],
  ["Custom Notification", "39b1e189-c857-4b0c-877a-511144c18516", "recipient", "", {
    onlyByName: true,
    freeText: ["custom_message", "custom_title"],
  }],
  ["Task Working", "bd4b7168-d05e-4e19-ad0f-3593b77aa90f", "recipient", WOO_APP, { ...TASK, ...OFF }],
  ["Task Idle", "d4a6271c-cced-4ed0-84ad-afd02a9c7799", "recipient", WOO_APP, { ...TASK, ...OFF }],
  ["Task Completed", "8c5a4d12-9f7e-4b3a-a1c8-6e4f2d9b5a7c", "recipient", WOO_APP, { ...TASK, ...OFF }],
  ["Task Failed", "3b7e8f1a-4c2d-49a6-b5e9-7f3a1c8d6b4e", "recipient", WOO_APP, { ...TASK, ...OFF }],
  ["Task Paused", "2a74f3d3-ab09-4123-a4a5-ca238f4f65a1", "recipient", WOO, TASK],
  ["Task Resumed", "843ee9c3-a8fb-4846-afa9-977bec578649", "recipient", WOO, TASK],
  ["Chats Auto-Archived", "764031be-4863-4220-867b-6ce1a1b7a5f5", "recipient", ""],
  ["Chat Shared", "b789bd75-d7c6-4cab-9757-1147ab184903", "recipient", "chat", { freeText: ["chat_title"] }],
  ["Chat Project Shared", "3f1c6d8a-5b2e-4f7a-9c0d-7e8b2a4c6d1f", "recipient", "project", {
    freeText: ["project_name"],
  }],
  ["AI Budget Warning", "b5db9597-de2a-4dea-87e9-25cee6906b86", "recipient", "group"],
  ["AI Budget Limit Reached", "cdcf2ecd-f003-4169-9800-abb2661ea522", "recipient", "group"],
  [
    "User Approaching AI Budget Limit",
    "2a7b0ac1-00e1-4625-9cd5-1e5933972c77",
    "nowhere",
    "user group",
    ASK_FOR_USER,
  ],
  [
    "User Reached AI Budget Limit",
    "0bafe0ea-a78b-4217-ad05-1ef12e92e025",
    "nowhere",
    "user group",
    ASK_FOR_USER,
  ],
  ["Missing AI Model Prices", "1b7d9fa7-f5a8-4e46-8078-5cf53abfed94", "nowhere", ""],
];

const FORMER_NAMES: [former: string, name: string][] = [
  ["Workspace updated automatically", "Workspace Updated Automatically"],
  ["Report: Workspace Builds Failed For Template", "Report: Workspace Builds Failed"],
  ["Out of memory (OOM)", "Workspace Out Of Memory"],
  ["Out of disk (OOD)", "Workspace Out Of Disk"],
  ["YourAccountSuspended", "Your account has been suspended"],
  ["YourAccountActivated", "Your account has been activated"],
];

Deno.test("the catalogue agrees with Coder's sources", async (t) => {
  for (const [name, templateId, where, targets, more] of FACTS) {
    await t.step(name, () => {
      const row = CATALOGUE.find((row) => row.name === name);
      assert.ok(row, "the catalogue has no such row");
      const { templateId: id, person, targets: meant = [], ...others } = row;
      const { note: _, facts: __, otherNames: ___, versions: ____, ...rest } = others;
      const found = {
        templateId: id,
        where: person === "none" ? "nowhere" : person,
        targets: meant.join(" "),
      };
      const freeText = rest.freeText && { freeText: rest.freeText.toSorted() };
      assert.deepEqual({ ...found, ...rest, ...freeText, name }, {
        name,
        templateId,
        where,
        targets,
        ...more,
      });
    });
  }
});

Deno.test("the catalogue has no other rows, and none twice", () => {
  const known = FACTS.map(([name]) => name);
  const other = CATALOGUE.map((row) => row.name).filter((name) => !known.includes(name));
  assert.equal(other.join(", "), "", "not in FACTS, above");
  assert.equal(CATALOGUE.length, FACTS.length);
  assert.equal(new Set(CATALOGUE.map((row) => row.templateId)).size, CATALOGUE.length);
});

Deno.test("where Coder can be asked for the person, 'targets' holds the person's id", async (t) => {
  for (const { name, ask, person, targets } of CATALOGUE) {
    if (ask === undefined) continue;
    await t.step(name, () => {
      assert.equal(person, "none");
      assert.ok(targets?.includes(ask.target));
    });
  }
});

Deno.test("the catalogue says which of Coder's versions from v2.19 on do not send a notification", () => {
  const found = new Map<string, string[]>();
  for (const { name, versions } of CATALOGUE) {
    if (versions !== undefined) found.set(versions, [...found.get(versions) ?? [], name]);
  }
  assert.deepEqual(Object.fromEntries(found), {
    "v2.20 on": ["Workspace Out Of Memory", "Workspace Out Of Disk", "Test Notification"], // PR #16250, #16611
    "about v2.23": ["Prebuild Failure Limit Reached"], // PR #17697, not sent since #18528
    "about v2.23 on": ["Prebuilt Workspace Resource Replaced"],
    "about v2.27 on": ["Custom Notification"], // PR #19751
    "about v2.27 to 2026": ["Task Working", "Task Idle", "Task Completed", "Task Failed"], // PR #19965, #29084
    "2026": ["Task Paused", "Task Resumed"], // gone with the others
    "2026 on": [
      "Workspace Autostop Reminder",
      ...["Chats Auto-Archived", "Chat Shared", "Chat Project Shared"],
      ...["AI Budget Warning", "AI Budget Limit Reached"],
      ...["User Approaching AI Budget Limit", "User Reached AI Budget Limit", "Missing AI Model Prices"],
    ],
  });
});

Deno.test("every note is for operators: one line that ends as a sentence", async (t) => {
  for (const row of CATALOGUE) {
    await t.step(row.name, () => assert.match(row.note, /^[A-Z][^\n]+\.$/));
  }
});

Deno.test("a name is found whatever its letter case and spaces, a UUID whatever its letter case", async (t) => {
  for (const [name, templateId] of FACTS) {
    const spellings = [
      name,
      name.toUpperCase(),
      name.toLowerCase(),
      name.replaceAll(" ", ""),
      ` ${name.replaceAll(" ", " \t\u00a0")}\n`,
      templateId,
      ` ${templateId.toUpperCase()} `,
    ];
    for (const spelling of spellings) {
      await t.step(JSON.stringify(spelling), () => assert.equal(findRow(spelling)?.name, name));
    }
  }
  for (const [former, name] of FORMER_NAMES) {
    await t.step(former, () => assert.equal(findRow(former.toUpperCase())?.name, name));
  }
  for (const other of ["", "*", "Workspace", "Workspace Create", "281fdf73", "constructor", "__proto__"]) {
    await t.step(`nothing is '${other}'`, () => assert.equal(findRow(other), undefined));
  }
});

Deno.test("a notification's row goes by its template UUID, else by its name", async (t) => {
  const created = "281fdf73-c6d6-4cbb-8ff5-888baf8a2fff";
  const unknown = "00000000-0000-4000-8000-000000000000";
  const rows: [what: string, id: string | null, name: string, row: string | undefined][] = [
    ["both known", created, "Workspace Created", "Workspace Created"],
    ["a UUID in capitals", created.toUpperCase(), "n", "Workspace Created"],
    ["a UUID with another row's name", created, "Task Idle", "Workspace Created"],
    ["a UUID with a new name", created, "Workspace Born", "Workspace Created"],
    ["an unknown UUID with a known name", unknown, "task  IDLE", "Task Idle"],
    ["no UUID, as in version 1.0", null, "User account created", "User account created"],
    ["no UUID and a former name", null, "Workspace updated automatically", "Workspace Updated Automatically"],
    ["nothing known", unknown, "Workspace Born", undefined],
    ["a name that is a UUID", null, created, undefined],
  ];
  for (const [what, notification_template_id, notification_name, row] of rows) {
    await t.step(what, () => {
      const notification = parsed(notificationWith({ notification_template_id, notification_name }));
      assert.equal(notification.row?.name, row);
    });
  }
});

Deno.test("a passcode is known by template UUID, by name, and by a label", async (t) => {
  const passcode = { notification_template_id: "62f86a30-2330-4b61-a26d-311ff3b608cf" };
  const rows: [what: string, payload: Record<string, unknown>, secret: boolean][] = [
    ["by UUID, renamed", passcode, true],
    ["by UUID in capitals", { notification_template_id: "62F86A30-2330-4B61-A26D-311FF3B608CF" }, true],
    [
      "by name, without UUID",
      { notification_template_id: null, notification_name: "One-Time Passcode" },
      true,
    ],
    ["by name in other spelling", { notification_name: " one-time  PASSCODE" }, true],
    ["by label, though all else is known", { labels: { one_time_passcode: "0" } }, true],
    ["by an empty label", { labels: { one_time_passcode: "" } }, true],
    ["by another label", { labels: { workspace: "w", "Pass-Code": "0" } }, true],
    ["by a label in one word", { labels: { resetPasscode: "0" } }, true],
    ["by the label otp", { labels: { otp: "0" } }, true],
    ["by a label with otp", { labels: { user_otp: "0" } }, true],
    ["a workspace", {}, false],
    [
      "labels with parts of the word",
      { labels: { pass: "1", code: "2", passenger: "3", footpath: "4" } },
      false,
    ],
    ["a value with the word", { labels: { workspace: "one_time_passcode" } }, false],
    ["no labels", { labels: null }, false],
  ];
  for (const [what, payload, secret] of rows) {
    await t.step(what, () => assert.equal(holdsSecret(payload), secret));
  }
});

/** Also of what is not tracked. */
function holdsSecret(payload: Record<string, unknown>): boolean {
  const rules = { tracking: parseTracking("Task Idle").tracking, domains: undefined };
  const result = attribute(parsed(notificationWith(payload)), rules);
  return result.kind === "ignored" && result.reason === "secret";
}

Deno.test("a passcode is known among any other labels", () => {
  fc.assert(
    fc.property(fc.dictionary(anyText(20), anyText(20)), (labels) => {
      assert.equal(holdsSecret({ labels: { ...labels, one_time_passcode: "0" } }), true);
    }),
  );
});

Deno.test("the samples are one for each notification, with its name, UUID and as many targets", async (t) => {
  const files = [...Deno.readDirSync(SAMPLES)].map((entry) => entry.name).filter((name) =>
    name.endsWith(".json")
  );
  const slugs = FACTS.map(([name]) => `${name.toLowerCase().replace(/[^a-z]+/g, "-")}.json`);
  assert.deepEqual(files.sort(), slugs.sort());
  for (const [name, templateId, , targets] of FACTS) {
    await t.step(name, () => {
      const sample = `${name.toLowerCase().replace(/[^a-z]+/g, "-")}.json`;
      const notification = parsed(JSON.parse(Deno.readTextFileSync(new URL(sample, SAMPLES))));
      assert.equal(notification.name, name);
      assert.equal(notification.templateId, templateId);
      const received = notification.payload["targets"] as readonly string[] | null;
      if (targets !== "") assert.equal(received?.length, targets.split(" ").length);
    });
  }
});

const SAMPLES = new URL("../fixtures/coder/", import.meta.url);
