import assert from "node:assert/strict";
import type { Config } from "../../lib/config/config.ts";
import { DomainRules } from "../../lib/coder/domains.ts";
import { VARIABLE_ROWS } from "../../lib/config/variables.ts";
import { BASE, configOf, type Environment, problemsOf, warningsOf } from "./fakes.ts";

Deno.test("without further settings the defaults of the contract hold", async () => {
  const { events: { tracking, ...events }, ...rest } = await configOf(BASE);
  assert.deepEqual({ ...rest, events }, {
    platformx: {
      url: "https://api.getdx.com/events.track",
      key: "dx-0123",
      keyFile: undefined,
      testData: false,
      ratePerMinute: 300,
    },
    http: {
      host: "0.0.0.0",
      port: 8080,
      tls: undefined,
      webhookSecrets: ["webhook-s3cret"],
      readSecret: undefined,
    },
    log: { level: "INFO", format: undefined },
    events: { isDefault: true, domains: undefined },
    delivery: { dryRun: false, deadline: 10_000, dedupWindow: 86_400_000 },
    outbox: undefined,
    coder: undefined,
    shutdownGrace: 12_000,
  });
  assert.deepEqual(tracking.names, [
    "Workspace Created",
    "Workspace Manually Updated",
    "User account created",
    "User account suspended",
    "User account activated",
  ]);
  assert.equal(tracking.everything, false);
  assert.deepEqual(await warningsOf(BASE), []);
});

/** Fields that a row is about, each section in part. */
type Part = { readonly [S in keyof Config]?: Partial<NonNullable<Config[S]>> | undefined };

/** An outbox in a file, with the defaults beside it. */
const SQLITE = { kind: "sqlite", path: "/data/outbox.db" } as const;

/** Rows: settings beside BASE, and what becomes of them. */
const VALID: readonly (readonly [environment: Environment, expected: Part])[] = [
  [{ GETDX_API_KEY: " 'dx!~key' " }, { platformx: { key: "dx!~key" } }],
  [{ LOG_LEVEL: "DEBUG" }, { log: { level: "DEBUG" } }],
  [{ LOG_LEVEL: "WARN" }, { log: { level: "WARNING" } }],
  [{ LOG_LEVEL: "warning" }, { log: { level: "WARNING" } }],
  [{ LOG_LEVEL: "ERROR" }, { log: { level: "ERROR" } }],
  [{ LOG_FORMAT: "json" }, { log: { format: "json" } }],
  [{ LOG_FORMAT: "text" }, { log: { format: "text" } }],
  [{ HOST: "127.0.0.1" }, { http: { host: "127.0.0.1" } }],
  [{ HOST: "[::]" }, { http: { host: "::" } }],
  [{ HOST: "::1" }, { http: { host: "::1" } }],
  [{ HOST: "fe80::1%eth0" }, { http: { host: "fe80::1%eth0" } }],
  [{ HOST: "::ffff:127.0.0.1" }, { http: { host: "::ffff:127.0.0.1" } }],
  [{ HOST: "localhost" }, { http: { host: "localhost" } }],
  [{ HOST: "relay_1.example.com." }, { http: { host: "relay_1.example.com." } }],
  [{ PORT: "0" }, { http: { port: 0 } }],
  [{ PORT: '"65535"' }, { http: { port: 65535 } }],
  [{ TLS_CERT_FILE: "/tls/cert", TLS_KEY_FILE: "/tls/key" }, {
    http: { tls: { cert: "-----BEGIN CERTIFICATE-----\nMII=", key: "-----BEGIN PRIVATE KEY-----\nMII=" } },
  }],
  [{ WEBHOOK_SECRET_PREVIOUS: "old" }, { http: { webhookSecrets: ["webhook-s3cret", "old"] } }],
  [{ WEBHOOK_SECRET_PREVIOUS_FILE: "/run/secret" }, {
    http: { webhookSecrets: ["webhook-s3cret", "secret-from-file"] },
  }],
  [{ WEBHOOK_SECRET_PREVIOUS: "" }, { http: { webhookSecrets: ["webhook-s3cret"] } }],
  [{ WEBHOOK_SECRET: "pâss wörd" }, { http: { webhookSecrets: ["pâss wörd"] } }],
  [{ READ_SECRET: "reader" }, { http: { readSecret: "reader" } }],
  [{ READ_SECRET_FILE: "/run/secret" }, { http: { readSecret: "secret-from-file" } }],
  [{ GETDX_API_URL: "https://dx.example/v2/events.track?a=b" }, {
    platformx: { url: "https://dx.example/v2/events.track?a=b" },
  }],
  [{ GETDX_API_URL: "http://127.0.0.1:9999" }, { platformx: { url: "http://127.0.0.1:9999" } }],
  [{ GETDX_API_URL: "http://[::1]:9999/x" }, { platformx: { url: "http://[::1]:9999/x" } }],
  [{ GETDX_TEST_DATA: "0" }, { platformx: { testData: false } }],
  [{ GETDX_TEST_DATA: "1" }, { platformx: { testData: true } }],
  [{ GETDX_RATE_LIMIT: "0" }, { platformx: { ratePerMinute: 0 } }],
  [{ GETDX_RATE_LIMIT: "1000" }, { platformx: { ratePerMinute: 1000 } }],
  [{ DRY_RUN: "true" }, { delivery: { dryRun: true } }],
  [{ DRY_RUN: "true", GETDX_API_KEY: "" }, { delivery: { dryRun: true }, platformx: { key: "" } }],
  [{ OUTBOX: "/data/outbox.db" }, {
    outbox: { location: SQLITE, maxAge: 7 * 86_400_000, maxPending: 100_000 },
  }],
  [{ OUTBOX_FILE: "/run/outbox" }, { outbox: { location: SQLITE } }],
  [{ OUTBOX_MAX_AGE: "30m" }, { outbox: undefined }],
  [{ OUTBOX: "/data/outbox.db", OUTBOX_MAX_AGE: "30m" }, { outbox: { maxAge: 1_800_000 } }],
  [{ OUTBOX_MAX_PENDING: "1" }, { outbox: undefined }],
  [{ OUTBOX: "/data/outbox.db", OUTBOX_MAX_PENDING: "1" }, { outbox: { maxPending: 1 } }],
  [{ DELIVERY_DEADLINE: "1s" }, { delivery: { deadline: 1_000 } }],
  [{ DELIVERY_DEADLINE: "2500ms" }, { delivery: { deadline: 2_500 } }],
  [{ DELIVERY_DEADLINE: "30s" }, { delivery: { deadline: 30_000 } }],
  [{ DEDUP_WINDOW: "7d" }, { delivery: { dedupWindow: 604_800_000 } }],
  [{ EMAIL_DOMAINS: "Example.COM; *.b.example" }, {
    events: { domains: new DomainRules(new Set(["example.com"]), new Set(["b.example"])) },
  }],
  [{ EVENTS_TRACKED: "workspacecreated;Task Idle\nTask Failed" }, { events: { isDefault: false } }],
  [{ CODER_URL: "https://coder.example.com/", CODER_SESSION_TOKEN: "abc-def" }, {
    coder: { url: "https://coder.example.com", token: "abc-def" },
  }],
  [{ CODER_URL: "http://localhost:3000", CODER_SESSION_TOKEN_FILE: "/run/secret" }, {
    coder: { url: "http://localhost:3000", token: "secret-from-file" },
  }],
  [{ CODER_URL: "", CODER_SESSION_TOKEN: "" }, { coder: undefined }],
  [{ READ_SECRET: "it’s “mine”" }, { http: { readSecret: "it’s “mine”" } }],
  [{ SHUTDOWN_GRACE: "5s" }, { shutdownGrace: 5_000 }],
  // Deno Deploy kills 5 s after its signal, so its default is shorter.
  [{ DENO_DEPLOY: "true" }, { shutdownGrace: 4_000 }],
  [{ DENO_DEPLOY: "true", SHUTDOWN_GRACE: "" }, { shutdownGrace: 4_000 }],
  [{ DENO_DEPLOY: "true", SHUTDOWN_GRACE: "12s" }, { shutdownGrace: 12_000 }],
];

Deno.test("every valid setting is taken over", async (t) => {
  for (const [environment, expected] of VALID) {
    await t.step(JSON.stringify(environment), async () => {
      const config = await configOf({ ...BASE, ...environment });
      for (const [section, part] of Object.entries(expected)) {
        const found = config[section as keyof Config];
        if (part === undefined || typeof part !== "object") assert.deepEqual(found, part, section);
        else assert.deepEqual({ ...found as object, ...part }, found, section);
      }
    });
  }
});

const ODDLY_QUOTED =
  "must not be in typographic quotation marks, which would be part of it: write ' or \", or none";
const DURATION = "must be a whole number and one of ms, s, m, h, d,";
const DOMAINS = "write domains like example.com, or *.example.com for its sub-domains";
const HOST =
  "must be an address or a host name, without a port: 0.0.0.0 listens on IPv4, :: on IPv6 and IPv4";
const CODER =
  "CODER_URL must be an http or https address without user name and password, like https://coder.example.com";
const TOGETHER = "CODER_URL and CODER_SESSION_TOKEN must be set together: set both, or none";
const API_URL =
  "GETDX_API_URL must be an http or https address without user name and password: current value is";

/** Rows: settings beside BASE, and the only problem they are. */
const INVALID: readonly (readonly [environment: Environment, problem: string])[] = [
  [
    { GETDX_API_KEY: "" },
    "GETDX_API_KEY must be set: take the key from the project's page in PlatformX, or set DRY_RUN=true",
  ],
  [
    { GETDX_API_KEY: "k e y" },
    "GETDX_API_KEY must be printable ASCII without spaces: current value is (hidden)",
  ],
  [
    { GETDX_API_KEY: "kéy" },
    "GETDX_API_KEY must be printable ASCII without spaces: current value is (hidden)",
  ],
  [
    { GETDX_API_KEY: "k\ney" },
    "GETDX_API_KEY must be printable ASCII without spaces: current value is (hidden)",
  ],
  [{ GETDX_API_KEY_FILE: "/run/key" }, "GETDX_API_KEY and GETDX_API_KEY_FILE are both set: set one of them"],
  [{ EVENTS_TRACKED: " " }, "EVENTS_TRACKED must not be empty: remove it, or give it a value"],
  [
    { EVENTS_TRACKED: "Workspace Creatd" },
    "EVENTS_TRACKED: 'Workspace Creatd' is not a Coder notification: did you mean 'Workspace Created'?",
  ],
  [
    { EVENTS_TRACKED: "One-Time Passcode" },
    "EVENTS_TRACKED: 'One-Time Passcode' holds a password-reset code and is never forwarded: remove it",
  ],
  [
    { EVENTS_TRACKED: '["Workspace Created"]' },
    "EVENTS_TRACKED must be written without brackets and quotation marks, like Workspace Created, Workspace Deleted: " +
    "current value is '[\"Workspace Created\"]'",
  ],
  [{ EMAIL_DOMAINS: "" }, "EMAIL_DOMAINS must not be empty: remove it, or give it a value"],
  [{ EMAIL_DOMAINS: ",," }, `EMAIL_DOMAINS: no domain is named: ${DOMAINS}`],
  [{ EMAIL_DOMAINS: "example.com, a b" }, `EMAIL_DOMAINS: 'a b' can match nobody: ${DOMAINS}`],
  [
    { EMAIL_DOMAINS: "['example.com']" },
    "EMAIL_DOMAINS must be written without brackets and quotation marks, like example.com, example.org: " +
    "current value is '['example.com']'",
  ],
  [
    { LOG_LEVEL: "LOUD" },
    "LOG_LEVEL must be one of DEBUG, INFO, WARNING, WARN, ERROR: current value is 'LOUD'",
  ],
  [{ LOG_FORMAT: "xml" }, "LOG_FORMAT must be one of text, json: current value is 'xml'"],
  ...[
    "a host",
    "http://host",
    "0.0.0.0:8080",
    "localhost:80",
    "256.0.0.1",
    "127.1",
    "0",
    "*",
    "false",
    "[host]",
    "[::1",
    "-a",
    "a..b",
  ]
    .map((host) => [{ HOST: host }, `HOST ${HOST}: current value is '${host}'`] as const),
  [{ HOST: "[::]:8080" }, `HOST ${HOST}: current value is '[::]:8080'`],
  [{ PORT: "http" }, "PORT must be a whole number from 0 to 65535: current value is 'http'"],
  [{ PORT: "65536" }, "PORT must be a whole number from 0 to 65535: current value is '65536'"],
  [{ TLS_CERT_FILE: "/tls/cert" }, "TLS_CERT_FILE and TLS_KEY_FILE must be set together: set both, or none"],
  [
    { TLS_CERT_FILE: "/tls/key", TLS_KEY_FILE: "/tls/key" },
    "TLS_CERT_FILE must name a file with a certificate chain as PEM",
  ],
  [
    { TLS_CERT_FILE: "/tls/cert", TLS_KEY_FILE: "/tls/cert" },
    "TLS_KEY_FILE must name a file with a private key as PEM",
  ],
  [{ TLS_KEY_FILE: "/tls/key" }, "TLS_CERT_FILE and TLS_KEY_FILE must be set together: set both, or none"],
  [
    { TLS_CERT_FILE: "/none", TLS_KEY_FILE: "/tls/key" },
    "TLS_CERT_FILE must name a readable file: '/none': there is no such file",
  ],
  [
    { TLS_CERT_FILE: "/tls/cert", TLS_KEY_FILE: "/run/empty" },
    "TLS_KEY_FILE must name a file with text: '/run/empty' is empty",
  ],
  [{ WEBHOOK_SECRET: "" }, "WEBHOOK_SECRET must not be empty: remove it, or give it a value"],
  [
    { WEBHOOK_SECRET_FILE: "/run/secret" },
    "WEBHOOK_SECRET and WEBHOOK_SECRET_FILE are both set: set one of them",
  ],
  [
    { WEBHOOK_SECRET_PREVIOUS_FILE: "/none" },
    "WEBHOOK_SECRET_PREVIOUS_FILE must name a readable file: '/none': there is no such file",
  ],
  ...["READ_SECRET", "WEBHOOK_SECRET", "WEBHOOK_SECRET_PREVIOUS", "GETDX_API_KEY"].flatMap((name) =>
    ["false", "off", "No", "none", "0", "1", "true", "null", "disabled"].map((word) =>
      [
        { [name]: word },
        `${name} must not be a word that switches something on or off: leave it out to have none: ` +
        "current value is (hidden)",
      ] as const
    )
  ),
  ...["SECRET", "put-the-webhook-secret-here"].map((text) =>
    [
      { WEBHOOK_SECRET: text },
      "WEBHOOK_SECRET must be your own: this one only stands for it in documents: current value is (hidden)",
    ] as const
  ),
  [
    { GETDX_API_KEY: "KEY" },
    "GETDX_API_KEY must be your own: this one only stands for it in documents: current value is (hidden)",
  ],
  ...["“s3cret”", "‘s3cret’", "„s3cret“", "«s3cret»", "“s3cret", '"s3cret”', "＂s3cret＂"].map((text) =>
    [{ READ_SECRET: text }, `READ_SECRET ${ODDLY_QUOTED}: current value is (hidden)`] as const
  ),
  [{ READ_SECRET_FILE: "/run/oddly-quoted" }, `READ_SECRET ${ODDLY_QUOTED}: current value is (hidden)`],
  [{ OUTBOX: "“/data/outbox.db”" }, `OUTBOX ${ODDLY_QUOTED}: current value is (hidden)`],
  [{ PORT: "‘80’" }, `PORT ${ODDLY_QUOTED}: current value is '‘80’'`],
  [
    { EVENTS_TRACKED: "“Workspace Created”" },
    `EVENTS_TRACKED ${ODDLY_QUOTED}: current value is '“Workspace Created”'`,
  ],
  [
    { CODER_URL: "https://coder.example.com", CODER_SESSION_TOKEN: "off" },
    "CODER_SESSION_TOKEN must not be a word that switches something on or off: leave it out to have none: " +
    "current value is (hidden)",
  ],
  [
    { READ_SECRET: "two\nlines" },
    "READ_SECRET must be one line without control characters: current value is (hidden)",
  ],
  [{ READ_SECRET: "half\ufffd" }, "READ_SECRET must be UTF-8: it holds bytes that are no text"],
  [{ READ_SECRET_FILE: "/run/empty" }, "READ_SECRET_FILE must name a file with text: '/run/empty' is empty"],
  [{ GETDX_API_URL: "ftp://dx.example/" }, `${API_URL} 'ftp://dx.example/'`],
  [{ GETDX_API_URL: "api.getdx.com" }, `${API_URL} 'api.getdx.com'`],
  [{ GETDX_API_URL: "https://" }, `${API_URL} 'https://'`],
  [{ GETDX_API_URL: "https://dx example/" }, `${API_URL} 'https://dx example/'`],
  [{ GETDX_API_URL: "https://user:s3cret@dx.example/" }, `${API_URL} (hidden)`],
  [{ GETDX_API_URL: "https://s3cret@dx.example/" }, `${API_URL} (hidden)`],
  [{ GETDX_API_URL: "https:\\\\user:s3cret@dx.example/" }, `${API_URL} (hidden)`],
  [{ GETDX_API_URL: "ftp://dx.example/?token=t0ken" }, `${API_URL} 'ftp://dx.example/?(hidden)'`],
  [{ GETDX_API_URL: "https://dx.example/#a" }, `${API_URL} 'https://dx.example/?(hidden)'`],
  [{ GETDX_TEST_DATA: "yes" }, "GETDX_TEST_DATA must be true, false, 1 or 0: current value is 'yes'"],
  [
    { GETDX_RATE_LIMIT: "-1" },
    "GETDX_RATE_LIMIT must be a whole number from 0 to 1000000: current value is '-1'",
  ],
  [
    { GETDX_RATE_LIMIT: "1.5" },
    "GETDX_RATE_LIMIT must be a whole number from 0 to 1000000: current value is '1.5'",
  ],
  [{ DRY_RUN: "on" }, "DRY_RUN must be true, false, 1 or 0: current value is 'on'"],
  [{ OUTBOX: "" }, "OUTBOX must not be empty: remove it, or give it a value"],
  [
    { OUTBOX: "/data/outbox.db", OUTBOX_FILE: "/run/outbox" },
    "OUTBOX and OUTBOX_FILE are both set: set one of them",
  ],
  [{ CODER_URL: "https://coder.example.com" }, TOGETHER],
  [{ CODER_SESSION_TOKEN: "abc" }, TOGETHER],
  [{ CODER_URL: "https://coder.example.com", CODER_SESSION_TOKEN: "" }, TOGETHER],
  ...["coder.example.com", "https://coder.example.com/?a=b", "ftp://coder.example.com", "false"].map((url) =>
    [
      { CODER_URL: url, CODER_SESSION_TOKEN: "abc" },
      `${CODER}: current value is '${url.replace("a=b", "(hidden)")}'`,
    ] as const
  ),
  [
    { CODER_URL: "https://me:s3cret@coder.example.com", CODER_SESSION_TOKEN: "abc" },
    `${CODER}: current value is (hidden)`,
  ],
  [
    { CODER_URL: "https://coder.example.com", CODER_SESSION_TOKEN: "a b" },
    "CODER_SESSION_TOKEN must be printable ASCII without spaces: current value is (hidden)",
  ],
  [{ OUTBOX_MAX_AGE: "0s" }, `OUTBOX_MAX_AGE ${DURATION} from 1s to 365d: current value is '0s'`],
  [
    { OUTBOX_MAX_PENDING: "0" },
    "OUTBOX_MAX_PENDING must be a whole number from 1 to 1000000000: current value is '0'",
  ],
  [{ DELIVERY_DEADLINE: "999ms" }, `DELIVERY_DEADLINE ${DURATION} from 1s to 30s: current value is '999ms'`],
  [{ DELIVERY_DEADLINE: "31s" }, `DELIVERY_DEADLINE ${DURATION} from 1s to 30s: current value is '31s'`],
  [{ DEDUP_WINDOW: "24" }, `DEDUP_WINDOW ${DURATION} from 1ms to 365d: current value is '24'`],
  [
    { DENO_DEPLOY: "true", SHUTDOWN_GRACE: "4" },
    `SHUTDOWN_GRACE ${DURATION} from 0s to 10m: current value is '4'`,
  ],
  [{ SHUTDOWN_GRACE: "forever" }, `SHUTDOWN_GRACE ${DURATION} from 0s to 10m: current value is 'forever'`],
  [
    { DENO_TRUST_PROXY_HEADERS: "1" },
    "DENO_TRUST_PROXY_HEADERS must not be set: with it, a request can crash the process. Unset it",
  ],
  [
    { DENO_SERVE_ADDRESS: "tcp:127.0.0.1:9" },
    "DENO_SERVE_ADDRESS must not be set: with it, the service listens elsewhere than HOST and PORT say. Unset it",
  ],
];

Deno.test("EMAIL_DOMAINS lets those through whose domains it names", async () => {
  const { domains } =
    (await configOf({ ...BASE, EMAIL_DOMAINS: "Example.COM; @b.example.\n*.c.example" })).events;
  const named = ["example.com", "b.example", "a.c.example", "c.example", "d.example"];
  assert.deepEqual(named.map((domain) => domains?.has(domain)), [true, true, true, false, false]);
});

Deno.test("every invalid setting is told in one sentence", async (t) => {
  for (const [environment, problem] of INVALID) {
    await t.step(JSON.stringify(environment), async () => {
      assert.deepEqual(await problemsOf({ ...BASE, ...environment }), [problem]);
    });
  }
});

Deno.test("every variable of the list has a valid and an invalid row above", () => {
  const named = (rows: readonly (readonly [Environment, unknown])[]) =>
    new Set(
      rows.flatMap(([environment]) =>
        Object.keys(environment).map((name) => name.replace(/(?<!TLS_\w+)_FILE$/, ""))
      ),
    );
  for (const { name } of VARIABLE_ROWS) {
    assert.ok(named(VALID).has(name), `${name} has no valid row`);
    assert.ok(named(INVALID).has(name), `${name} has no invalid row`);
  }
});

Deno.test("an address that no request can go to is refused at the start", async (t) => {
  const urls = ["https://:8080/", "https://dx.example:99999/", "https://dx.example:port/", "https://[::1/"];
  for (const url of urls) {
    assert.throws(() => new URL(url), TypeError);
    await t.step(url, async () => {
      assert.deepEqual(await problemsOf({ ...BASE, GETDX_API_URL: url }), [`${API_URL} '${url}'`]);
    });
  }
});
