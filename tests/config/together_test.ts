import assert from "node:assert/strict";
import { parsedSettings } from "../support/settings.ts";
import { BASE, configOf, type Environment, FILES, problemsOf, warningsOf } from "./fakes.ts";

const NO_KEY =
  "GETDX_API_KEY must be set: take the key from the project's page in PlatformX, or set DRY_RUN=true";
const PREVIOUS_ALONE =
  "WEBHOOK_SECRET_PREVIOUS must not be set without WEBHOOK_SECRET: set WEBHOOK_SECRET to the new secret";
const BAD_KEY = "GETDX_API_KEY must be printable ASCII without spaces: current value is (hidden)";

Deno.test("the key is required by commands that talk to PlatformX, unless nothing is sent", async (t) => {
  const rows: [environment: Environment, needsKey: boolean, problems: string[]][] = [
    [{}, true, [NO_KEY]],
    [{ GETDX_API_KEY: " '' " }, true, [NO_KEY]],
    [{ DRY_RUN: "false" }, true, [NO_KEY]],
    [{ DRY_RUN: "true" }, true, []],
    [{ DRY_RUN: "1" }, true, []],
    [{}, false, []],
    [{ GETDX_API_KEY: "k e y" }, false, [BAD_KEY]],
    [{ GETDX_API_KEY: "k e y", DRY_RUN: "true" }, true, [BAD_KEY]],
    [{ GETDX_API_KEY_FILE: "/run/key" }, true, []],
    [{ GETDX_API_KEY_FILE: "/run/bad-key" }, true, [BAD_KEY]],
    [{ GETDX_API_KEY_FILE: "/run/empty" }, true, [
      "GETDX_API_KEY_FILE must name a file with text: '/run/empty' is empty",
    ]],
    [{ GETDX_API_KEY_FILE: "/none" }, true, [
      "GETDX_API_KEY_FILE must name a readable file: '/none': there is no such file",
    ]],
  ];
  for (const [environment, needsKey, problems] of rows) {
    await t.step(`${JSON.stringify(environment)}, ${needsKey ? "needed" : "not needed"}`, async () => {
      assert.deepEqual(await problemsOf(environment, needsKey), problems);
    });
  }
});

Deno.test("a key from a file is remembered with its path, to be read again", async () => {
  const { key, keyFile } = (await configOf({ GETDX_API_KEY_FILE: "/run/key" })).platformx;
  assert.deepEqual({ key, keyFile }, { key: "key-from-file", keyFile: "/run/key" });
});

Deno.test("the previous webhook secret is refused without a current one", async (t) => {
  const empty = "WEBHOOK_SECRET must not be empty: remove it, or give it a value";
  const rows: [environment: Environment, problems: string[]][] = [
    [{ WEBHOOK_SECRET_PREVIOUS: "old" }, [PREVIOUS_ALONE]],
    [{ WEBHOOK_SECRET_PREVIOUS_FILE: "/run/secret" }, [PREVIOUS_ALONE]],
    [{ WEBHOOK_SECRET: "", WEBHOOK_SECRET_PREVIOUS: "old" }, [empty]],
    [{ WEBHOOK_SECRET: "new", WEBHOOK_SECRET_PREVIOUS: "old" }, []],
    [{ WEBHOOK_SECRET_FILE: "/run/secret", WEBHOOK_SECRET_PREVIOUS: "old" }, []],
  ];
  for (const [environment, problems] of rows) {
    await t.step(JSON.stringify(environment), async () => {
      assert.deepEqual(await problemsOf({ GETDX_API_KEY: "k", ...environment }), problems);
    });
  }
  await t.step("both are accepted, the current one first", async () => {
    const { http } = await configOf({ ...BASE, WEBHOOK_SECRET: "new", WEBHOOK_SECRET_PREVIOUS: "old" });
    assert.deepEqual(http.webhookSecrets, ["new", "old"]);
  });
});

Deno.test("a webhook secret that cannot be read is not reported as missing too", async (t) => {
  const rows: [environment: Environment, problem: string][] = [
    [
      { WEBHOOK_SECRET_FILE: "/none" },
      "WEBHOOK_SECRET_FILE must name a readable file: '/none': there is no such file",
    ],
    [
      { WEBHOOK_SECRET: "new", WEBHOOK_SECRET_FILE: "/run/secret" },
      "WEBHOOK_SECRET and WEBHOOK_SECRET_FILE are both set: set one of them",
    ],
  ];
  for (const [environment, problem] of rows) {
    await t.step(JSON.stringify(environment), async () => {
      const previous = { GETDX_API_KEY: "k", WEBHOOK_SECRET_PREVIOUS: "old" };
      assert.deepEqual(await problemsOf({ ...previous, ...environment }), [problem]);
    });
  }
});

Deno.test("all problems are reported at once, each one once", async () => {
  const problems = await problemsOf({
    EVENTS_TRACKED: "Workspace Creatd, User account creatd",
    EMAIL_DOMAINS: ",",
    LOG_LEVEL: "LOUD",
    LOG_FORMAT: "xml",
    HOST: "a b",
    PORT: "-1",
    TLS_CERT_FILE: "/none",
    TLS_KEY_FILE: "/run/empty",
    WEBHOOK_SECRET_FILE: "/run/empty",
    READ_SECRET: "a",
    READ_SECRET_FILE: "/run/secret",
    GETDX_API_URL: "ftp://host",
    GETDX_TEST_DATA: "yes",
    GETDX_RATE_LIMIT: "fast",
    DRY_RUN: "maybe",
    DELIVERY_DEADLINE: "1h",
    DEDUP_WINDOW: "1y",
    SHUTDOWN_GRACE: "1d",
    DENO_TRUST_PROXY_HEADERS: "1",
    OUTBOX: "off",
    CODER_URL: "coder.example.com",
  });
  const subjects = problems.map((sentence) => /^[A-Z_]+/.exec(sentence)?.[0]);
  assert.deepEqual(subjects.sort(), [
    "CODER_URL",
    "CODER_URL",
    "DEDUP_WINDOW",
    "DELIVERY_DEADLINE",
    "DENO_TRUST_PROXY_HEADERS",
    "DRY_RUN",
    "EMAIL_DOMAINS",
    "EVENTS_TRACKED",
    "EVENTS_TRACKED",
    "GETDX_API_KEY",
    "GETDX_API_URL",
    "GETDX_RATE_LIMIT",
    "GETDX_TEST_DATA",
    "HOST",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "OUTBOX",
    "PORT",
    "READ_SECRET",
    "SHUTDOWN_GRACE",
    "TLS_CERT_FILE",
    "TLS_KEY_FILE",
    "WEBHOOK_SECRET_FILE",
  ]);
});

Deno.test("no problem and no warning shows a secret, whatever else is wrong", async (t) => {
  const rows: Environment[] = [
    { GETDX_API_KEY: "s3cret key" },
    { GETDX_API_KEY: "s3cret\nkey" },
    { GETDX_API_KEY: "s3cret", GETDX_API_KEY_FILE: "/run/key" },
    { WEBHOOK_SECRET: "s3cret", WEBHOOK_SECRET_FILE: "/none" },
    { WEBHOOK_SECRET_PREVIOUS: "s3cret" },
    { READ_SECRET: "s3cret", READ_SECRET_FILE: "/run/empty", PORT: "x" },
    { GETDX_API_URL: "https://user:s3cret@dx.example/" },
    { GETDX_API_URL: "http://s3cret@localhost" },
    { GETDX_API_URL: "user:s3cret@dx.example" },
    { GETDX_API_KEY: "s3cret", WEBHOOK_SECRET: "s3cret", READ_SECRET: "s3cret", DEDUP_WINDOW: "1m" },
    { WEBHOOK_SECRET_PREVIOUS_FILE: "s3cret/YmFy=" },
    { GETDX_API_KEY_FILE: "dxk.s3cret" },
    { GETDX_API_KEY_FILE: "/run/x\ns3cret" },
    { TLS_KEY_FILE: "-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----" },
    { TLS_CERT_FILE: "./a@s3cret" },
    { HOST: "-----BEGIN PRIVATE KEY-----s3cret" },
    { LOG_LEVEL: "line\ns3cret" },
    { GETDX_API_URL: "ftp://dx.example/?token=s3cret" },
    { GETDX_API_URL: "dx.example%40s3cret" },
    { EMAIL_DOMAINS: "s3cret@example.com" },
    { OUTBOX: "postgres://me:s3cret@db.example.com:99999/x" },
    { OUTBOX: "postgres://s3cret" },
    { OUTBOX: "host=db password=s3cret" },
    { OUTBOX: "redis://s3cret" },
    { OUTBOX: "postgres", DATABASE_URL: "mysql://s3cret" },
    { CODER_URL: "https://coder.example.com/?s3cret", CODER_SESSION_TOKEN: "s3cret" },
  ];
  for (const environment of rows) {
    await t.step(JSON.stringify(environment), async () => {
      const parsed = await parsedSettings(environment, FILES);
      const told = JSON.stringify("problems" in parsed ? parsed.problems : parsed.warnings);
      assert.notEqual(told, "[]");
      assert.doesNotMatch(told, /s3cret/);
    });
  }
});

Deno.test("what is allowed but unwise warns", async (t) => {
  const secret =
    "WEBHOOK_SECRET is not set: whoever reaches this port can send events. Set it, and put it into Coder's endpoint";
  const http = "GETDX_API_URL is http: the key and addresses travel unencrypted. Use https";
  const survey = "GETDX_TEST_DATA is on: every event sends its person a survey, unthrottled";
  const window =
    "DEDUP_WINDOW is under 30m: Coder repeats a message that long, so a repetition can become a second event";
  const rows: [environment: Environment, warnings: string[]][] = [
    [{}, []],
    [{ GETDX_API_URL: "http://dx.example/" }, [http]],
    [{ GETDX_API_URL: "HTTP://DX.EXAMPLE" }, [http]],
    [{ GETDX_API_URL: "http://10.0.0.1:8080/" }, [http]],
    [{ GETDX_API_URL: "http://localhost.example.com/" }, [http]],
    [{ GETDX_API_URL: "http://127.0.0.1.example.com/" }, [http]],
    [{ GETDX_API_URL: "http://localhost" }, []],
    [{ GETDX_API_URL: "http://LocalHost:9999/events.track" }, []],
    [{ GETDX_API_URL: "http://127.0.0.1:9999" }, []],
    [{ GETDX_API_URL: "http://127.8.9.1?x" }, []],
    [{ GETDX_API_URL: "http://[::1]:9999/" }, []],
    [{ GETDX_API_URL: "https://dx.example/" }, []],
    [{ GETDX_TEST_DATA: "true" }, [survey]],
    [{ WEBHOOK_SECRET: "new", WEBHOOK_SECRET_PREVIOUS: "old" }, []],
    [{ WEBHOOK_SECRET: "new", WEBHOOK_SECRET_PREVIOUS: "new" }, [
      "WEBHOOK_SECRET_PREVIOUS is the same as WEBHOOK_SECRET: the old secret is not taken. Set it to the old one",
    ]],
    [{ DEDUP_WINDOW: "1799s" }, [window]],
    [{ DEDUP_WINDOW: "1ms" }, [window]],
    [{ DEDUP_WINDOW: "30m" }, []],
    [{ DEDUP_WINDOW: "1h" }, []],
    [{ CODER_URL: "http://coder.example.com", CODER_SESSION_TOKEN: "t" }, [
      "CODER_URL is http: the token and addresses travel unencrypted. Use https",
    ]],
    [{ CODER_URL: "http://127.0.0.1:3000", CODER_SESSION_TOKEN: "t" }, []],
    [{ OUTBOX: "outbox.db" }, []],
    [{ OUTBOX: "./outbox.db", KUBERNETES_SERVICE_HOST: "10.0.0.1" }, [
      "OUTBOX is a path relative to the working directory: in a container it is lost with it. Name a path on a volume",
    ]],
    [{ OUTBOX: "/data/outbox.db", KUBERNETES_SERVICE_HOST: "10.0.0.1" }, []],
    [{ DX_API_KEY: "x", EMAIL_DOMAIN: "example.com" }, [
      "EMAIL_DOMAIN is set, and means nothing here: did you mean EMAIL_DOMAINS?",
    ]],
    [{ LOGLEVEL: "DEBUG", LOG_LEVEL: "DEBUG" }, []],
  ];
  for (const [environment, warnings] of rows) {
    await t.step(
      JSON.stringify(environment),
      async () => assert.deepEqual(await warningsOf({ ...BASE, ...environment }), warnings),
    );
  }
  await t.step(
    "no webhook secret",
    async () => assert.deepEqual(await warningsOf({ GETDX_API_KEY: "k" }), [secret]),
  );
  await t.step("a read secret is no webhook secret", async () => {
    assert.deepEqual(await warningsOf({ GETDX_API_KEY: "k", READ_SECRET: "r" }), [secret]);
  });
  await t.step("all at once", async () => {
    const unwise = { GETDX_API_URL: "http://dx.example", GETDX_TEST_DATA: "1", DEDUP_WINDOW: "1m" };
    assert.deepEqual((await warningsOf({ GETDX_API_KEY: "k", ...unwise })).toSorted(), [
      window,
      http,
      survey,
      secret,
    ]);
  });
  await t.step("names that EVENTS_TRACKED cannot vouch for", async () => {
    const list = "Workspace Created, Something Of Our Own, User account deleted";
    const warnings = await warningsOf({ ...BASE, EVENTS_TRACKED: list });
    assert.equal(warnings.length, 2);
    assert.match(warnings[0]!, /^EVENTS_TRACKED: 'Something Of Our Own' is not known/);
    assert.match(warnings[1]!, /^EVENTS_TRACKED: 'User account deleted' never has a person/);
  });
});
