import assert from "node:assert/strict";
import { lookAtCoder } from "../../lib/check/coder.ts";
import { coderFindings } from "../../lib/check/coder_findings.ts";
import type { Finding } from "../../lib/check/finding.ts";
import { CoderApi } from "../../lib/coder/coder_api.ts";
import { parseTracking } from "../../lib/coder/tracking.ts";
import { denoClient } from "../../lib/runtime/deno_client.ts";
import { systemClock } from "../../lib/runtime/system_clock.ts";
import { type CoderState, type CoderUser, startCoder } from "../support/coder.ts";

const CREATED = "281fdf73-c6d6-4cbb-8ff5-888baf8a2fff";
const SUSPENDED = "b02ddd82-4733-4d02-a2d7-c36f3598997d";
const PASSCODE = "62f86a30-2330-4b61-a26d-311ff3b608cf";
const TRACKED = parseTracking("Workspace Created, User account suspended").tracking;
const SECRET = "s3cret/with?signs";

const template = (id: string, name: string, more = {}) => ({
  ...{ id, name, title_template: "", body_template: "", actions: "[]", group: "", kind: "system" },
  ...{ method: "", enabled_by_default: true, ...more },
});
const TEMPLATES = [
  template(CREATED, "Workspace Created", { enabled_by_default: false }),
  template(SUSPENDED, "User account suspended"),
  template(PASSCODE, "One-Time Passcode", { method: "smtp" }),
];
const NOTIFICATIONS = {
  method: "webhook",
  max_send_attempts: 5,
  retry_interval: 300_000_000_000,
  webhook: { endpoint: `https://coder:${encodeURIComponent(SECRET)}@relay.example.com/` },
};
const withRoles = (...roles: string[]): CoderUser => ({
  id: "7ce4d0f2-6a1d-4f3e-9f5c-0f2b1f6c1a09",
  username: "relay",
  email: "",
  roles,
});

/** What is found, by name: `state: detail -> todo`. */
async function found(state: Partial<CoderState>, { token = "coder-token", secrets = [SECRET] } = {}) {
  await using coder = startCoder({ templates: TEMPLATES, notifications: NOTIFICATIONS, ...state });
  const send = denoClient(() => undefined);
  const api = new CoderApi({ url: coder.url, token, userAgent: "test", send, clock: systemClock });
  const findings = coderFindings(await lookAtCoder(api), { tracking: TRACKED, secrets });
  const text = JSON.stringify(findings);
  assert.ok(
    !text.includes(SECRET) && !text.includes(encodeURIComponent(SECRET)),
    "the password is never shown",
  );
  const line = ({ state, detail, todo }: Finding) =>
    `${state}: ${detail}${todo === undefined ? "" : ` -> ${todo}`}`;
  return Object.fromEntries(findings.map((finding) => [finding.name, line(finding)]));
}

Deno.test("a Coder that is set up well is told in full", async () => {
  assert.deepEqual(await found({}), {
    "Coder's version": "ok: v2.38.1+abc",
    "CODER_SESSION_TOKEN": "ok: of relay (auditor)",
    "Coder's notifications": "ok: not paused",
    "Coder's endpoint": "ok: https://relay.example.com/: see that it is this service ('check --public-url')",
    "Coder's password": "ok: is WEBHOOK_SECRET",
    "Coder's patience": "ok: sends 5 times within 21 min: so long may the service be away",
    "Workspace Created":
      "note: goes by webhook; off by default in Coder: who has switched it on is seen with an owner's token only",
    "User account suspended": "ok: goes by webhook",
    "One-Time Passcode": "ok: goes by smtp",
  });
});

const ROWS: readonly {
  readonly what: string;
  readonly state?: Partial<CoderState>;
  readonly options?: Parameters<typeof found>[1];
  readonly name: string;
  readonly seen: RegExp;
}[] = [
  {
    what: "an old Coder",
    state: { version: "v2.18.5" },
    name: "Coder's version",
    seen: /^warning: .*Upgrade/,
  },
  {
    what: "no Coder",
    state: { instead: () => new Response("hello") },
    name: "Coder's version",
    seen: /^failed/,
  },
  {
    what: "another token",
    options: { token: "no" },
    name: "CODER_SESSION_TOKEN",
    seen: /^failed: not accepted: status 401/,
  },
  {
    what: "a member's token",
    state: { token: { value: "coder-token", user: withRoles() } },
    name: "CODER_SESSION_TOKEN",
    seen: /^warning: of relay \(no role\) -> Give the account the role auditor/,
  },
  {
    what: "an owner's token",
    state: { token: { value: "coder-token", user: withRoles("owner") } },
    name: "CODER_SESSION_TOKEN",
    seen: /^note: .*more than the service needs/,
  },
  {
    what: "a template admin may not see the deployment",
    state: { token: { value: "coder-token", user: withRoles("template-admin") } },
    name: "Coder's endpoint",
    seen: /^note: not seen with this token: status 403/,
  },
  {
    what: "paused",
    state: { paused: true },
    name: "Coder's notifications",
    seen: /^warning: paused.*resume/,
  },
  {
    what: "no endpoint",
    state: { notifications: {} },
    name: "Coder's endpoint",
    seen: /^failed: none is set/,
  },
  {
    what: "the endpoint as an object",
    state: {
      notifications: {
        ...NOTIFICATIONS,
        webhook: { endpoint: { Scheme: "https", Host: "a.example.com", Path: "/" } },
      },
    },
    name: "Coder's endpoint",
    seen: /^ok: https:\/\/a\.example\.com\//,
  },
  {
    what: "an endpoint with a path",
    state: { notifications: { ...NOTIFICATIONS, webhook: { endpoint: "https://a.example.com/relay/" } } },
    name: "Coder's endpoint",
    seen: /^warning: .*taken at \/ only/,
  },
  {
    what: "an endpoint without TLS",
    state: { notifications: { ...NOTIFICATIONS, webhook: { endpoint: "http://a.example.com/" } } },
    name: "Coder's endpoint",
    seen: /^warning: .*Use https/,
  },
  {
    what: "another password",
    options: { secrets: ["other"] },
    name: "Coder's password",
    seen: /^failed: is another one/,
  },
  {
    what: "the old password",
    options: { secrets: ["new", SECRET] },
    name: "Coder's password",
    seen: /^warning: is WEBHOOK_SECRET_PREVIOUS/,
  },
  { what: "a password nobody asks for", options: { secrets: [] }, name: "Coder's password", seen: /^note/ },
  {
    what: "a single attempt",
    state: { notifications: { ...NOTIFICATIONS, max_send_attempts: 1 } },
    name: "Coder's patience",
    seen: /^warning: sends 1 times within 0 min/,
  },
  {
    what: "one that goes by mail",
    state: { templates: [template(SUSPENDED, "User account suspended", { method: "smtp" })] },
    name: "User account suspended",
    seen: /^failed: goes by smtp: it never arrives here/,
  },
  {
    what: "one that is not there",
    state: { templates: [] },
    name: "Workspace Created",
    seen: /^note: this Coder has no such/,
  },
  {
    what: "the passcode by webhook",
    state: { templates: [template(PASSCODE, "One-Time Passcode")] },
    name: "One-Time Passcode",
    seen: /^warning: goes by webhook, where it is dropped/,
  },
  {
    what: "one of a newer Coder",
    state: { templates: [template("bb2bb51b-5d40-4e33-ae8b-f40f13bfcd24", "Workspace Agent Restarted")] },
    name: "Workspace Agent Restarted",
    seen: /^note: not known to this version/,
  },
  {
    what: "one that was renamed",
    state: { templates: [template(SUSPENDED, "Account suspended")] },
    name: "User account suspended",
    seen: /^(?:ok|note): (?:goes by webhook|Coder calls it 'Account suspended' now)/,
  },
  {
    what: "the methods as an object",
    state: { methodsAsList: false },
    name: "User account suspended",
    seen: /^ok/,
  },
  {
    what: "switched on by an administrator",
    state: {
      token: { value: "coder-token", user: withRoles("owner") },
      users: [{
        ...withRoles("template-admin"),
        id: "a",
        username: "tim",
        preferences: [{ id: CREATED, disabled: false }],
      }],
    },
    name: "Workspace Created",
    seen: /^ok: .*switched on by an administrator/,
  },
  {
    what: "switched on by nobody",
    state: { token: { value: "coder-token", user: withRoles("owner") } },
    name: "Workspace Created",
    seen: /^warning: .*no administrator has switched it on -> At least two/,
  },
];

for (const { what, state = {}, options = {}, name, seen } of ROWS) {
  Deno.test(`Coder's settings: ${what}`, async () =>
    assert.match((await found(state, options))[name] ?? "", seen));
}
