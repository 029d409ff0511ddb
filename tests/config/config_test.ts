import assert from "node:assert/strict";
import type { Config } from "../../lib/config/config.ts";
import { VARIABLE_ROWS } from "../../lib/config/variables.ts";
import { BASE, configOf, type Environment, problemsOf, warningsOf } from "./fakes.ts";

Deno.test("without further settings the defaults of the contract hold", () => {
  const { tracking, ...rest } = configOf(BASE);
  assert.deepEqual(rest, {
    apiKey: "dx-0123",
    apiKeyFile: undefined,
    apiUrl: "https://api.getdx.com/events.track",
    trackingIsDefault: true,
    domains: undefined,
    logLevel: "INFO",
    logFormat: undefined,
    host: "0.0.0.0",
    port: 8080,
    tls: undefined,
    webhookSecrets: ["webhook-s3cret"],
    readSecret: undefined,
    testData: false,
    ratePerMinute: 300,
    dryRun: false,
    outbox: undefined,
    outboxMaxAge: 7 * 86_400_000,
    outboxMaxPending: 100_000,
    deliveryDeadline: 10_000,
    dedupWindow: 86_400_000,
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
  assert.deepEqual(warningsOf(BASE), []);
});

/** Rows: settings beside BASE, and what becomes of them. */
const VALID: readonly (readonly [environment: Environment, expected: Partial<Config>])[] = [
  [{ GETDX_API_KEY: " 'dx!~key' " }, { apiKey: "dx!~key" }],
  [{ LOG_LEVEL: "DEBUG" }, { logLevel: "DEBUG" }],
  [{ LOG_LEVEL: "WARN" }, { logLevel: "WARNING" }],
  [{ LOG_LEVEL: "WARNING" }, { logLevel: "WARNING" }],
  [{ LOG_LEVEL: "ERROR" }, { logLevel: "ERROR" }],
  [{ LOG_FORMAT: "json" }, { logFormat: "json" }],
  [{ LOG_FORMAT: "text" }, { logFormat: "text" }],
  [{ HOST: "127.0.0.1" }, { host: "127.0.0.1" }],
  [{ HOST: "[::]" }, { host: "::" }],
  [{ HOST: "::1" }, { host: "::1" }],
  [{ HOST: "localhost" }, { host: "localhost" }],
  [{ PORT: "0" }, { port: 0 }],
  [{ PORT: '"65535"' }, { port: 65535 }],
  [{ TLS_CERT_FILE: "/tls/cert", TLS_KEY_FILE: "/tls/key" }, {
    tls: { cert: "-----BEGIN CERTIFICATE-----", key: "-----BEGIN PRIVATE KEY-----" },
  }],
  [{ WEBHOOK_SECRET_PREVIOUS: "old" }, { webhookSecrets: ["webhook-s3cret", "old"] }],
  [{ WEBHOOK_SECRET_PREVIOUS_FILE: "/run/secret" }, {
    webhookSecrets: ["webhook-s3cret", "secret-from-file"],
  }],
  [{ WEBHOOK_SECRET_PREVIOUS: "" }, { webhookSecrets: ["webhook-s3cret"] }],
  [{ WEBHOOK_SECRET: "pâss wörd" }, { webhookSecrets: ["pâss wörd"] }],
  [{ READ_SECRET: "reader" }, { readSecret: "reader" }],
  [{ READ_SECRET_FILE: "/run/secret" }, { readSecret: "secret-from-file" }],
  [{ GETDX_API_URL: "https://dx.example/v2/events.track?a=b" }, {
    apiUrl: "https://dx.example/v2/events.track?a=b",
  }],
  [{ GETDX_API_URL: "http://127.0.0.1:9999" }, { apiUrl: "http://127.0.0.1:9999" }],
  [{ GETDX_TEST_DATA: "0" }, { testData: false }],
  [{ GETDX_TEST_DATA: "1" }, { testData: true }],
  [{ GETDX_RATE_LIMIT: "0" }, { ratePerMinute: 0 }],
  [{ GETDX_RATE_LIMIT: "1000" }, { ratePerMinute: 1000 }],
  [{ DRY_RUN: "true" }, { dryRun: true }],
  [{ DRY_RUN: "true", GETDX_API_KEY: "" }, { dryRun: true, apiKey: "" }],
  [{ OUTBOX: "/data/outbox.db" }, { outbox: { kind: "file", path: "/data/outbox.db" } }],
  [{ OUTBOX_MAX_AGE: "30m" }, { outboxMaxAge: 1_800_000 }],
  [{ OUTBOX_MAX_PENDING: "1" }, { outboxMaxPending: 1 }],
  [{ DELIVERY_DEADLINE: "1s" }, { deliveryDeadline: 1_000 }],
  [{ DELIVERY_DEADLINE: "2500ms" }, { deliveryDeadline: 2_500 }],
  [{ DELIVERY_DEADLINE: "30s" }, { deliveryDeadline: 30_000 }],
  [{ DEDUP_WINDOW: "7d" }, { dedupWindow: 604_800_000 }],
  [{ SHUTDOWN_GRACE: "5s" }, { shutdownGrace: 5_000 }],
  // Deno Deploy kills 5 s after its signal, so its default is shorter.
  [{ DENO_DEPLOY: "true" }, { shutdownGrace: 4_000 }],
  [{ DENO_DEPLOY: "true", SHUTDOWN_GRACE: "" }, { shutdownGrace: 4_000 }],
  [{ DENO_DEPLOY: "true", SHUTDOWN_GRACE: "2s" }, { shutdownGrace: 2_000 }],
  [{ DENO_DEPLOY: "true", SHUTDOWN_GRACE: "12s" }, { shutdownGrace: 12_000 }],
  [{ EMAIL_DOMAINS: "example.com" }, { domains: new Set(["example.com"]) }],
  [{ EMAIL_DOMAINS: " Example.COM , @b.example,," }, { domains: new Set(["example.com", "b.example"]) }],
  [{ EVENTS_TRACKED: "workspacecreated" }, { trackingIsDefault: false }],
];

Deno.test("every valid setting is taken over", async (t) => {
  for (const [environment, expected] of VALID) {
    await t.step(JSON.stringify(environment), () => {
      const config = configOf({ ...BASE, ...environment });
      for (const [field, value] of Object.entries(expected)) {
        assert.deepEqual(config[field as keyof Config], value, field);
      }
    });
  }
});

const DURATION = "must be a whole number and one of ms, s, m, h, d,";
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
    { EMAIL_DOMAINS: ",," },
    "EMAIL_DOMAINS must be domains like example.com, separated by commas: current value is ',,'",
  ],
  [
    { EMAIL_DOMAINS: "a b" },
    "EMAIL_DOMAINS must be domains like example.com, separated by commas: current value is 'a b'",
  ],
  [
    { LOG_LEVEL: "LOUD" },
    "LOG_LEVEL must be one of DEBUG, INFO, WARNING, WARN, ERROR: current value is 'LOUD'",
  ],
  [{ LOG_FORMAT: "xml" }, "LOG_FORMAT must be one of text, json: current value is 'xml'"],
  [{ HOST: "a host" }, "HOST must be an address or a host name: current value is 'a host'"],
  [{ HOST: "http://host" }, "HOST must be an address or a host name: current value is 'http://host'"],
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
    "TLS_CERT_FILE must name a readable file: '/none': No such file",
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
    "WEBHOOK_SECRET_PREVIOUS_FILE must name a readable file: '/none': No such file",
  ],
  [{ READ_SECRET_FILE: "/run/empty" }, "READ_SECRET_FILE must name a file with text: '/run/empty' is empty"],
  [{ GETDX_API_URL: "ftp://dx.example/" }, `${API_URL} 'ftp://dx.example/'`],
  [{ GETDX_API_URL: "api.getdx.com" }, `${API_URL} 'api.getdx.com'`],
  [{ GETDX_API_URL: "https://" }, `${API_URL} 'https://'`],
  [{ GETDX_API_URL: "https://dx example/" }, `${API_URL} 'https://dx example/'`],
  [{ GETDX_API_URL: "https://user:s3cret@dx.example/" }, `${API_URL} (hidden)`],
  [{ GETDX_API_URL: "https://s3cret@dx.example/" }, `${API_URL} (hidden)`],
  [{ GETDX_API_URL: "https:\\\\user:s3cret@dx.example/" }, `${API_URL} (hidden)`],
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
];

Deno.test("every invalid setting is told in one sentence", async (t) => {
  for (const [environment, problem] of INVALID) {
    await t.step(JSON.stringify(environment), () => {
      assert.deepEqual(problemsOf({ ...BASE, ...environment }), [problem]);
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
    await t.step(url, () => {
      assert.deepEqual(problemsOf({ ...BASE, GETDX_API_URL: url }), [`${API_URL} '${url}'`]);
    });
  }
});
