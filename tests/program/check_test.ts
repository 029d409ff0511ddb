import assert from "node:assert/strict";
import { FIXED_CERTIFICATE } from "../support/certificates.ts";
import {
  type Misbehaviour,
  STAND_IN_KEY,
  type StandInOptions,
  startPlatformX,
} from "../support/platformx.ts";
import { type Ended, freePort } from "../support/process.ts";
import { fileOf } from "../support/files.ts";
import type { Environment } from "../support/program.ts";
import { runProgram, startProgram } from "../support/service.ts";

const CERT_FILE = fileOf("tests/fixtures/tls_cert.pem");

/** A finding, as `--json` writes it. */
interface JsonFinding {
  readonly check: string;
  readonly name: string;
  readonly state: string;
  readonly detail: string;
  readonly to_do: string | null;
}

/** Runs `check` with these settings over ones that are well. */
function runCheck(args: readonly string[], settings: Environment): Promise<Ended> {
  const well = {
    HOST: "127.0.0.1",
    PORT: "0",
    GETDX_API_KEY: STAND_IN_KEY,
    WEBHOOK_SECRET: "webhook-s3cret",
  };
  return runProgram(["check", ...args], { environment: { ...well, ...settings } });
}

/** The findings that `check --json` wrote. */
function findingsIn({ stdout }: Ended): readonly JsonFinding[] {
  return JSON.parse(stdout).findings;
}

/** A server that answers every request the same. */
async function startAnswering(
  answer: Omit<Misbehaviour & { kind: "answer" }, "kind">,
  options?: StandInOptions,
) {
  const server = await startPlatformX(options);
  server.misbehave({ kind: "answer", ...answer }, Infinity);
  return server;
}

Deno.test("a set-up that is well passes, and neither key nor event is sent", async () => {
  await using platformx = await startAnswering({ status: 404, body: "Not Found" });
  const settings = { GETDX_API_URL: platformx.url };
  const json = await runCheck(["--json"], settings);
  assert.deepEqual([json.code, json.stderr], [0, ""], json.stdout);
  const findings = findingsIn(json);
  const { ok, failed, warnings, notes, coder } = JSON.parse(json.stdout);
  assert.deepEqual([ok, failed, warnings], [true, 0, 0]);
  assert.deepEqual(coder, {
    CODER_NOTIFICATIONS_METHOD: "webhook",
    CODER_NOTIFICATIONS_WEBHOOK_ENDPOINT: "https://coder:SECRET@<your host>/",
  });
  for (const check of ["settings", "events", "platformx", "clock", "store", "port"]) {
    assert.ok(findings.some((finding) => finding.check === check), `nothing about ${check}`);
  }
  assert.ok(!findings.some(({ check }) => check === "test_event"));

  const text = await runCheck([], settings);
  assert.deepEqual([text.code, text.stderr], [0, ""], text.stdout);
  const packed = (text: string) => text.replaceAll(/\s+/g, "");
  const table = packed(text.stdout);
  assert.match(table, /oksettings\.env\/.*\/\.envisnotthere/); // each run has a folder of its own
  for (const { check, name, state, detail, to_do } of findings) {
    if (name !== ".env") assert.ok(table.includes(packed(`${state} ${check} ${name} ${detail}`)), name);
    if (to_do !== null) assert.ok(table.includes(packed(`-> ${to_do}`)), name);
  }
  assert.ok(text.stdout.endsWith(`\n0 failed, 0 warnings, ${notes} notes\n`), text.stdout);
  assert.match(text.stdout, /^CODER_NOTIFICATIONS_WEBHOOK_ENDPOINT=https:\/\/coder:SECRET@<your host>\/$/m);

  assert.equal(platformx.requests, 2);
  for (const { method, headers, body } of platformx.received) {
    assert.deepEqual([method, headers.get("authorization"), body], ["GET", null, ""]);
    assert.ok(!JSON.stringify([...headers]).includes(STAND_IN_KEY));
  }
});

Deno.test("whatever is wrong on the way to PlatformX fails the check at its step", async (t) => {
  await using plain = await startAnswering({ status: 200 });
  await using secure = await startAnswering({ status: 401, body: '{"ok":false}' }, {
    tls: FIXED_CERTIFICATE,
  });
  await using late = await startPlatformX();
  late.misbehave(() => {
    const headers = { date: new Date(Date.now() - 120_000).toUTCString() };
    return { kind: "answer", status: 200, headers };
  }, Infinity);
  const at = (GETDX_API_URL: string, more: Environment = {}) => ({ GETDX_API_URL, ...more });
  const dead = `127.0.0.1:${freePort()}`;
  const nowhere = "name.invalid/events.track";
  const proxy = { HTTPS_PROXY: `http://user:pr0xy-s3cret@${dead}` };
  const rows: [what: string, settings: Environment, name: string, state: string, words: RegExp][] = [
    ["another path", at(`${plain.origin}/track`), "address", "note", /path/],
    ["no such name", at(`http://${nowhere}`), "name (DNS)", "failed", /not found/],
    ["a refused port", at(`http://${dead}/events.track`), "connection (TCP)", "failed", /refused/],
    ["a certificate of nobody", at(secure.url), "TLS", "failed", /not trusted.*DENO_CERT/],
    [
      "a certificate of an extra CA",
      at(secure.url, { DENO_CERT: CERT_FILE }),
      "answer (HTTP)",
      "ok",
      /PlatformX answers 401/,
    ],
    [
      "an extra CA that is not there",
      at(plain.url, { DENO_CERT: "none.pem" }),
      "extra CA",
      "failed",
      /no such file/,
    ],
    [
      "an extra CA that is not there: the way is not tried",
      at(secure.url, { DENO_CERT: "none.pem" }),
      "TLS",
      "skipped",
      /not tried/,
    ],
    ["TLS where there is none", at(plain.url.replace("http", "https")), "TLS", "failed", /no TLS/],
    ["a proxy that is not there", at(`https://${nowhere}`, proxy), "connection (TCP)", "failed", /proxy/],
    ["a clock two minutes off", at(late.url), "clock", "failed", /1(?:19|2\d) s ahead/],
  ];
  for (const [what, settings, name, state, words] of rows) {
    await t.step(what, async () => {
      const checked = await runCheck(["--json"], settings);
      const finding = findingsIn(checked).find((finding) => finding.name === name);
      assert.equal(finding?.state, state, checked.stdout);
      assert.match(`${finding?.detail} ${finding?.to_do}`, words);
      const { failed, ok } = JSON.parse(checked.stdout);
      assert.equal(checked.code, failed > 0 ? 1 : 0);
      assert.equal(ok, failed === 0);
      if (state === "failed") assert.ok(failed > 0);
      assert.doesNotMatch(checked.stdout, /os error|client error|pr0xy-s3cret/);
    });
  }
});

Deno.test("store and port are looked at", async (t) => {
  await using platformx = await startPlatformX();
  const GETDX_API_URL = platformx.url;
  const portOf = async (port: number) => {
    const checked = await runCheck(["--json"], { GETDX_API_URL, PORT: String(port) });
    return { code: checked.code, ...findingsIn(checked).find(({ check }) => check === "port")! };
  };
  await t.step("an outbox that can be made, and is not", async () => {
    const checked = await runCheck(["--json"], { GETDX_API_URL, OUTBOX: "./outbox.db" });
    const { detail, state } = findingsIn(checked).find(({ name }) => name === "outbox")!;
    assert.deepEqual([checked.code, state], [0, "ok"], detail);
  });
  await t.step("a folder that is not there", async () => {
    const { code, stdout } = await runCheck(["--json"], { GETDX_API_URL, OUTBOX: "none/outbox.db" });
    const outbox = findingsIn({ code, stdout, stderr: "" }).find(({ name }) => name === "outbox")!;
    assert.deepEqual([code, outbox.state], [1, "failed"]);
  });
  await t.step("a port of another program", async () => {
    const { code, state, detail } = await portOf(platformx.port);
    assert.deepEqual([code, state, detail], [1, "failed", "in use by another program"]);
  });
  await t.step("the port of the running service", async () => {
    const environment = { GETDX_API_URL, GETDX_API_KEY: STAND_IN_KEY };
    await using program = await startProgram({ environment });
    const { code, state, detail } = await portOf(program.port);
    assert.deepEqual([code, state, detail], [0, "ok", "in use by this service, which says: ok"]);
  });
  await t.step("a dry run asks nobody and opens nothing", async () => {
    const before = platformx.requests;
    const checked = await runCheck(["--json"], { GETDX_API_URL, DRY_RUN: "1", OUTBOX: "none/outbox" });
    const skipped = findingsIn(checked).filter(({ state }) => state === "skipped").map(({ check }) => check);
    assert.deepEqual([checked.code, skipped], [0, ["platformx", "clock", "store", "coder"]]);
    assert.equal(platformx.requests, before);
  });
});

Deno.test("secrets stay where they are; the webhook secret is shown when it is asked for", async () => {
  await using platformx = await startPlatformX({ key: "s3ntinel-key" });
  const settings = {
    GETDX_API_URL: platformx.url,
    GETDX_API_KEY: "s3ntinel-key",
    WEBHOOK_SECRET: "s3ntinel/web hook",
    WEBHOOK_SECRET_PREVIOUS: "s3ntinel-previous",
    READ_SECRET: "s3ntinel-read",
    HTTP_PROXY: "http://user:s3ntinel-proxy@127.0.0.1:1",
    NO_PROXY: "127.0.0.1",
  };
  for (const args of [[], ["--json"], ["--send-test-event", "ann@example.com"]]) {
    const { code, stdout, stderr } = await runCheck(args, settings);
    assert.equal(code, 0, stdout);
    assert.doesNotMatch(stdout + stderr, /s3ntinel|ann@/);
  }
  const { stdout } = await runCheck(["--show-secrets"], settings);
  assert.deepEqual(stdout.match(/\S*s3ntinel.*/g), [
    "CODER_NOTIFICATIONS_WEBHOOK_ENDPOINT=https://coder:s3ntinel%2Fweb%20hook@<your host>/",
  ]);
});

Deno.test("a test event is announced, sent once, marked as test data, and its answer decides", async (t) => {
  await using platformx = await startPlatformX();
  const GETDX_API_URL = platformx.url;
  const send = ["--send-test-event", "ann@example.com"];
  await t.step("delivered", async () => {
    const { code, stdout, stderr } = await runCheck(send, { GETDX_API_URL });
    assert.equal(code, 0, stdout);
    assert.match(stderr, /^a…@example\.com will get a survey/);
    assert.match(stdout, /^ok +test_event +answer +PlatformX took the event 'coder-platformx test'$/m);
    const [{ name, email, test_data } = {}] = platformx.events;
    assert.equal(platformx.events.length, 1);
    assert.deepEqual([name, email, test_data], ["coder-platformx test", "ann@example.com", true]);
  });
  await t.step("once on the wire, also over a connection that was used before and closes", async () => {
    await using broken = await startPlatformX();
    broken.misbehave(({ method }) => method === "POST" ? { kind: "closed" } : undefined, Infinity);
    const checked = await runCheck([...send, "--json"], { GETDX_API_URL: broken.url });
    const { state, detail, to_do } = findingsIn(checked).at(-1)!;
    assert.deepEqual([checked.code, state], [1, "failed"]);
    assert.match(`${detail} ${to_do}`, /connection_lost.*it may have this one/);
    assert.deepEqual(broken.received.map(({ method }) => method), ["GET", "POST"]);
  });
  await t.step("not with another key", async () => {
    const checked = await runCheck([...send, "--json"], { GETDX_API_URL, GETDX_API_KEY: "wr0ng-key" });
    const { state, detail } = findingsIn(checked).at(-1)!;
    assert.deepEqual([checked.code, state, detail], [1, "failed", "not taken: status 401: not_authed"]);
  });
  const refused: [what: string, settings: Record<string, string>, words: RegExp][] = [
    ["in a dry run", { DRY_RUN: "1" }, /DRY_RUN forbids it/],
    ["about somebody outside EMAIL_DOMAINS", { EMAIL_DOMAINS: "other.example" }, /in EMAIL_DOMAINS/],
  ];
  for (const [what, settings, words] of refused) {
    await t.step(`not ${what}`, async () => {
      const before = platformx.requests;
      const { code, stdout, stderr } = await runCheck(send, { GETDX_API_URL, ...settings });
      assert.deepEqual([code, stdout, platformx.requests], [2, "", before]);
      assert.match(stderr, words);
      const json = await runCheck([...send, "--json"], { GETDX_API_URL, ...settings });
      assert.deepEqual([json.code, json.stderr, platformx.requests], [2, "", before]);
      const [{ check, state, to_do } = assert.fail(json.stdout)] = findingsIn(json);
      assert.deepEqual([check, state, `${to_do}\n`], ["test_event", "failed", stderr]);
    });
  }
});

Deno.test("the public address must lead to this service, which is shown by its 401 without the secret", async (t) => {
  await using platformx = await startPlatformX();
  const environment = {
    ...{ GETDX_API_URL: platformx.url, GETDX_API_KEY: STAND_IN_KEY, WEBHOOK_SECRET: "webhook-s3cret" },
  };
  await using program = await startProgram({ environment });
  const found = async (url: string, settings: Environment = {}) => {
    const checked = await runCheck(["--json", "--public-url", url], {
      GETDX_API_URL: platformx.url,
      ...settings,
    });
    assert.doesNotMatch(checked.stdout, /s3cret|wr0ng/);
    const findings = findingsIn(checked).filter(({ check }) => check === "public_url");
    return {
      code: checked.code,
      states: findings.map(({ state }) => state).join(" "),
      told: JSON.stringify(findings),
    };
  };
  await t.step("it does, and nothing becomes of what was asked", async () => {
    const { code, states, told } = await found(program.url.replace("//", "//coder:webhook-s3cret@"));
    assert.deepEqual([code, states], [0, "ok ok ok"], told);
    assert.match(told, /answered 401 by this service.*the secret arrives; the service says: ok/);
    const webhooks = program.entries.filter(({ event }) => event === "webhook");
    assert.deepEqual(webhooks.map(({ reason }) => reason), ["unauthorized"]);
    assert.deepEqual(platformx.events, []);
  });
  await t.step("to another service, with another secret", async () => {
    const { code, states, told } = await found(program.url, { WEBHOOK_SECRET: "an0ther-s3cret" });
    assert.deepEqual([code, states], [1, "ok ok failed"]);
    assert.match(told, /the secret does not arrive/);
  });
  await t.step("at another path", async () => {
    const { code, told } = await found(`${program.url}relay`);
    assert.equal(code, 1);
    assert.match(told, /this service is reached, at another path.*'\/relay'/);
  });
  const strangers: [what: string, answer: Parameters<typeof startAnswering>[0], words: RegExp][] = [
    ["an empty 200", { status: 200 }, /answered 200, and not by this service: Coder would count/],
    ["a redirect", { status: 308, headers: { location: program.url } }, /a redirect \(308\) to http:\/\/127/],
    [
      "a password of its own",
      { status: 401, headers: { "www-authenticate": "Basic" } },
      /password of its own/,
    ],
  ];
  for (const [what, answer, words] of strangers) {
    await t.step(what, async () => {
      await using stranger = await startAnswering(answer);
      const { code, states, told } = await found(`${stranger.origin}/`);
      assert.deepEqual([code, states], [1, "ok failed skipped"], told);
      assert.match(told, words);
      assert.deepEqual(
        stranger.received.map(({ method, headers }) => [method, headers.get("authorization")]),
        [["POST", null]],
      );
    });
  }
});

Deno.test("a configuration that does not start is told as the service tells it, as JSON where that is asked for", async () => {
  const settings = { PORT: "http", OUTBOX: "", READ_SECRET: "s3cret one", READ_SECRET_FILE: "x" };
  const { code, stdout, stderr } = await runCheck([], settings);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /^The configuration has 3 problems:\n- .*\n- .*\n- .*\nRead from .*\n$/);
  const json = await runCheck(["--json"], settings);
  assert.deepEqual([json.code, json.stderr], [2, ""]);
  const { findings, ...rest } = JSON.parse(json.stdout);
  assert.deepEqual(rest, { ok: false, failed: 3, warnings: 0, notes: 0, coder: null });
  const told = stderr.split("\n").filter((line) => line.startsWith("- ")).map((line) => line.slice(2));
  const failed = (findings as JsonFinding[]).filter(({ state }) => state === "failed");
  assert.deepEqual(
    failed.map(({ check, detail }) => [check, detail]),
    told.map((text) => ["settings", text]),
  );
  assert.doesNotMatch(json.stdout, /s3cret/);
});

Deno.test("a file with settings that is not there fails the check as JSON too", async () => {
  const { code, stdout, stderr } = await runCheck(["--json", "--env-file", "gone.env"], {});
  assert.deepEqual([code, stderr], [2, ""]);
  const [file, problem] = findingsIn({ code, stdout, stderr });
  assert.match(file!.detail, /gone\.env is not there$/);
  assert.match(problem!.detail, /^gone\.env must be readable: there is no such file/);
});

Deno.test("what the service warns of at its start, the check counts and says", async () => {
  const environment = {
    ...{ GETDX_API_KEY: STAND_IN_KEY, DRY_RUN: "true", WEBHOOK_TOKEN: "x", DEDUP_WINDOW: "5m" },
    EVENTS_TRACKED: "Workspace Deleted, User account deleted",
  };
  await using program = await startProgram({ environment });
  await program.logged("config_warning");
  await program.logged("listening");
  const said = program.entries.filter(({ level }) => level === "WARNING").map(({ message }) => message);
  const { code, stdout } = await runProgram(["check", "--json"], {
    environment: { ...environment, PORT: "0" },
  });
  const { findings, warnings } = JSON.parse(stdout);
  assert.deepEqual([code, warnings], [0, said.length], stdout);
  assert.equal(said.length, 5, said.join("\n"));
  const todos = (findings as JsonFinding[]).map(({ to_do }) => to_do);
  for (const message of said) {
    // A tracked event that has no person is told in other words.
    if (message.startsWith("EVENTS_TRACKED")) continue;
    assert.ok(todos.includes(message), message);
  }
});
