import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { STAND_IN_KEY, startPlatformX } from "../../tools/demo/platformx.ts";
import { startService } from "../../tools/demo/service.ts";
import { findingsIn, runCheck, startRecorder } from "../support/check_program.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);
const CERT_FILE = new URL("tls_cert.pem", FIXTURES);
const cert = await Deno.readTextFile(CERT_FILE);
const key = await Deno.readTextFile(new URL("tls_key.pem", FIXTURES));

/** A port at which nothing listens. */
function deadPort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

Deno.test("a set-up that is well passes, and neither key nor event is sent", async () => {
  await using platformx = startRecorder(() => new Response("Not Found", { status: 404 }));
  const settings = { GETDX_API_URL: `${platformx.origin}/events.track`, OUTBOX: "./outbox" };
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
  // Each run has a folder of its own.
  const plain = (words: string) => words.replaceAll(/ {2,}/g, "  ").replaceAll(/\S+\/\.env/g, "…/.env");
  for (const { check, name, state, detail, to_do } of findings) {
    assert.ok(plain(text.stdout).includes(plain(`${state}  ${check}  ${name}  ${detail}`)), name);
    if (to_do !== null) assert.ok(text.stdout.includes(`-> ${to_do}`), name);
  }
  assert.match(text.stdout, /^CODER_NOTIFICATIONS_WEBHOOK_ENDPOINT=https:\/\/coder:SECRET@<your host>\/$/m);

  assert.equal(platformx.requests.length, 2);
  for (const { method, headers, body } of platformx.requests) {
    assert.deepEqual([method, headers.get("authorization"), body], ["GET", null, ""]);
    assert.ok(!JSON.stringify([...headers]).includes(STAND_IN_KEY));
  }
});

Deno.test("whatever is wrong on the way to PlatformX fails the check at its step", async (t) => {
  await using plain = startRecorder(() => new Response(null));
  await using secure = startRecorder(() => Response.json({ ok: false }, { status: 401 }), { cert, key });
  await using late = startRecorder(() =>
    new Response(null, { headers: { date: new Date(Date.now() - 120_000).toUTCString() } })
  );
  const rows: [what: string, settings: Record<string, string>, name: string, state: string, words: RegExp][] =
    [
      ["another path", { GETDX_API_URL: `${plain.origin}/track` }, "address", "warning", /path/],
      [
        "no such name",
        { GETDX_API_URL: "http://name.invalid/events.track" },
        "name (DNS)",
        "failed",
        /not found/,
      ],
      [
        "a refused port",
        { GETDX_API_URL: `http://127.0.0.1:${deadPort()}/events.track` },
        "connection (TCP)",
        "failed",
        /refused/,
      ],
      [
        "a certificate of nobody",
        { GETDX_API_URL: `${secure.origin}/events.track` },
        "TLS",
        "failed",
        /not trusted.*DENO_CERT/,
      ],
      [
        "a certificate of an extra CA",
        { GETDX_API_URL: `${secure.origin}/events.track`, DENO_CERT: fileURLToPath(CERT_FILE) },
        "answer (HTTP)",
        "ok",
        /PlatformX answers 401/,
      ],
      [
        "an extra CA that is not there",
        { GETDX_API_URL: `${plain.origin}/events.track`, DENO_CERT: "none.pem" },
        "extra CA",
        "failed",
        /there is no such file/,
      ],
      [
        "TLS where there is none",
        { GETDX_API_URL: `${plain.origin.replace("http", "https")}/events.track` },
        "TLS",
        "failed",
        /no TLS/,
      ],
      [
        "a proxy that is not there",
        {
          GETDX_API_URL: "https://name.invalid/events.track",
          HTTPS_PROXY: `http://user:pr0xy-s3cret@127.0.0.1:${deadPort()}`,
        },
        "connection (TCP)",
        "failed",
        /proxy/,
      ],
      [
        "a clock two minutes off",
        { GETDX_API_URL: `${late.origin}/events.track` },
        "clock",
        "failed",
        /1(?:19|2\d) s ahead/,
      ],
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
  await using platformx = startPlatformX();
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
    const port = Number(new URL(platformx.url).port);
    const { code, state, detail } = await portOf(port);
    assert.deepEqual([code, state, detail], [1, "failed", "in use by another program"]);
  });
  await t.step("the port of the running service", async () => {
    const running = AbortSignal.timeout(60_000);
    await using service = await startService({ GETDX_API_URL, GETDX_API_KEY: STAND_IN_KEY }, running);
    const { code, state, detail } = await portOf(Number(new URL(service.url).port));
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
  await using platformx = startPlatformX({ key: "s3ntinel-key" });
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
  await using platformx = startPlatformX();
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
  assert.match(stderr, /^The configuration has 2 problems:\n- .*\n- .*\nRead from .*\n$/);
});
