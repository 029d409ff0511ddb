import assert from "node:assert/strict";
import fc from "fast-check";
import { CATALOGUE, nameKey } from "../../lib/coder/catalogue.ts";
import type { Notification } from "../../lib/coder/notification.ts";
import { closestName } from "../../lib/coder/suggest.ts";
import {
  declaredPerson,
  DEFAULT_EVENTS_TRACKED,
  expectedAs,
  expectedNames,
  isTracked,
  parseTracking,
} from "../../lib/coder/tracking.ts";
import { anyText, notificationWith, parsed } from "../support/fakes.ts";

const UNKNOWN_ID = "00000000-0000-4000-8000-00000000000a";
const ONLY_BY_NAME = ["Test Notification", "Custom Notification"];
const NEVER_A_PERSON = [
  "Workspace Manual Build Failed",
  "User account deleted",
  "Template Deleted",
  "Prebuilt Workspace Resource Replaced",
  "User Approaching AI Budget Limit",
  "User Reached AI Budget Limit",
  "Report: Workspace Builds Failed",
  "Prebuild Failure Limit Reached",
  "Missing AI Model Prices",
];

Deno.test("without EVENTS_TRACKED, five events are tracked", () => {
  assert.deepEqual(DEFAULT_EVENTS_TRACKED, [
    "Workspace Created",
    "Workspace Manually Updated",
    "User account created",
    "User account suspended",
    "User account activated",
  ]);
  const { tracking, errors, warnings } = parseTracking(DEFAULT_EVENTS_TRACKED.join(","));
  assert.deepEqual([tracking.names, errors, warnings], [DEFAULT_EVENTS_TRACKED, [], []]);
  const tracked = CATALOGUE.map((row) => row.name).filter((name) => tracks(tracking, named(name)));
  assert.deepEqual(new Set(tracked), new Set(DEFAULT_EVENTS_TRACKED));
});

Deno.test("an entry is a name in any letter case and spacing, a former name, or a UUID", async (t) => {
  const created = "Workspace Created";
  const rows: [list: string, names: string[]][] = [
    ["Workspace Created", [created]],
    ["workspace created", [created]],
    ["WorkspaceCREATED", [created]],
    ["  Workspace \t Created  ", [created]],
    ["281fdf73-c6d6-4cbb-8ff5-888baf8a2fff", [created]],
    ["281FDF73-C6D6-4CBB-8FF5-888BAF8A2FFF", [created]],
    ["Workspace updated automatically", ["Workspace Updated Automatically"]],
    ["Task Idle,,Workspace Created, ", ["Task Idle", created]],
    ["Task Idle; Workspace Created;", ["Task Idle", created]],
    ["Task Idle\nWorkspace Created\r\n", ["Task Idle", created]],
    ["Task Idle, task idle, d4a6271c-cced-4ed0-84ad-afd02a9c7799", ["Task Idle"]],
    ["*", ["*"]],
    ["Test Notification, *", ["Test Notification", "*"]],
  ];
  for (const [list, names] of rows) {
    await t.step(`'${list}'`, () => {
      const { tracking, errors, warnings } = parseTracking(list);
      assert.deepEqual([tracking.names, errors, warnings], [names, [], []]);
    });
  }
});

Deno.test("a list that cannot be meant is an error, with 'did you mean' where that helps", async (t) => {
  const rows: [list: string, errors: RegExp[]][] = [
    ["Workspace Createt", [/'Workspace Createt'.*did you mean 'Workspace Created'\?/]],
    ["Task Idle, Task Idel", [/'Task Idel'.*did you mean 'Task Idle'\?/]],
    ["Workspace-Created", [/'Workspace-Created'.*did you mean 'Workspace Created'\?/]],
    ["User acount create", [/did you mean 'User account created'\?/]],
    ["Workspace update automatically", [/did you mean 'Workspace Updated Automatically'\?/]],
    ["Report: Workspace Builds Failed For Templates", [/did you mean 'Report: Workspace Builds Failed'\?/]],
    ["Task Idel, Task Faild", [/did you mean 'Task Idle'\?/, /did you mean 'Task Failed'\?/]],
    ["Task Idle, Task Idel=owner", [/'Task Idel'.*did you mean 'Task Idle'\?/]],
    ["Template Published", [/did you mean '/]],
    ["MCPGatewayEscalationRequested", [/did you mean '/]],
    [UNKNOWN_ID, [/did you mean '/]],
    [`Changelog, ${UNKNOWN_ID}`, [/did you mean '/]],
    ["", [/did you mean '/]],
    [" , ", [/did you mean '/]],
    ["One-Time Passcode", [/'One-Time Passcode'.*never forwarded/]],
    ["one-time  passcode, Task Idle", [/'One-Time Passcode'.*never forwarded/]],
    ["*, 62f86a30-2330-4b61-a26d-311ff3b608cf", [/'One-Time Passcode'.*never forwarded/]],
    ["One-Time Passcode=recipient", [/'One-Time Passcode'.*never forwarded/]],
    ["*, One Time Passcode", [/did you mean 'One-Time Passcode'\?/]],
    ["Workspace Created=owner", [/'Workspace Created=owner'.*remove '=owner'/]],
    ["281fdf73-c6d6-4cbb-8ff5-888baf8a2fff=user", [/'Workspace Created'.*remove '=user'/]],
    ["Task Idle, Changelog=admin", [/'Changelog=admin' must be .*Name=owner, Name=user or Name=recipient/]],
    ["Task Idle, Changelog=", [/'Changelog=' must be /]],
    ["Task Idle, =owner", [/'=owner' must be /]],
    ["*=owner", [/'\*=owner'/]],
    ...["postgres://u:s3cret@db.example/x=owner", "https://example.com/?token=s3cret", "u:s3cret@example.com"]
      .map(
        (
          entry,
        ): [string, RegExp[]] => [`Task Idle, ${entry}`, [
          /^(?!.*s3cret).*no name of a notification.*remove it$/,
        ]],
      ),
  ];
  for (const [list, patterns] of rows) {
    await t.step(`'${list}'`, () => {
      const { errors } = parseTracking(list);
      assert.equal(errors.length, patterns.length, errors.join("\n"));
      for (const [i, pattern] of patterns.entries()) assert.match(errors[i]!, pattern);
    });
  }
});

Deno.test("another unknown name beside a known one is a warning", async (t) => {
  for (const name of ["Changelog", "MCPGatewayEscalationRequested", "Task Waiting", UNKNOWN_ID]) {
    await t.step(name, () => {
      for (const list of [`Task Idle, ${name}`, `*, ${name}`]) {
        const { tracking, errors, warnings } = parseTracking(list);
        assert.deepEqual(errors, []);
        assert.equal(warnings.length, 1);
        assert.equal(warnings[0]!.entry, name);
        assert.ok(warnings[0]!.text.includes(`'${name}'`), warnings[0]!.text);
        assert.ok(tracking.names.includes(name));
      }
    });
  }
  await t.step("that is similar to a known one", () => {
    assert.match(parseTracking("Task Idle, Task Waiting").warnings[0]!.text, /did you mean 'Task Working'\?/);
  });
});

Deno.test("an event that never has a person is a warning, and the others are none", () => {
  for (const { name, secret } of CATALOGUE) {
    if (secret) continue;
    const { errors, warnings } = parseTracking(name);
    assert.deepEqual(errors, [], name);
    assert.equal(warnings.length, NEVER_A_PERSON.includes(name) ? 1 : 0, name);
    if (warnings.length > 0) assert.match(warnings[0]!.text, RegExp(`^'${name}' never has a person: `));
  }
});

Deno.test("where Coder may be asked, what names the person can be tracked, and is part of *", async (t) => {
  const asked = CATALOGUE.filter(({ ask }) => ask !== undefined).map(({ name }) => name);
  assert.equal(asked.length, 5);
  const never = NEVER_A_PERSON.filter((name) => !asked.includes(name));
  for (const canAsk of [true, false]) {
    await t.step(`canAsk: ${canAsk}`, () => {
      const { tracking } = parseTracking("*", { canAsk });
      for (const name of asked) {
        assert.equal(tracks(tracking, named(name)), canAsk, name);
        assert.equal(expectedNames(tracking).includes(name), canAsk, name);
        assert.equal(parseTracking(name, { canAsk }).warnings.length, canAsk ? 0 : 1, name);
      }
      for (const name of never) assert.equal(tracks(tracking, named(name)), false, name);
    });
  }
});

Deno.test("a tracked event is found whatever its spelling, by UUID too, and no other is", async (t) => {
  const { tracking } = parseTracking(`Task Idle, Changelog, ${UNKNOWN_ID.toUpperCase()}`);
  const rows: [what: string, notification: Notification, tracked: boolean][] = [
    ["named", named("Task Idle"), true],
    ["named in other spelling", named("task\u00a0 IDLE"), true],
    ["its UUID under a new name", named("Resting", "d4a6271c-cced-4ed0-84ad-afd02a9c7799"), true],
    ["its name with another row's UUID", named("Task Idle", "bd4b7168-d05e-4e19-ad0f-3593b77aa90f"), false],
    ["another row", named("Task Working"), false],
    ["an unknown name", named("change LOG"), true],
    ["an unknown name with a UUID", named("Changelog", "00000000-0000-4000-8000-00000000000b"), true],
    ["an unknown UUID", named("Whatever", UNKNOWN_ID), true],
    ["another unknown name", named("Changelogs"), false],
    ["a name like a member of every object", named("constructor"), false],
  ];
  for (const [what, notification, tracked] of rows) {
    await t.step(what, () => assert.equal(tracks(tracking, notification), tracked));
  }
});

Deno.test("* tracks what has a person, unknown events too, but not what must be named", async (t) => {
  const { tracking } = parseTracking("*");
  for (const { name, secret } of CATALOGUE) {
    await t.step(name, () => {
      const wanted = !secret && !NEVER_A_PERSON.includes(name) && !ONLY_BY_NAME.includes(name);
      assert.equal(tracks(tracking, named(name)), wanted);
    });
  }
  await t.step(
    "an unknown event",
    () => assert.equal(tracks(tracking, named("Changelog", UNKNOWN_ID)), true),
  );
  for (const name of ONLY_BY_NAME) {
    await t.step(`${name}, named beside it`, () => {
      assert.equal(tracks(parseTracking(`*, ${name}`).tracking, named(name)), true);
    });
  }
});

Deno.test("Name=owner, =user and =recipient say whose an unknown event is", async (t) => {
  const list = `Task Idle, Changelog=owner, News = User, ${UNKNOWN_ID.toUpperCase()}=RECIPIENT, Other`;
  const { tracking, errors } = parseTracking(list);
  assert.deepEqual(errors, []);
  assert.deepEqual(tracking.names.slice(1, 3), ["Changelog", "News"]);
  const rows: [what: string, notification: Notification, whose: string | undefined][] = [
    ["owner", named("Changelog"), "owner"],
    ["owner, in other spelling", named("CHANGE log"), "owner"],
    ["user", named("News"), "user"],
    ["recipient, by UUID", named("Anything", UNKNOWN_ID), "recipient"],
    ["UUID before name", named("Changelog", UNKNOWN_ID), "recipient"],
    ["not said", named("Other"), undefined],
    ["not in the list", named("Else"), undefined],
  ];
  for (const [what, notification, whose] of rows) {
    await t.step(what, () => assert.equal(declaredPerson(tracking, notification), whose));
  }
  await t.step("beside *", () => {
    const all = parseTracking("*, Changelog=recipient").tracking;
    assert.equal(declaredPerson(all, named("Changelog")), "recipient");
    assert.equal(declaredPerson(all, named("Else")), undefined);
  });
});

Deno.test("the closest name is found within a third of the letters, and is near within two edits", async (t) => {
  const rows: [text: string, name: string | undefined, near?: boolean][] = [
    ["Task Idle", "Task Idle", true],
    ["Tsk Idl", "Task Idle", true],
    ["Tsk Id", undefined],
    ["Workspace Deletion", "Workspace Deleted", false],
    ["Task", undefined],
    ["x", undefined],
    ["", undefined],
    ["Quarterly figures", undefined],
    ["W".repeat(100_000), undefined],
  ];
  for (const [text, name, near] of rows) {
    await t.step(text.slice(0, 40), () => {
      assert.deepEqual(closestName(text), name === undefined ? undefined : { name, near });
    });
  }
});

/** Levenshtein's distance, as his recursion defines it for texts that differ little. */
function distance(one: string, other: string, most = 4): number {
  if (one === other) return 0;
  if (most === 0 || one === "" || other === "") return Math.max(one.length, other.length);
  const [a, b] = [one.slice(1), other.slice(1)];
  if (one[0] === other[0]) return distance(a, b, most);
  return 1 + Math.min(...[[a, b], [a, other], [one, b]].map(([x, y]) => distance(x!, y!, most - 1)));
}

Deno.test("a name with two letters wrong is refused, and the right one, or one as near, is suggested", () => {
  const name = fc.constantFrom(...CATALOGUE.map((row) => row.name));
  const edit = fc.record({ at: fc.nat(100), remove: fc.nat(1), insert: fc.constantFrom("", "q", "7") });
  fc.assert(
    fc.property(name, edit, edit, (right, ...edits) => {
      const wrong = edits.reduce((text, { at, remove, insert }) => {
        const i = at % text.length;
        return text.slice(0, i) + insert + text.slice(i + remove);
      }, right);
      fc.pre(wrong.replaceAll(" ", "").toLowerCase() !== right.replaceAll(" ", "").toLowerCase());
      const { errors } = parseTracking(wrong);
      assert.equal(errors.length, 1);
      const suggested = /did you mean '(.+)'\?$/.exec(errors[0]!)?.[1] ?? assert.fail(errors[0]);
      const { name, otherNames = [] } = CATALOGUE.find((row) => row.name === suggested)!;
      const near = Math.min(...[name, ...otherNames].map((text) => distance(nameKey(text), nameKey(wrong))));
      assert.ok(near <= distance(nameKey(right), nameKey(wrong)), errors[0]);
    }),
    { numRuns: 300 },
  );
});

Deno.test("no list makes the parser throw, and what it tracks without error it can say", () => {
  const entry = fc.oneof(
    anyText(30),
    fc.constantFrom("*", "Task Idle", "Changelog", UNKNOWN_ID, "__proto__"),
  );
  const suffix = fc.constantFrom("", "=owner", "=user", "=x", "=");
  const list = fc.array(fc.tuple(entry, suffix).map((parts) => parts.join("")), { maxLength: 6 });
  fc.assert(
    fc.property(list, (entries) => {
      const { tracking, errors } = parseTracking(entries.join(","));
      if (errors.length === 0) assert.ok(tracking.names.length > 0);
    }),
    { numRuns: 300 },
  );
});

/** A notification by name; without a UUID, as in Coder's version 1.0, unless one is given. */
function named(name: string, templateId: string | null = null): Notification {
  return parsed(notificationWith({ notification_name: name, notification_template_id: templateId }));
}

function tracks(tracking: ReturnType<typeof parseTracking>["tracking"], notification: Notification): boolean {
  return isTracked(tracking, notification);
}

Deno.test("a notification is expected under the name that operators gave, whichever way it matched", () => {
  const id = "00000000-0000-4000-8000-000000000000";
  const { tracking } = parseTracking(`Workspace created, My  Event=owner, ${id.toUpperCase()}`);
  const rows: [
    notification_name: string,
    notification_template_id: string | null,
    expected: string | undefined,
  ][] = [
    ["Workspace Created", null, "Workspace Created"],
    ["my event", null, "My  Event"],
    ["New In Coder", id, id.toUpperCase()],
    ["Something Else", null, undefined],
  ];
  for (const [notification_name, notification_template_id, expected] of rows) {
    const notification = parsed(notificationWith({ notification_name, notification_template_id }));
    assert.equal(expectedAs(tracking, notification), expected, notification_name);
  }
});
