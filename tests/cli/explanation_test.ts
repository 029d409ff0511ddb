import { DomainRules } from "../../lib/coder/domains.ts";
import assert from "node:assert/strict";
import { explanationJson, explanationOf, explanationText } from "../../lib/cli/explanation.ts";
import { parseTracking } from "../../lib/coder/tracking.ts";
import type { Found } from "../../lib/coder/directory.ts";
import { notificationWith } from "../support/fakes.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

/** The explanation of a notification of which `payload` replaces parts, with this `EVENTS_TRACKED`. */
async function explain(
  payload: Record<string, unknown>,
  tracked: string,
  { domains, found }: { readonly domains?: readonly string[] | undefined; readonly found?: Found } = {},
) {
  const { errors, tracking } = parseTracking(tracked, { canAsk: found !== undefined });
  assert.deepEqual(errors, []);
  const explanation = await explanationOf(notificationWith(payload), {
    tracking,
    domains: domains === undefined ? undefined : new DomainRules(new Set(domains), new Set()),
    testData: false,
    find: found && (() => Promise.resolve(found)),
    now: NOW,
  });
  assert.ok(!("need" in explanation));
  return { explanation, text: explanationText(explanation), json: JSON.parse(explanationJson(explanation)) };
}

const UNKNOWN = { notification_name: "Zork Zapped", notification_template_id: "" };
const UUID = "00000000-0000-4000-8000-000000000001";

Deno.test("of one that is not sent, the settings that would change that are told, and the event", async (t) => {
  const rows: [
    payload: Record<string, unknown>,
    tracked: string,
    reason: string,
    settings: string[],
    domains?: string[],
  ][] = [
    [{}, "Workspace Deleted", "not_tracked", ['EVENTS_TRACKED="Workspace Deleted, Workspace Created"']],
    [{}, "Workspace Created", "domain", ["add example.com to EMAIL_DOMAINS"], ["example.org"]],
    [{}, "Workspace Deleted", "not_tracked", [
      'EVENTS_TRACKED="Workspace Deleted, Workspace Created"',
      "add example.com to EMAIL_DOMAINS",
    ], ["example.org"]],
    [{}, "Zork=user, workspace  deleted", "not_tracked", [
      'EVENTS_TRACKED="Zork=user, Workspace Deleted, Workspace Created"',
    ]],
    [UNKNOWN, "Workspace Deleted", "not_tracked", ['EVENTS_TRACKED="Workspace Deleted, Zork Zapped"']],
    [
      { ...UNKNOWN, notification_name: 'A, "b"', notification_template_id: UUID },
      "Workspace Deleted",
      "not_tracked",
      [
        `EVENTS_TRACKED="Workspace Deleted, ${UUID}"`,
      ],
    ],
    [
      {
        notification_name: "Test Notification",
        notification_template_id: "c425f63e-716a-4bf4-ae24-78348f706c3f",
      },
      "*",
      "not_tracked",
      [
        'EVENTS_TRACKED="*, Test Notification"',
      ],
    ],
  ];
  for (const [payload, tracked, reason, settings, domains] of rows) {
    await t.step(`${JSON.stringify(payload)} ${tracked} ${domains ?? ""}`, async () => {
      const { explanation, json, text } = await explain(payload, tracked, { domains });
      assert.equal(explanation.ignored?.reason, reason);
      assert.deepEqual(explanation.settings, settings);
      assert.deepEqual([json.sent, json.reason, json.settings], [false, reason, settings]);
      assert.ok(json.event.email.endsWith("@example.com") && text.includes(`"email": "${json.event.email}"`));
      const [first] = text.split("\n");
      assert.match(first!, /: not sent: /);
      for (const setting of settings) assert.ok(text.includes(`\n  ${setting}\n`), text);
      assert.match(text, /^Not sent, the event that it would be:$/m);
    });
  }
  await t.step("and the line does what is said of it", async () => {
    const [line = ""] = (await explain(UNKNOWN, "Workspace Deleted, Zarf=owner")).explanation.settings;
    const list = /^EVENTS_TRACKED="(.*)"$/.exec(line)?.[1] ?? "";
    assert.equal((await explain(UNKNOWN, list)).explanation.ignored, undefined);
    assert.match(list, /Zarf=owner/);
  });
});

Deno.test("where no setting would help, the true reason is told, and no setting is", async (t) => {
  const rows: [payload: Record<string, unknown>, tracked: string, reason: string, why: RegExp][] = [
    [
      { data: null },
      "Workspace Created",
      "no_person",
      /^data\.owner\.email holds no address.*older versions/,
    ],
    [
      { data: null },
      "Workspace Deleted",
      "not_tracked",
      /^EVENTS_TRACKED does not ask for it, and data\.owner/,
    ],
    [{ ...UNKNOWN, data: null }, "*", "no_person", /^this version does not know it.*'Name=recipient'/],
    [
      {
        notification_name: "Template Deleted",
        notification_template_id: "29a09665-2a4c-403f-9648-54301670e7be",
      },
      "Workspace Deleted",
      "not_tracked",
      /^EVENTS_TRACKED does not ask for it, and it is never about a person: About a template/,
    ],
  ];
  for (const [payload, tracked, reason, why] of rows) {
    await t.step(`${JSON.stringify(payload)} ${tracked}`, async () => {
      const { explanation, json, text } = await explain(payload, tracked);
      assert.deepEqual([explanation.settings, explanation.built], [[], undefined]);
      assert.deepEqual([json.sent, json.reason, json.event], [false, reason, undefined]);
      assert.match(json.why, why);
      assert.ok(text.endsWith(json.why) && !text.includes("\n"));
    });
  }
});

Deno.test("what is sent is not called unsent, and a passcode is not shown at all", async () => {
  const sent = await explain({}, "Workspace Created");
  assert.deepEqual([sent.json.sent, sent.json.why, sent.explanation.settings], [true, undefined, []]);
  assert.match(sent.text, /^notification +Workspace Created \(tracked\)$/m);
  assert.match(sent.text, /^The event that is sent:$/m);
  const secret = await explain({ labels: { one_time_passcode: "s3cret" } }, "*");
  assert.deepEqual([secret.json.sent, secret.json.notification, secret.json.reason], [false, null, "secret"]);
  assert.doesNotMatch(secret.text + JSON.stringify(secret.json), /s3cret|@|Workspace/);
});
