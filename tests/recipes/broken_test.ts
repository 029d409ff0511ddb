/** What the checks of recipes find: each row is broken, and found out. */
import assert from "node:assert/strict";
import { problemsOf } from "./check.ts";
import { linkProblems, tableProblems } from "./table.ts";

/** A container, as Kubernetes and Cloud Run write it. */
const container = (env: string, more = "") =>
  `spec:\n  containers:\n    - image: IMAGE\n      env:\n        - ${env}\n${more && `      ${more}\n`}`;

const unknown = (name: string) => `${name} is no variable of the service`;
const wrongPort = (port: number) => `port ${port} is not 8080, on which the service listens`;
const wrongPath = (path: string) => `path ${path} is not / or /metrics: the service has no other`;
const unmounted = (name: string, path: string) => `${name} is ${path}, where nothing is mounted`;

/** Rows: a broken file, and the only problem it is. */
const BROKEN: readonly (readonly [path: string, text: string, problem: string | RegExp])[] = [
  ["deploy/a/b.yaml", container("{ name: GETDX_KEY, value: x }"), unknown("GETDX_KEY")],
  ["deploy/a/b.yaml", "spec: [", /^cannot be read: /],
  ["compose.yaml", "services:\n  a:\n    environment:\n      OUTBOXX: /data/outbox.db\n", unknown("OUTBOXX")],
  ["compose.yaml", "services:\n  a:\n    environment:\n      - PORTS=8080\n", unknown("PORTS")],
  ["deploy/a/c.yaml", "kind: ConfigMap\ndata:\n  LOG_LEVELS: INFO\n", unknown("LOG_LEVELS")],
  ["deploy/a/kustomization.yaml", "configMapGenerator:\n  - literals:\n      - LOG=INFO\n", unknown("LOG")],
  ["deploy/lambda/e.json", '{ "Variables": { "GETDX_RATE": "60" } }', unknown("GETDX_RATE")],
  ["deploy/a/Dockerfile", "FROM a\nENV LOG_LEVEL=INFO \\\n    HOSTS=b\n", unknown("HOSTS")],
  ["deploy/a/a.service", "[Service]\nEnvironment=OUTBOX_AGE=7d\n", unknown("OUTBOX_AGE")],
  ["deploy/a/settings.env", "# a\nDEDUP=24h\n", unknown("DEDUP")],
  ["deploy/a/README.md", "Set `DELIVERY_LIMIT` to more.\n", unknown("DELIVERY_LIMIT")],
  [
    "deploy/a/README.md",
    "```sh\ntool deploy --set-env-vars=LOG_LEVEL=INFO,OUTBOX_PATH=/data/outbox.db\n```\n",
    unknown("OUTBOX_PATH"),
  ],
  ["deploy/a/README.md", "```sh\ndeno deploy env add GETDX_TOKEN x --secret\n```\n", unknown("GETDX_TOKEN")],
  // Another recipe's exception does not hold here.
  ["deploy/heroku/README.md", "```sh\nAWS_LWA_PORT=8080\n```\n", unknown("AWS_LWA_PORT")],

  [
    "deploy/a/b.yaml",
    container("{ name: SHUTDOWN_GRACE, value: 8 }"),
    /^SHUTDOWN_GRACE must be a whole number and one of/,
  ],
  ["deploy/a/b.yaml", container("{ name: DRY_RUN, value: yes }"), /^DRY_RUN must be/],
  [
    "deploy/a/README.md",
    "```sh\nexport DELIVERY_DEADLINE=40s\n```\n",
    /^DELIVERY_DEADLINE must be .* from 1s to 30s/,
  ],
  [
    "deploy/a/README.md",
    "`GETDX_API_URL=https://a:b@dx.example`",
    /^GETDX_API_URL must be an http or https address without/,
  ],
  [
    "deploy/a/b.yaml",
    container(
      "{ name: READ_SECRET, value: a }\n        - { name: READ_SECRET_FILE, value: /a/b }",
      "volumeMounts: [{ mountPath: /a }]",
    ),
    /^READ_SECRET and READ_SECRET_FILE are both set/,
  ],
  ["deploy/a/README.md", "`LOG_LEVEL=TRACE` shows more.\n", /^LOG_LEVEL must be/],
  ["deploy/a/README.md", "```sh\nOUTBOX=memory\n```\n", /^OUTBOX must be a path/],
  [
    "deploy/deno_deploy/README.md",
    "```sh\nOUTBOX=/data/outbox.db\n```\n",
    /^OUTBOX must be a postgres:\/\/ address on Deno Deploy/,
  ],
  [
    "deploy/a/Dockerfile",
    "FROM a\nENV OUTBOX=:memory:\n",
    /^OUTBOX must be a file or a server/,
  ],
  [
    "deploy/a/Dockerfile",
    'FROM a\nENV WEBHOOK_SECRET_PREVIOUS="" EVENTS_TRACKED=""\n',
    "EVENTS_TRACKED must not be empty: remove it, or give it a value",
  ],
  ["deploy/a/a.service", '[Service]\nEnvironment="EVENTS_TRACKED=Workspace Create"\n', /^EVENTS_TRACKED: /],

  ["deploy/a/settings.env", "OUTBOX=/tmp/outbox.db\n", /^OUTBOX is \/tmp\/outbox\.db: recipes have it in/],
  [
    "deploy/a/b.yaml",
    container("{ name: OUTBOX, value: /data/outbox.db }"),
    unmounted("OUTBOX", "/data/outbox.db"),
  ],
  [
    "deploy/a/b.yaml",
    container("{ name: OUTBOX, value: /data/outbox.db }", "volumeMounts: [{ name: a, mountPath: /dat }]"),
    unmounted("OUTBOX", "/data/outbox.db"),
  ],
  [
    "deploy/a/b.yaml",
    container("{ name: READ_SECRET_FILE, value: /secrets/read }"),
    unmounted("READ_SECRET_FILE", "/secrets/read"),
  ],
  [
    "compose.yaml",
    "services:\n  a:\n    image: b\n    secrets: [read]\n    environment:\n      READ_SECRET_FILE: /run/secrets/reader\n",
    unmounted("READ_SECRET_FILE", "/run/secrets/reader"),
  ],
  [
    "deploy/a/a.service",
    "[Service]\nLoadCredential=key:/etc/key\nEnvironment=READ_SECRET_FILE=%d/read\n",
    unmounted("READ_SECRET_FILE", "%d/read"),
  ],
  [
    "deploy/a/a.service",
    "[Service]\nStateDirectory=relay\nEnvironment=OUTBOX=%S/coder-platformx/outbox.db\n",
    unmounted("OUTBOX", "%S/coder-platformx/outbox.db"),
  ],

  ["deploy/a/b.yaml", "ports:\n  - containerPort: 8000\n", wrongPort(8000)],
  ["compose.yaml", 'ports:\n  - "127.0.0.1:8080:3000"\n', wrongPort(3000)],
  ["Dockerfile", "FROM a\nEXPOSE 9000\n", wrongPort(9000)],
  ["deploy/a/Caddyfile", "relay.example.com {\n  reverse_proxy 127.0.0.1:8081\n}\n", wrongPort(8081)],
  ["deploy/a/README.md", "```sh\ndocker run -p 8080:80800 image\n```\n", wrongPort(80800)],

  ["deploy/a/b.yaml", "livenessProbe:\n  httpGet:\n    path: /healthz\n", wrongPath("/healthz")],
  ["deploy/a/b.yaml", "scrape_configs:\n  - metrics_path: /prometheus\n", wrongPath("/prometheus")],
  ["deploy/a/README.md", "```sh\ncurl http://127.0.0.1:8080/health\n```\n", wrongPath("/health")],
];

Deno.test("a recipe that does not agree with the service is found out", async (t) => {
  for (const [path, text, problem] of BROKEN) {
    await t.step(`${path}: ${problem}`, () => {
      const problems = problemsOf({ path, text });
      assert.equal(problems.length, 1, JSON.stringify(problems));
      if (typeof problem === "string") assert.equal(problems[0], problem);
      else assert.match(problems[0]!, problem);
    });
  }
});

/** Rows: a file that looks like trouble, and is none. */
const SOUND: readonly (readonly [path: string, text: string])[] = [
  ["deploy/a/README.md", "Ask http://127.0.0.1:8080/metrics, or http://127.0.0.1:8080/.\n"],
  ["deploy/a/a.conf", "# http://127.0.0.1:8443/\n[Service]\nEnvironment=PORT=8443 HOST=0.0.0.0\n"],
  [
    "deploy/a/README.md",
    "`TLS_CERT_FILE=/tls/cert` goes with `TLS_KEY_FILE`, `WEBHOOK_SECRET_PREVIOUS=old` with another.\n",
  ],
  ["deploy/a/settings.env", "GETDX_API_KEY=\nWEBHOOK_SECRET=\n"],
  ["deploy/a/a.service", "[Service]\nLoadCredential=read:/etc/read\nEnvironment=READ_SECRET_FILE=%d/read\n"],
  [
    "deploy/a/b.yaml",
    container("{ name: OUTBOX, value: /data/outbox.db }", "volumeMounts: [{ name: a, mountPath: /data/ }]"),
  ],
  ["deploy/a/README.md", '```sh\nexport GETDX_API_KEY=$key OUTBOX="$file"\n```\n'],
];

Deno.test("a recipe that agrees with the service is left alone", async (t) => {
  for (const [path, text] of SOUND) {
    await t.step(text, () => assert.deepEqual(problemsOf({ path, text }), []));
  }
});

const row = (triedBy: string, { recipe = "[A](a/README.md)", what = "starts", onlyRead = "the rest" } = {}) =>
  `| Recipe | Tried by | What | Only read |\n| --- | --- | --- | --- |\n| ${recipe} | ${triedBy} | ${what} | ${onlyRead} |\n`;
const TRIED = "`deno task test`: [a](../tests/a_test.ts)";
const SAYS_NOTHING =
  "the row of [A](a/README.md) says neither what tried it, in which test, nor that it was not tried";

/** Rows: a table, and its problems. */
const TABLES: readonly (readonly [text: string, problems: readonly string[]])[] = [
  [row(TRIED), []],
  [row("not tried", { what: "" }), []],
  [row(TRIED, { recipe: "[A](../a.yml)" }), ["deploy/a has no row"]],
  [row(TRIED, { recipe: "[B](b/README.md)" }), ["deploy/a has no row"]],
  ["", ["deploy/a has no row"]],
  [row(""), [SAYS_NOTHING]],
  [row("`deno task test`"), [SAYS_NOTHING]],
  [row("[a](../tests/a_test.ts)"), [SAYS_NOTHING]],
  [row(TRIED, { what: "" }), [SAYS_NOTHING]],
  [row(TRIED, { onlyRead: "" }), ["the row of [A](a/README.md) does not say what was only read"]],
  [row("`deno task tset`: [a](../tests/a_test.ts)"), [
    "the row of [A](a/README.md) names the task tset, which is not there",
  ]],
  [row("`deno task test`: [b](../tests/b_test.ts)"), [
    "the row of [A](a/README.md) names tests/b_test.ts, which is no test",
  ]],
  [row("`deno task test`: [a](a/README.md)"), [
    "the row of [A](a/README.md) names deploy/a/README.md, which is no test",
  ]],
];

Deno.test("a table of recipes that claims what is not there is found out", async (t) => {
  const project = {
    folders: ["a"],
    tasks: { test: "" },
    exists: (path: string) => ["tests/a_test.ts", "deploy/a/README.md"].includes(path),
  };
  for (const [text, problems] of TABLES) {
    await t.step(text, () => assert.deepEqual(tableProblems(text, project), problems));
  }
});

/** Rows: a text in deploy/a/README.md, and what is wrong with its links. */
const LINKS: readonly (readonly [text: string, problems: readonly string[]])[] = [
  ["[a](../../docs/a.md) [b](../../docs/a.md#one-two) [c](https://example.com/) ", []],
  ["## Three\n[a](#three)", []],
  ["[a](../docs/a.md)", ["../docs/a.md leads nowhere"]],
  ["[a](../../docs/a.md#two)", ["../../docs/a.md#two names a heading that is not there"]],
  ["[a](#one-two)", ["#one-two names a heading that is not there"]],
];

Deno.test("a link that leads nowhere is found out", async (t) => {
  const project = {
    exists: (path: string) => ["deploy/a/README.md", "docs/a.md"].includes(path),
    read: () => "# One, two\n",
  };
  for (const [text, problems] of LINKS) {
    await t.step(
      text,
      () => assert.deepEqual(linkProblems({ path: "deploy/a/README.md", text }, project), problems),
    );
  }
});
