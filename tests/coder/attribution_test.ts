import assert from "node:assert/strict";
import fc from "fast-check";
import { answered, type Ask, attribute } from "../../lib/coder/attribution.ts";
import { CATALOGUE } from "../../lib/coder/catalogue.ts";
import { parseTracking } from "../../lib/coder/tracking.ts";
import { ALICE, IDS, notificationWith, parsed, TINA } from "../support/fakes.ts";

const NINA = { id: "f730bc5e-3fba-49a6-9834-f2c136cfe38c", email: "nina@example.org" };
const PREBUILDS_ID = "c42fdf75-3097-471c-8c33-fb52454d81c0";
const UNKNOWN = {
  notification_name: "Changelog",
  notification_template_id: "00000000-0000-4000-8000-00000000000a",
};

type Payload = Record<string, unknown>;

/** What becomes of a notification: address and where it stood, or the reason why not. */
function outcome(payload: Payload, tracked = "*", domains?: string[]): string {
  const { tracking, errors } = parseTracking(tracked);
  assert.deepEqual(errors, []);
  const result = attribute(parsed(notificationWith(payload)), {
    tracking,
    domains: domains === undefined ? undefined : new Set(domains),
  });
  if (result.kind === "attributed") return `${result.source}: ${result.email}`;
  return result.kind === "ignored" ? result.reason : assert.fail(result.kind);
}

Deno.test("the reasons for ignoring are tried in order: secret, not_tracked, no_person, domain", async (t) => {
  const labels = { one_time_passcode: "0" };
  const rows: [payload: Payload, tracked: string, reason: string][] = [
    [{ labels, data: null }, "Task Idle", "secret"],
    [{ labels }, "Workspace Created", "secret"],
    [{ data: null }, "Task Idle", "not_tracked"],
    [{}, "Task Idle", "not_tracked"],
    [{ data: null }, "Workspace Created", "no_person"],
    [{ data: { owner: NINA } }, "Workspace Created", "domain"],
    [{ data: { owner: ALICE } }, "Workspace Created", "data.owner.email: alice@example.com"],
  ];
  for (const [payload, tracked, reason] of rows) {
    await t.step(`${JSON.stringify(payload)} with ${tracked}`, () => {
      assert.equal(outcome(payload, tracked, ["example.com"]), reason);
    });
  }
});

Deno.test("the person of every catalogue row is where the row says, whatever else the webhook holds", async (t) => {
  const everybody = { data: { owner: ALICE, user: NINA } };
  const expected = {
    owner: "data.owner.email: alice@example.com",
    user: "data.user.email: nina@example.org",
    recipient: "user_email: tina@example.com",
    none: "no_person",
  };
  for (const row of CATALOGUE.filter((row) => !row.secret)) {
    const identity = { notification_name: row.name, notification_template_id: row.templateId };
    await t.step(row.name, () => {
      assert.equal(outcome({ ...identity, ...everybody }, row.name), expected[row.person]);
      const empty = row.person === "recipient" ? { ...everybody, user_email: "" } : { data: null };
      assert.equal(outcome({ ...identity, ...empty }, row.name), "no_person");
    });
  }
});

Deno.test("an address that is empty, missing or the prebuilds user's is no person", async (t) => {
  const id = ALICE.id;
  const rows: [what: string, person: unknown, found?: string][] = [
    ["missing", undefined],
    ["null", null],
    ["without address", { id }],
    ["address null", { id, email: null }],
    ["address empty, as of a service account", { id, email: "" }],
    ["address blank", { id, email: " \t" }],
    ["the prebuilds user", { id: PREBUILDS_ID, email: "prebuilds@system" }],
    ["the prebuilds user with another address", { id: PREBUILDS_ID, email: "x@example.com" }],
    ["the prebuilds user in capitals", { id: PREBUILDS_ID.toUpperCase(), email: "x@example.com" }],
    ["the prebuilds user's address without the id", { email: "prebuilds@system" }],
    ["an address with space around it", { id, email: " alice@example.com\n" }, "alice@example.com"],
    ["an address without an id", { email: "alice@example.com" }, "alice@example.com"],
    ["an address in capitals, sent in lower case", { id, email: "Alice@Example.COM" }, "alice@example.com"],
    ["two addresses", { id, email: "victim@gmail.com,alice@example.com" }],
    ["an address and a line", { id, email: "victim@gmail.com\n@example.com" }],
    ["no local part", { id, email: "@example.com" }],
    ["no domain", { id, email: "alice@" }],
    ["no address at all", { id, email: "alice" }],
  ];
  for (const [what, person, found] of rows) {
    const { id: user_id, email: user_email } = { ...person as typeof ALICE | null | undefined };
    const cases: [string, string, Payload][] = [
      ["Workspace Created", "data.owner.email", { data: { owner: person, user: NINA } }],
      ["User account created", "data.user.email", { data: { owner: NINA, user: person } }],
      ["Task Idle", "user_email", { user_id, user_email, data: { owner: NINA, user: NINA } }],
    ];
    for (const [name, source, payload] of cases) {
      await t.step(`${name}: ${what}`, () => {
        const identity = { notification_name: name, notification_template_id: null };
        const expected = found === undefined ? "no_person" : `${source}: ${found}`;
        assert.equal(outcome({ ...identity, ...payload }), expected);
      });
    }
  }
});

Deno.test("an unknown event is the owner's, then the user's, never the recipient's unless that is said", async (t) => {
  const both = { owner: ALICE, user: NINA };
  const rows: [tracked: string, data: unknown, outcome: string][] = [
    ["*", both, "data.owner.email: alice@example.com"],
    ["*", { user: NINA }, "data.user.email: nina@example.org"],
    ["*", { owner: { id: ALICE.id, email: "" }, user: NINA }, "data.user.email: nina@example.org"],
    ["*", { owner: { id: PREBUILDS_ID, email: "prebuilds@system" } }, "no_person"],
    ["*", {}, "no_person"],
    ["*", null, "no_person"],
    ["Task Idle, Changelog", both, "data.owner.email: alice@example.com"],
    ["Task Idle, Changelog", null, "no_person"],
    ["Task Idle, Changelog=owner", both, "data.owner.email: alice@example.com"],
    ["Task Idle, Changelog=owner", { user: NINA }, "no_person"],
    ["Task Idle, Changelog=user", both, "data.user.email: nina@example.org"],
    ["Task Idle, Changelog=user", { owner: ALICE }, "no_person"],
    ["Task Idle, Changelog=recipient", both, "user_email: tina@example.com"],
    ["*, Changelog=recipient", null, "user_email: tina@example.com"],
    [`*, ${UNKNOWN.notification_template_id}=recipient`, null, "user_email: tina@example.com"],
    ["*, Else=recipient", null, "no_person"],
  ];
  for (const [tracked, data, expected] of rows) {
    await t.step(`${tracked}: ${JSON.stringify(data)}`, () => {
      assert.equal(outcome({ ...UNKNOWN, data }, tracked), expected);
    });
  }
});

Deno.test("the event has the catalogue's name, an unknown one the name as received", async (t) => {
  const rows: [id: string | null, received: string, name: string][] = [
    ["c34a0c09-0704-4cac-bd1c-0c0146811c2b", "Something New", "Workspace Updated Automatically"],
    [null, "workspace updated automatically", "Workspace Updated Automatically"],
    [null, "  Change  log", "  Change  log"],
    [null, "Change\ud800", "Change\ufffd"],
  ];
  for (const [notification_template_id, notification_name, name] of rows) {
    await t.step(JSON.stringify(notification_name), () => {
      const notification = parsed(notificationWith({ notification_template_id, notification_name }));
      const result = attribute(notification, { tracking: parseTracking("*").tracking, domains: undefined });
      assert.equal(result.kind, "attributed");
      assert.equal("name" in result && result.name, name);
    });
  }
});

Deno.test("a secret notification leaves nothing of itself in the result", () => {
  const notification = parsed(notificationWith({
    notification_name: "One-Time Passcode",
    notification_template_id: null,
    labels: { one_time_passcode: "hunter2" },
  }));
  const result = attribute(notification, { tracking: parseTracking("*").tracking, domains: undefined });
  assert.deepEqual(result, { kind: "ignored", reason: "secret" });
});

Deno.test("only the whole domain of an address counts, in any letter case", async (t) => {
  const rows: [email: string, domains: string[], wanted: boolean][] = [
    ["alice@example.com", ["example.com"], true],
    ["alice@EXAMPLE.com", ["example.com"], true],
    ["alice@example.com", ["example.org", "example.com"], true],
    ["alice@mail.example.com", ["example.com"], false],
    ["alice@badexample.com", ["example.com"], false],
    ["alice@example.com.evil.test", ["example.com"], false],
    ['"a@example.com"@evil.test', ["example.com"], false],
    ['"a@evil.test"@example.com', ["example.com"], true],
  ];
  for (const [email, domains, wanted] of rows) {
    await t.step(`${email} in ${domains}`, () => {
      const expected = wanted ? `data.owner.email: ${email.toLowerCase()}` : "domain";
      assert.equal(outcome({ data: { owner: { ...ALICE, email } } }, "*", domains), expected);
    });
  }
});

Deno.test("an event about a person is the same whoever is told, also if that is the person", () => {
  const email = fc.constantFrom("", ALICE.email, TINA.email, NINA.email);
  const recipient = fc.record({ user_id: fc.constantFrom("", ALICE.id, TINA.id), user_email: email });
  const person = fc.option(fc.record({ id: fc.constantFrom(ALICE.id, TINA.id), email }));
  const row = fc.constantFrom(
    ...CATALOGUE.filter(({ person }) => person === "owner" || person === "user"),
    { name: UNKNOWN.notification_name, templateId: UNKNOWN.notification_template_id },
  );
  fc.assert(
    fc.property(
      row,
      person,
      person,
      recipient,
      recipient,
      ({ name, templateId }, owner, user, one, other) => {
        const about = {
          notification_name: name,
          notification_template_id: templateId,
          data: { owner, user },
        };
        assert.equal(outcome({ ...about, ...one }), outcome({ ...about, ...other }));
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("why a notification has no person is told, so that words about it can be honest", async (t) => {
  const owner = { id: ALICE.id, email: ALICE.email };
  const rows: [payload: Payload, why: string][] = [
    [{ data: null }, "missing"],
    [{ data: {} }, "missing"],
    [{ data: { owner: { ...owner, email: null } } }, "missing"],
    [{ data: { owner: { ...owner, email: " " } } }, "empty"],
    [{ data: { owner: { ...owner, id: PREBUILDS_ID } } }, "prebuilds"],
    [{ data: { owner: { ...owner, email: "a b@example.com" } } }, "malformed"],
    [{ ...UNKNOWN, data: {} }, "unknown_template"],
    [{ ...UNKNOWN, data: { owner: { email: "" }, user: { email: "" } } }, "unknown_template"],
    [{ ...UNKNOWN, data: { owner: { email: "a b@example.com" }, user: ALICE } }, "malformed"],
    [{ notification_name: "Missing AI Model Prices", notification_template_id: null }, "never"],
    [{ notification_name: "User account deleted", notification_template_id: null }, "never"],
  ];
  const { tracking } = parseTracking("*, Missing AI Model Prices, User account deleted");
  for (const [payload, why] of rows) {
    await t.step(`${why}: ${JSON.stringify(payload)}`, () => {
      const result = attribute(parsed(notificationWith(payload)), { tracking, domains: undefined });
      const name = payload["notification_name"] ?? "Workspace Created";
      assert.deepEqual(result, { kind: "ignored", reason: "no_person", name, why });
    });
  }
});

const UNASKED = { tracking: parseTracking("*").tracking, domains: undefined };
const ASKING = { tracking: parseTracking("*", { canAsk: true }).tracking, domains: undefined };
const MANUAL = { notification_name: "Workspace Manual Build Failed", notification_template_id: null };
const NINAS_NAME = {
  workspace_owner_username: "nina",
  deleted_account_name: "nina",
  claimant: "nina",
  username: "nina",
};

function ask(payload: Payload, rules = ASKING): Ask | string {
  const result = attribute(parsed(notificationWith({ data: null, ...payload })), rules);
  if (result.kind === "ask") return result;
  return result.kind === "ignored" && result.reason === "no_person" ? result.why : JSON.stringify(result);
}

Deno.test("where Coder may be asked, notifications that name the person are about that person", async (t) => {
  const first = ["User account deleted", "User Approaching AI Budget Limit", "User Reached AI Budget Limit"];
  const asked = [...first, "Workspace Manual Build Failed", "Prebuilt Workspace Resource Replaced"];
  assert.deepEqual(CATALOGUE.filter((row) => row.ask).map((row) => row.name).sort(), asked.sort());
  for (const notification_name of asked) {
    await t.step(notification_name, () => {
      const identity = { notification_name, notification_template_id: null };
      const targets = first.includes(notification_name) ? [NINA.id, IDS.workspace] : [IDS.workspace, NINA.id];
      const whom = (payload: Payload) => (ask({ ...identity, labels: NINAS_NAME, ...payload }) as Ask).whom;
      assert.deepEqual(whom({ targets }), { id: NINA.id });
      assert.deepEqual(whom({ targets: [] }), { username: "nina" });
      assert.deepEqual(whom({ targets: null }), { username: "nina" });
      const { kind } = attribute(parsed(notificationWith({ ...identity, targets })), UNASKED);
      assert.equal(kind, "ignored");
    });
  }
});

Deno.test("Coder is asked by what can only be the person's UUID or user name", async (t) => {
  const other = { targets: [IDS.workspace, NINA.id], labels: NINAS_NAME };
  const named = (name: unknown) => ({ ...MANUAL, targets: null, labels: { workspace_owner_username: name } });
  const rows: [what: string, payload: Payload, whom: Ask["whom"] | string][] = [
    ["a UUID before a name", { ...MANUAL, ...other }, { id: NINA.id }],
    ["a UUID in capitals", { ...MANUAL, targets: ["", NINA.id.toUpperCase()] }, { id: NINA.id }],
    ["no UUID", { ...MANUAL, ...other, targets: [IDS.workspace, "../me"] }, { username: "nina" }],
    ["a number", { ...MANUAL, ...other, targets: [IDS.workspace, 5] }, { username: "nina" }],
    ["a name with a hyphen", named("nina-2"), { username: "nina-2" }],
    ["the token's owner", named("me"), "missing"],
    ["the token's owner in capitals", named("ME"), "missing"],
    ["a path", named("nina/../me"), "missing"],
    ["an address", named("nina@example.org"), "missing"],
    ["a blank", named(" "), "missing"],
    ["no text", named(5), "missing"],
    ["a long name", named("n".repeat(201)), "missing"],
    ["nothing", { ...MANUAL, targets: null, labels: null }, "missing"],
    ["the prebuilds user", { ...MANUAL, targets: [IDS.workspace, PREBUILDS_ID] }, "prebuilds"],
    ["the prebuilds user by name", named("prebuilds"), "prebuilds"],
    [
      "nobody at all",
      { notification_name: "Template Deleted", notification_template_id: null },
      "not_tracked",
    ],
  ];
  for (const [what, payload, whom] of rows) {
    await t.step(what, () => {
      const result = ask(payload);
      if (typeof result === "string") assert.ok(typeof whom === "string" && result.includes(whom), result);
      else assert.deepEqual(result.whom, whom);
    });
  }
});

Deno.test("Coder's answer makes the event, or says why there is none", async (t) => {
  const byId = ask({ ...MANUAL, targets: [IDS.workspace, NINA.id] }) as Ask;
  const byName = ask({ ...MANUAL, targets: null, labels: NINAS_NAME }) as Ask;
  const user = { ...NINA, username: "nina" };
  const rows: [
    what: string,
    ask: Ask,
    user: Parameters<typeof answered>[1],
    outcome: string,
    domain?: string,
  ][] = [
    ["the person", byId, user, NINA.email],
    ["the person by name, in another letter case", byName, { ...user, username: "Nina" }, NINA.email],
    ["an address in capitals", byId, { ...user, email: "Nina@Example.ORG" }, NINA.email],
    ["a wanted domain", byId, user, NINA.email, "example.org"],
    ["another domain", byId, user, "domain", "example.com"],
    ["nobody", byId, undefined, "not_found"],
    ["somebody else", byId, { ...user, id: ALICE.id }, "not_found"],
    ["somebody else by name", byName, { ...user, username: "alice" }, "not_found"],
    ["a service account", byId, { ...user, email: "" }, "empty"],
    ["a service account with an address", byId, { ...user, isServiceAccount: true }, "empty"],
    ["the prebuilds user", byName, { ...user, id: PREBUILDS_ID }, "prebuilds"],
    ["two addresses", byId, { ...user, email: "a@example.com,b@example.com" }, "malformed"],
  ];
  for (const [what, asked, user, outcome, domain] of rows) {
    await t.step(what, () => {
      const domains = domain === undefined ? undefined : new Set([domain]);
      const result = answered(asked, user, { domains });
      if (result.kind === "attributed") {
        const { kind: _, whom: __, ...wanted } = asked;
        assert.deepEqual(result, { ...wanted, kind: "attributed", email: outcome, source: "coder" });
      } else assert.equal("why" in result ? result.why : result.reason, outcome);
    });
  }
});
