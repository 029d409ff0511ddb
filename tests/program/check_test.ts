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
  const settings = { GETDX_API_URL: platformx.url, OUTBOX: "outbox" };
  const json = await runCheck(["--json"], settings);
  assert.deepEqual([json.code, json.stderr], [0, ""], json.stdout);
  const findings = findingsIn(json);
  const { ok, coder } = JSON.parse(json.stdout);
  assert.equal(ok, true);
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
  const table = text.stdout.replaceAll(/ {2,}/g, "  ");
  for (const { check, name, state, detail, to_do } of findings) {
    assert.ok(table.includes(`${state}  ${check}  ${name}  ${detail}`.replaceAll(/ {2,}/g, "  ")), name);
    if (to_do !== null) assert.ok(text.stdout.includes(`-> ${to_do}`), name);
  }
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
    ["another path", at(`${plain.origin}/track`), "address", "warning", /path/],
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
      assert.equal(checked.code, state === "failed" ? 1 : 0);
      assert.equal(JSON.parse(checked.stdout).ok, state !== "failed");
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
  await t.step("a folder that is not there", async () => {
    const { code, stdout } = await runCheck(["--json"], { GETDX_API_URL, OUTBOX: "none/outbox" });
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
    assert.deepEqual([checked.code, skipped], [0, ["platformx", "clock", "store"]]);
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
    });
  }
});

Deno.test("a configuration that does not start is told as the service tells it", async () => {
  const { code, stdout, stderr } = await runCheck(["--json"], { PORT: "http", OUTBOX: "" });
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /^The configuration has 2 problems:\n- .*\n- .*\n$/);
});
