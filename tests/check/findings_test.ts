import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import fc from "fast-check";
import { parseArguments } from "../../lib/cli/arguments.ts";
import { clockFinding } from "../../lib/check/clock.ts";
import { coderSettings } from "../../lib/check/coder_lines.ts";
import { eventFindings } from "../../lib/check/events.ts";
import { fileSystemFinding } from "../../lib/check/file_system.ts";
import type { Finding } from "../../lib/check/finding.ts";
import { problemFindings, settingFindings } from "../../lib/check/settings.ts";
import { testEvent, testEventFinding } from "../../lib/check/test_event.ts";
import type { Verdict } from "../../lib/platformx/verdict.ts";
import { parseConfig } from "../../lib/config/parse_config.ts";
import { readSettings } from "../../lib/config/read_settings.ts";
import { type Environment, sourceOf } from "../support/settings.ts";
import { BASE } from "../config/fakes.ts";

/** The settings of an environment, with a `.env` behind it. */
async function settingsOf(own: Environment, dotenv?: Environment | string) {
  const text = typeof dotenv === "object"
    ? Object.entries(dotenv).map(([name, value]) => `${name}=${value}`).join("\n")
    : dotenv;
  const files = { "/run/secrets/key": "key-from-file\n", ...text === undefined ? {} : { ".env": text } };
  const given = await readSettings(sourceOf(own, files));
  const parsed = parseConfig(given, true);
  assert.ok("config" in parsed, JSON.stringify(parsed));
  return { shown: { given, warnings: parsed.warnings }, config: parsed.config };
}

function settingIn(findings: readonly Finding[], name: string): Finding {
  return findings.find((finding) => finding.name === name) ?? assert.fail(`no ${name}`);
}

Deno.test("every setting is told as it is read, secrets by their length only", async (t) => {
  const rows: [variable: string, own: Environment, dotenv: Environment, detail: string][] = [
    ["PORT", {}, {}, "8080 (default)"],
    ["SHUTDOWN_GRACE", {}, {}, "12s (default)"],
    ["SHUTDOWN_GRACE", { DENO_DEPLOY: "true" }, {}, "4s (default)"],
    ["PORT", { PORT: " '9090' " }, {}, "9090"],
    ["PORT", {}, { PORT: "9090" }, "9090 (.env)"],
    ["PORT", { PORT: "9091" }, { PORT: "9090" }, "9091 (from the environment: .env has another value)"],
    ["PORT", { PORT: "9091" }, { PORT: "9091" }, "9091"],
    ["EMAIL_DOMAINS", {}, {}, "not set"],
    ["EMAIL_DOMAINS", { EMAIL_DOMAINS: "@example.com" }, {}, "@example.com"],
    ["GETDX_API_KEY", {}, {}, "set (7 characters)"],
    ["READ_SECRET", {}, {}, "not set"],
    ["READ_SECRET", { READ_SECRET: "é" }, {}, "set (1 character)"],
    ["READ_SECRET", {}, { READ_SECRET: "12345678" }, "set (8 characters, .env)"],
    [
      "READ_SECRET",
      { READ_SECRET_FILE: "/run/secrets/key" },
      {},
      "set (13 characters, from file '/run/secrets/key')",
    ],
    ["GETDX_API_URL", { GETDX_API_URL: "https://g/?token=t0ken" }, {}, "https://g/?(hidden)"],
    ["OUTBOX", { OUTBOX: "./a@b/outbox" }, {}, "(hidden)"],
    ["OUTBOX", { OUTBOX: "/data/outbox.db" }, {}, "/data/outbox.db"],
    ["OUTBOX", { OUTBOX: "outbox.db" }, {}, "outbox.db"],
    ["OUTBOX", { OUTBOX: "postgres://relay:s3cret@db.example.com/x" }, {}, "postgres:(hidden)"],
    ["OUTBOX", { OUTBOX: "postgres", DATABASE_URL: "postgres://relay:s3cret@db/x" }, {}, "postgres"],
    [
      "EVENTS_TRACKED",
      { EVENTS_TRACKED: "Task Idle\nTask Failed" },
      {},
      "Task Idle\\u{a}Task Failed",
    ],
  ];
  for (const [variable, own, dotenv, detail] of rows) {
    await t.step(`${variable} ${JSON.stringify([own, dotenv])}`, async () => {
      const findings = settingFindings((await settingsOf({ ...BASE, ...own }, dotenv)).shown);
      assert.deepEqual(settingIn(findings, variable), { name: variable, state: "ok", detail });
    });
  }
});

Deno.test("a warning of the configuration stands at its setting, and none is lost", async () => {
  const { shown, config } = await settingsOf({
    GETDX_API_KEY: "k",
    GETDX_TEST_DATA: "true",
    GETDX_API_URL: "http://dx.example/events.track",
    DEDUP_WINDOW: "5m",
    EVENTS_TRACKED: "Workspace Deleted, Something new, User account deleted",
  });
  const findings = [...settingFindings(shown), ...eventFindings(config.events.tracking, shown.warnings)];
  const warned = findings.filter(({ state }) => state === "warning").map(({ name }) => name);
  assert.deepEqual(warned, [
    "WEBHOOK_SECRET",
    "GETDX_API_URL",
    "GETDX_TEST_DATA",
    "DEDUP_WINDOW",
    "Something new",
    "User account deleted",
  ]);
  assert.equal(shown.warnings.length, warned.length);
  for (const finding of findings) {
    assert.equal(finding.todo !== undefined, finding.state === "warning", JSON.stringify(finding));
  }
});

Deno.test("every warning of the start is one of the check, and no sentence ends twice", async (t) => {
  const rows: [own: Environment, dotenv: string, warned: string][] = [
    [{ DRY_RUN: "1" }, "", "DRY_RUN"],
    [{ WEBHOOK_TOKEN: "x" }, "WEBHOOK_SECRETS=y", "WEBHOOK_SECRET WEBHOOK_SECRET WEBHOOK_SECRET"],
    [
      {},
      "READ_SECRET_FILE=a\nREAD_SECRET_FILE=/run/secrets/key\nREAD_SECRET_FIL=x",
      "READ_SECRET READ_SECRET",
    ],
    [{}, "DATABASE_URL=a\nDATABASE_URL=b", ".env"],
    [
      { EVENTS_TRACKED: "Workspace Deleted, Workspace Deprived, Template Deleted" },
      "PORT=1\nPORT=2",
      "PORT Workspace Deprived Template Deleted",
    ],
    [
      { OUTBOX: "./outbox", KUBERNETES_SERVICE_HOST: "h", GETDX_TEST_DATA: "1" },
      "GETDX_URL=x",
      "GETDX_API_URL GETDX_TEST_DATA OUTBOX",
    ],
  ];
  for (const [own, dotenv, names] of rows) {
    await t.step(JSON.stringify([own, dotenv]), async () => {
      const { WEBHOOK_SECRET, ...rest } = BASE;
      const isSet = !("WEBHOOK_TOKEN" in own);
      const { shown, config } = await settingsOf(
        { ...rest, ...isSet ? { WEBHOOK_SECRET } : {}, ...own },
        dotenv,
      );
      const findings = [...settingFindings(shown), ...eventFindings(config.events.tracking, shown.warnings)];
      const warned = findings.filter(({ state }) => state === "warning");
      assert.equal(warned.map(({ name }) => name).join(" "), names);
      assert.equal(warned.length, shown.warnings.length, JSON.stringify(shown.warnings));
      for (const { todo } of warned) assert.doesNotMatch(todo!, /[.?!]\./);
    });
  }
});

Deno.test("an event whose person Coder can be asked for is warned of only where it is not asked", async () => {
  const own = { ...BASE, EVENTS_TRACKED: "User account deleted" };
  const asking = { ...own, CODER_URL: "https://coder.example.com", CODER_SESSION_TOKEN: "t" };
  for (const [settings, state] of [[own, "warning"], [asking, "ok"]] as const) {
    const { shown, config } = await settingsOf(settings);
    assert.equal(eventFindings(config.events.tracking, shown.warnings)[0]!.state, state);
    assert.equal(shown.warnings.length, state === "ok" ? 0 : 1);
  }
});

Deno.test("settings with which nothing starts are findings too: each problem, and what may explain it", async () => {
  const given = await readSettings(sourceOf({ PORT: "http", LOGLEVEL: "DEBUG" }, { ".env": "HOST: x" }));
  const parsed = parseConfig(given, true);
  assert.ok("problems" in parsed);
  const found = problemFindings(parsed.problems, given);
  assert.deepEqual(found.map(({ name, state }) => `${state} ${name}`), [
    ...["ok .env", "failed HOST", "failed GETDX_API_KEY", "failed PORT", "warning LOG_LEVEL"],
  ]);
  assert.equal(found[3]!.detail, "PORT must be a whole number from 0 to 65535: current value is 'http'");
});

Deno.test("the file with settings comes first, with what it does not do", async (t) => {
  const rows: [dotenv: string | undefined, state: string, detail: string, ...todos: string[]][] = [
    [undefined, "ok", "/work-dir/.env is not there"],
    ["PORT=1", "ok", "read: /work-dir/.env"],
    [
      "x\nDENO_CERT=x",
      "warning",
      "read: /work-dir/.env",
      ".env line 2: DENO_CERT has no effect there: set it in the environment",
      ".env line 1: no setting. Write NAME=value, or begin a comment with #",
    ],
  ];
  for (const [dotenv, state, detail, ...todos] of rows) {
    await t.step(`${dotenv}`, async () => {
      const found = settingFindings((await settingsOf(BASE, dotenv)).shown);
      const setting = { name: ".env", detail, state };
      const expected = todos.length === 0 ? [setting] : todos.map((todo) => ({ ...setting, todo }));
      assert.deepEqual(found.filter(({ name }) => name === ".env"), expected);
    });
  }
  await t.step("a misspelled name stands at the setting that was meant", async () => {
    const { shown } = await settingsOf({ ...BASE, LOGLEVEL: "DEBUG" }, "EMAIL_DOMAIN=example.com");
    const warned = settingFindings(shown).filter(({ state }) => state === "warning");
    assert.deepEqual(warned.map(({ name, todo }) => [name, todo]), [
      ["EMAIL_DOMAINS", ".env line 1: EMAIL_DOMAIN is not known: did you mean EMAIL_DOMAINS?"],
      ["LOG_LEVEL", "LOGLEVEL is set, and means nothing here: did you mean LOG_LEVEL?"],
    ]);
  });
});

Deno.test("each tracked event is told whose it is, or why nothing may come", async (t) => {
  const rows: [name: string, state: string, detail: RegExp, todo?: RegExp][] = [
    ["Workspace Created", "note", /^the workspace owner's .*off by default/, /two administrators/],
    ["Task Idle", "note", /^the recipient's .*off by default/, /^Each person .*\/settings\/notifications/],
    ["User account created", "ok", /^the account's \(data\.user\.email\)$/],
    ["Workspace Deleted", "ok", /^the recipient's \(user_email\)$/],
    ["User account deleted", "warning", /^never has a person/, /Remove it/],
    ["Something new", "warning", /owner's or user's/, /'Something new' is not known .*Name=owner/],
    ["Something else=recipient", "ok", /^the recipient's .*as EVENTS_TRACKED says$/],
    ["0a0b0c0d-1111-2222-3333-444455556666=Owner", "ok", /^the workspace owner's .*as EVENTS_TRACKED says$/],
  ];
  for (const [entry, state, detail, todo] of rows) {
    await t.step(entry, async () => {
      const { shown, config } = await settingsOf({
        ...BASE,
        EVENTS_TRACKED: `Workspace Out Of Disk,${entry}`,
      });
      const found = eventFindings(config.events.tracking, shown.warnings);
      assert.deepEqual(found.map(({ name }) => name), ["Workspace Out Of Disk", entry.split("=")[0]]);
      assert.equal(found[1]!.state, state);
      assert.match(found[1]!.detail, detail);
      assert.match(found[1]!.todo ?? "", todo ?? /^$/);
    });
  }
  await t.step("* is written out", async () => {
    const { shown, config } = await settingsOf({ ...BASE, EVENTS_TRACKED: "*" });
    const names = eventFindings(config.events.tracking, shown.warnings).map(({ name }) => name);
    assert.ok(names.length > 20 && names.includes("Workspace Created"));
    for (const name of ["*", "Test Notification", "One-Time Passcode"]) {
      assert.ok(!names.includes(name), name);
    }
  });
});

Deno.test("the clock may be off by 60 s, and the answer's own time is no fault of it", async (t) => {
  const at = Date.UTC(2026, 7, 1, 12, 0, 0);
  const date = new Date(at).toUTCString();
  const rows: [asked: number, answered: number, date: string | null, state: string, detail: RegExp][] = [
    [at, at + 20, date, "ok", /^agrees/],
    [at + 900, at + 950, date, "ok", /^agrees/],
    [at - 9_000, at + 500, date, "ok", /^agrees/],
    [at + 2_400, at + 2_500, date, "ok", /^agrees/],
    [at + 2_999, at + 3_000, date, "ok", /^2 s ahead of/],
    [at + 60_999, at + 61_100, date, "ok", /^60 s ahead of/],
    [at + 61_000, at + 61_100, date, "failed", /^60 s ahead of/],
    [at - 60_100, at - 60_000, date, "ok", /^60 s behind/],
    [at - 60_101, at - 60_001, date, "failed", /^60 s behind/],
    [at + 120_999, at + 121_000, date, "failed", /^120 s ahead of PlatformX's$/],
    [at - 120_000, at - 120_000, date, "failed", /^120 s behind PlatformX's$/],
    [at, at, null, "skipped", /tells no time/],
    [at, at, "yesterday", "skipped", /tells no time/],
  ];
  for (const [askedAt, answeredAt, date, state, detail] of rows) {
    await t.step(JSON.stringify([askedAt - at, answeredAt - at, date]), () => {
      const finding = clockFinding({ date, askedAt, answeredAt });
      assert.equal(finding.state, state);
      assert.match(finding.detail, detail);
    });
  }
});

Deno.test("the secret in Coder's endpoint is what a URL gives back, and is shown only when asked for", () => {
  const name = "CODER_NOTIFICATIONS_WEBHOOK_ENDPOINT";
  assert.equal(coderSettings(undefined, true)[name], "https://<your host>/");
  assert.equal(coderSettings("s3cret", false)[name], "https://coder:SECRET@<your host>/");
  assert.equal(
    coderSettings("a/b'(c) @é", true)[name],
    "https://coder:a%2Fb%27%28c%29%20%40%C3%A9@<your host>/",
  );
  fc.assert(fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (secret) => {
    const endpoint = coderSettings(secret, true)[name];
    assert.match(endpoint, /^https:\/\/coder:[\w.~%-]+@<your host>\/$/);
    assert.equal(
      decodeURIComponent(new URL(endpoint.replace("<your host>", "host.example")).password),
      secret.toWellFormed(),
    );
  }));
});

Deno.test("the file system is judged by what Linux tells of it", async (t) => {
  const rows: [
    os: string,
    magic: number | undefined,
    device: number | undefined,
    state: string,
    detail: RegExp,
  ][] = [
    ["linux", 0xef53, 65024, "ok", /^local$/],
    ["linux", 0x9123683e, 27, "ok", /^local$/],
    ["linux", 0x6969, 50, "warning", /^NFS/],
    ["linux", -11317950, 50, "warning", /^CIFS/],
    ["linux", 0x01021997, 50, "warning", /^9P/],
    ["linux", 0x65735546, 50, "warning", /^FUSE/],
    ["linux", 0x01021994, 27, "warning", /^memory/],
    ["linux", 0x794c7630, 27, "warning", /^a container's own layer/],
    ["linux", undefined, 65024, "ok", /^local$/],
    ["linux", undefined, 2049, "ok", /^local$/],
    ["linux", undefined, 27, "note", /^on no disk of its own/],
    ["linux", undefined, undefined, "skipped", /^not known$/],
    ["darwin", 26, 16777220, "skipped", /^not known on this system$/],
  ];
  for (const [os, magic, device, state, detail] of rows) {
    await t.step(JSON.stringify([os, magic, device]), () => {
      const finding = fileSystemFinding({ os, magic, device });
      assert.equal(finding.state, state);
      assert.match(finding.detail, detail);
      assert.equal(finding.todo === undefined, state === "ok");
    });
  }
});

Deno.test("a test event is marked as one, and only a delivered one is well", async (t) => {
  assert.deepEqual(testEvent("ann@example.com", Date.UTC(2026, 0, 1) + 999, "1.2.3"), {
    name: "coder-platformx test",
    email: "ann@example.com",
    timestamp: "1767225600",
    metadata: { sent_by: "coder-platformx check", version: "1.2.3" },
    test_data: true,
  });
  const rows: [verdict: Verdict, state: string, words: RegExp][] = [
    [{ kind: "delivered" }, "ok", /took the event/],
    [{ kind: "refused", words: constant("no such user") }, "failed", /refused the event: no such user/],
    [{ kind: "refused", words: constant("") }, "failed", /does not say why/],
    [{ kind: "later", cause: "key", seen: constant("status 401") }, "failed", /status 401.*GETDX_API_KEY/],
    [{ kind: "later", cause: "rate_limit", seen: constant("status 429") }, "failed", /Wait a minute/],
    [{ kind: "later", cause: "url", seen: constant("status 301") }, "failed", /GETDX_API_URL/],
    [
      { kind: "later", cause: "platformx", seen: constant("connection_failed") },
      "failed",
      /connection_failed.*later/,
    ],
    [{ kind: "unknown", seen: constant("timed_out") }, "failed", /timed_out.*it may have this one/],
  ];
  for (const [verdict, state, words] of rows) {
    await t.step(JSON.stringify(verdict), () => {
      const finding = testEventFinding(verdict);
      assert.equal(finding.state, state);
      assert.match(`${finding.detail} ${finding.todo}`, words);
    });
  }
});

Deno.test("arguments of check", async (t) => {
  const nothing = {
    kind: "check",
    sendTestEvent: undefined,
    publicUrl: undefined,
    showSecrets: false,
    json: false,
  };
  const needsAddress = /^'--send-test-event' needs an e-mail address: see 'coder-platformx check --help'$/;
  const needsUrl = /^'--public-url' needs an http or https address, .*: see 'coder-platformx check --help'$/;
  const rows: [args: string, expected: object | RegExp][] = [
    ["check", nothing],
    ["check --json --show-secrets", { ...nothing, json: true, showSecrets: true }],
    ["check --send-test-event a@b.example", { ...nothing, sendTestEvent: "a@b.example" }],
    ["check --json --send-test-event a@b.example --show-secrets", {
      ...nothing,
      sendTestEvent: "a@b.example",
      showSecrets: true,
      json: true,
    }],
    ["check --public-url https://coder:s@h.example/", {
      ...nothing,
      publicUrl: "https://coder:s@h.example/",
    }],
    ["check --public-url http://h.example:8080/x?y --send-test-event a@b.example", {
      ...nothing,
      sendTestEvent: "a@b.example",
      publicUrl: "http://h.example:8080/x?y",
    }],
    ["check --help", { kind: "help", about: "check" }],
    ["check --send-test-event", needsAddress],
    ["check --send-test-event --json", needsAddress],
    ["check --send-test-event --json a@b.example", needsAddress],
    ["check a@b.example --send-test-event", needsAddress],
    ["check --send-test-event alice", needsAddress],
    [`check --send-test-event ${"a".repeat(250)}@b.example`, needsAddress],
    ["check --send-test-event a@\u202eb", needsAddress],
    ["check --public-url", needsUrl],
    ["check --public-url --json", needsUrl],
    ["check --public-url h.example", needsUrl],
    ["check --public-url ftp://h.example/", needsUrl],
    ["check --public-url https://", needsUrl],
    ["check --send-test-event a@b.example,c@d.example", needsAddress],
    ["check --send-test-event <a@b.example>", needsAddress],
    ["check a@b.example", /^'check' takes no argument/],
    ["check --send-test-event a@b.example c@d.example", /^'check' takes no argument but/],
    ["check --public-url https://h.example/ https://i.example/", /^'check' takes no argument but/],
    ["check --dead", /^'check' has no option '--dead'/],
  ];
  for (const [args, expected] of rows) {
    await t.step(args, () => {
      const command = parseArguments(args.split(" "));
      if (expected instanceof RegExp) assert.match(command.kind === "usage" ? command.problem : "", expected);
      else assert.deepEqual(command, expected);
    });
  }
});
