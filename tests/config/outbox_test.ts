import assert from "node:assert/strict";
import type { PostgresLocation } from "../../lib/config/postgres_location.ts";
import { configIn, parsedSettings, textsOf } from "../support/settings.ts";
import { BASE, configOf, type Environment, problemsOf } from "./fakes.ts";

const DEPLOY: Environment = { DENO_DEPLOY: "1" };

const PATHS: readonly (readonly [text: string, path: string])[] = [
  ["outbox.db", "outbox.db"],
  ["outbox.SQLITE3", "outbox.SQLITE3"],
  ["./kv", "./kv"],
  ["data/outbox", "data/outbox"],
  [" '/var/lib/coder platformx/outbox.db' ", "/var/lib/coder platformx/outbox.db"],
  ["C:\\ProgramData\\outbox.db", "C:\\ProgramData\\outbox.db"],
  ["d:/outbox.db", "d:/outbox.db"],
  ["\\\\server\\share\\outbox.db", "\\\\server\\share\\outbox.db"],
];

Deno.test("a path is a SQLite file", async (t) => {
  for (const [text, path] of PATHS) {
    await t.step(text, async () => {
      const { outbox } = await configOf({ ...BASE, OUTBOX: text });
      assert.deepEqual(outbox?.location, { kind: "sqlite", path });
    });
  }
});

/** The address that the rows vary. */
const REMOTE: PostgresLocation = {
  kind: "postgres",
  host: "db.example.com",
  port: 5432,
  user: "relay",
  password: "s3cret",
  database: "coder",
  schema: "coder_platformx",
  tls: true,
  rootCert: undefined,
};
const AT = "postgres://relay:s3cret@db.example.com/coder";
const PEM = "-----BEGIN CERTIFICATE-----\nMII=\n";

const ADDRESSES: readonly (readonly [text: string, differs: Partial<PostgresLocation>])[] = [
  [AT, {}],
  [AT.replace("postgres", "PostgreSQL"), {}],
  [`${AT}?sslmode=verify-full`, {}],
  [`${AT}?sslmode=disable`, { tls: false }],
  [`${AT}?schema=relay_1&sslmode=disable`, { tls: false, schema: "relay_1" }],
  [`${AT}?sslrootcert=/tls/ca.pem`, { rootCert: PEM }],
  [`${AT}?sslrootcert=%2Ftls%2Fca.pem`, { rootCert: PEM }],
  [`${AT}?sslrootcert=system`, {}],
  ["postgres://relay@db.example.com:6432", { password: undefined, port: 6432, database: "relay" }],
  ["postgres://re%40lay:s3%2Fcr:et%3F@db.example.com/co%20der", {
    user: "re@lay",
    password: "s3/cr:et?",
    database: "co der",
  }],
  ["postgres://relay:s3cret@localhost/coder", { host: "localhost", tls: false }],
  ["postgres://relay:s3cret@127.0.0.1/coder?sslmode=verify-full", { host: "127.0.0.1" }],
  ["postgres://relay:s3cret@127.0.0.1/coder?sslrootcert=/tls/ca.pem", { host: "127.0.0.1", rootCert: PEM }],
  ["postgres://relay:s3cret@[::1]:5433/coder", { host: "::1", port: 5433, tls: false }],
  ["postgres://relay:s3cret@[2001:db8::1]/coder", { host: "2001:db8::1" }],
  ["postgres://relay@/coder?host=/run/postgresql", {
    host: "/run/postgresql",
    password: undefined,
    tls: false,
  }],
];

Deno.test("an address is a PostgreSQL server, and its certificate is verified off this machine", async (t) => {
  for (const [text, differs] of ADDRESSES) {
    await t.step(text, async () => {
      const expected = { ...REMOTE, ...differs };
      const files = { "/tls/ca.pem": PEM, "/run/outbox": `${text}\n` };
      for (
        const environment of [{ OUTBOX: text }, { OUTBOX_FILE: "/run/outbox" }, {
          OUTBOX: "postgres",
          DATABASE_URL: text,
        }]
      ) {
        const { outbox } = configIn(await parsedSettings({ ...BASE, ...environment }, files));
        assert.deepEqual(outbox?.location, expected);
      }
    });
  }
});

Deno.test("DATABASE_URL counts with OUTBOX=postgres alone, from .env too", async () => {
  assert.equal((await configOf({ ...BASE, DATABASE_URL: AT })).outbox, undefined);
  const parsed = await parsedSettings(BASE, { ".env": `OUTBOX=postgresql\nDATABASE_URL=${AT}\n` });
  assert.ok("config" in parsed);
  assert.deepEqual([parsed.config.outbox?.location, parsed.warnings], [REMOTE, []]);
});

Deno.test("DRY_RUN leaves OUTBOX as it is: the commands can look into it", async () => {
  const { delivery, outbox } = await configOf({ ...BASE, DRY_RUN: "true", OUTBOX: "outbox.db" });
  assert.deepEqual([delivery.dryRun, outbox?.location], [true, { kind: "sqlite", path: "outbox.db" }]);
});

const NO_PATH =
  "must be a path that has a / or ends in .db, .sqlite or .sqlite3, or a postgres:// address; " +
  "to deliver without an outbox, leave OUTBOX out instead of writing false, off, no, none or 0";
const NO_OTHER = "must be a path or a postgres:// address, and no other";
const UNEXPANDED = "must be the whole path: ~ and variables are not expanded";
const FORM = "must be like postgres://user:password@host:5432/database, with what is no letter or digit in " +
  "user name and password percent-encoded (%40 is @, %2F a slash), or " +
  "postgres://user@/database?host=FOLDER for a server's socket";
const NO_KV = "must be a path, as /data/outbox.db, or a postgres:// address: they took the place of Deno KV";
const MODE = "must have sslmode=verify-full, or sslmode=disable to send everything readable: no other";

/** Rows: text, rule, and how the text is shown where that is not as it is. */
const REFUSED: readonly (readonly [text: string, rule: string, shown?: string])[] = [
  ...["false", "off", "no", "none", "null", "disabled", "true", "on", "outbox"].map((word) =>
    [word, NO_PATH] as const
  ),
  ["0", NO_PATH, "(hidden)"],
  ["outbox.txt", NO_PATH, "(hidden)"],
  [":memory:", "must be a file or a server: what is in memory is lost with the process"],
  ["kv", NO_KV],
  ["KV", NO_KV],
  ["https://kv.example.com/connect", NO_KV, "'https:(hidden)'"],
  ["http://kv.example.com/connect", NO_KV, "'http:(hidden)'"],
  ["https://me:secret@kv.example.com/connect", NO_KV, "'https:(hidden)'"],
  ["file:outbox.db", "must be the path itself, without file:", "'file:(hidden)'"],
  ["redis://cache:6379", NO_OTHER, "'redis:(hidden)'"],
  ["jdbc:postgresql://db/coder", NO_OTHER, "'jdbc:(hidden)'"],
  ["/data/", "must name a file, not a folder: put outbox.db behind it"],
  ["C:\\data\\", "must name a file, not a folder: put outbox.db behind it"],
  ["~/outbox.db", UNEXPANDED, "(hidden)"],
  ["$HOME/outbox.db", UNEXPANDED, "(hidden)"],
  ["/srv/${NAME}/outbox.db", UNEXPANDED],
  ["%APPDATA%\\outbox.db", UNEXPANDED, "(hidden)"],
  ["/data/out\nbox.db", "must be a path without line breaks and control characters", "(hidden)"],
  ...[
    "postgres://db.example.com/coder",
    "postgres://relay:p@ss@db.example.com/coder",
    "postgres://relay:p/ss@db.example.com/coder",
    "postgres://relay:p%ss@db.example.com/coder",
    "postgres://relay@db.example.com/coder#x",
    "postgres://relay@a.example.com,b.example.com/coder",
    "postgres://:s3cret@db.example.com/coder",
    "postgres://relay@/coder",
    "postgres:relay",
    "postgres://relay@db.example.com:port/coder",
    "postgres://relay@db.example.com:65536/coder",
    `${AT}?schema=a&schema=b`,
    `${AT}?schema=%zz`,
    `${AT}?host=/run/postgresql`,
    "postgres://relay@/coder?host=other.example.com",
  ].map((text) => [text, FORM, "'postgres:(hidden)'"] as const),
  [`${AT}?sslmode=require`, MODE, "'postgres:(hidden)'"],
  [`${AT}?sslmode=`, MODE, "'postgres:(hidden)'"],
  [
    `${AT}?channel_binding=require`,
    "must have no other parameters than sslmode, sslrootcert, schema, host: take the others out",
    "'postgres:(hidden)'",
  ],
  ...["A", "pg_relay", "a-b", "", "1a", `${"a".repeat(64)}`].map((schema) =>
    [
      `${AT}?schema=${schema}`,
      "must have in schema= a name of lower-case letters, digits and _ that does not begin with pg_",
      "'postgres:(hidden)'",
    ] as const
  ),
  [
    `${AT}?sslmode=disable&sslrootcert=/tls/ca.pem`,
    "must not have sslrootcert with sslmode=disable: take one of them out",
    "'postgres:(hidden)'",
  ],
  [
    `${AT}?sslrootcert=/gone`,
    "must name in sslrootcert= a readable file: there is no such file",
    "'postgres:(hidden)'",
  ],
  [
    `${AT}?sslrootcert=/run/text`,
    "must name in sslrootcert= a file with certificates as PEM",
    "'postgres:(hidden)'",
  ],
];

Deno.test("what is neither path nor address is refused, with what to write instead", async (t) => {
  const files = { "/tls/ca.pem": PEM, "/run/text": "text" };
  for (const [text, rule, shown = `'${text}'`] of REFUSED) {
    await t.step(JSON.stringify(text), async () => {
      const parsed = await parsedSettings({ ...BASE, OUTBOX: text }, files);
      assert.ok("problems" in parsed);
      assert.deepEqual(textsOf(parsed.problems), [`OUTBOX ${rule}: current value is ${shown}`]);
    });
  }
});

Deno.test("the address in DATABASE_URL is refused under its own name, and never shown", async (t) => {
  const rows: readonly (readonly [environment: Environment, problem: string])[] = [
    [
      { OUTBOX: "postgres" },
      "OUTBOX=postgres takes the address from DATABASE_URL, which must be set then: set it, or write it into OUTBOX",
    ],
    [
      { OUTBOX: "postgres", DATABASE_URL: `${AT}?sslmode=require` },
      `DATABASE_URL ${MODE}: current value is (hidden)`,
    ],
    [
      { OUTBOX: "postgres", DATABASE_URL: "mysql://db.example.com" },
      `DATABASE_URL ${FORM}: current value is (hidden)`,
    ],
  ];
  for (const [environment, problem] of rows) {
    await t.step(JSON.stringify(environment), async () => {
      assert.deepEqual(await problemsOf({ ...BASE, ...environment }), [problem]);
    });
  }
});

Deno.test("on Deno Deploy files do not last, and a server is needed", async () => {
  assert.deepEqual(await problemsOf({ ...BASE, ...DEPLOY, OUTBOX: "/data/outbox.db" }), [
    "OUTBOX must be a postgres:// address on Deno Deploy: files do not last there: current value is '/data/outbox.db'",
  ]);
  assert.deepEqual((await configOf({ ...BASE, ...DEPLOY, OUTBOX: AT })).outbox?.location, REMOTE);
});

const AGE = "must be a whole number and one of ms, s, m, h, d, from 1s to 365d";
const PENDING = "must be a whole number from 1 to 1000000000";

Deno.test("age and number are bounded, and unusable bounds are told", async (t) => {
  const OUTBOX = "/data/outbox.db";
  for (const text of ["7", "1.5d", "0s", "999ms", "366d", "-1d", "7 d", "forever"]) {
    await t.step(`OUTBOX_MAX_AGE=${text}`, async () => {
      const problems = await problemsOf({ ...BASE, OUTBOX, OUTBOX_MAX_AGE: text });
      assert.deepEqual(problems, [`OUTBOX_MAX_AGE ${AGE}: current value is '${text}'`]);
    });
  }
  for (const text of ["0", "-1", "1.5", "1e5", "1000000001", "many"]) {
    await t.step(`OUTBOX_MAX_PENDING=${text}`, async () => {
      const problems = await problemsOf({ ...BASE, OUTBOX, OUTBOX_MAX_PENDING: text });
      assert.deepEqual(problems, [`OUTBOX_MAX_PENDING ${PENDING}: current value is '${text}'`]);
    });
  }
  await t.step("the greatest", async () => {
    const { outbox } = await configOf({
      ...BASE,
      OUTBOX,
      OUTBOX_MAX_AGE: "365d",
      OUTBOX_MAX_PENDING: "1000000000",
    });
    assert.deepEqual([outbox?.maxAge, outbox?.maxPending], [365 * 86_400_000, 1_000_000_000]);
  });
});
