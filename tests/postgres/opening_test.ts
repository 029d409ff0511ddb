/** What keeps a PostgreSQL outbox from being opened: `check` finds it, and says what the service says when it ends. */
import assert from "node:assert/strict";
import { runProgram, startFailure } from "../support/service.ts";
import { STAND_IN_KEY, startPlatformX } from "../support/platformx.ts";
import { PostgresServer } from "./server.ts";

/** How each user is let in. */
const HBA = `host all with_password 127.0.0.1/32 scram-sha-256
hostssl all only_by_tls 127.0.0.1/32 trust
host all owner,reader,maker,no_maker,sharer,nobody 127.0.0.1/32 trust
`;

const SCHEMA = /^Let an administrator run what 'coder-platformx outbox schema' prints$/;

// User and password, database and parameters; what is wrong, and what is to be done.
const ROWS: [what: string, user: string, at: string, wrong: RegExp, todo: RegExp][] = [
  [
    "a server without TLS",
    "owner:s3cret",
    "postgres?sslmode=verify-full",
    /offers no TLS$/,
    /on a network that you trust.*\?sslmode=disable/,
  ],
  [
    "a wrong password",
    "with_password:s3cret-wrong",
    "postgres?sslmode=disable",
    /not take user and password$/,
    /%40/,
  ],
  [
    "no password",
    "with_password",
    "postgres?sslmode=disable",
    /not take user and password$/,
    /^Check both in OUTBOX/,
  ],
  [
    "no such database",
    "owner:s3cret",
    "s3cret?sslmode=disable",
    /has no such database$/,
    /^Make it, or let OUTBOX/,
  ],
  [
    "no such user",
    "nobody:s3cret",
    "postgres?sslmode=disable",
    /does not let this user in from here$/,
    /OUTBOX's user/,
  ],
  [
    "a user only by TLS",
    "only_by_tls",
    "postgres?sslmode=disable",
    /not let this user in/,
    /sslmode=verify-full/,
  ],
  [
    "a closed database",
    "reader",
    "closed?sslmode=disable",
    /may not connect to the database$/,
    /GRANT CONNECT/,
  ],
  ["a role that may not make a schema", "reader", "postgres?sslmode=disable", /may not make or use/, SCHEMA],
  [
    "a schema without tables",
    "no_maker",
    "postgres?sslmode=disable&schema=empty",
    /may not make or use/,
    SCHEMA,
  ],
  [
    "a schema of somebody else",
    "reader",
    "postgres?sslmode=disable&schema=empty",
    /may not make or use/,
    SCHEMA,
  ],
  [
    "tables that may only be read",
    "reader",
    "postgres?sslmode=disable&schema=made",
    /may not make or use/,
    SCHEMA,
  ],
];

Deno.test("check fails where the service cannot open its outbox, and both say the same", async (t) => {
  await using platformx = await startPlatformX();
  await using server = await PostgresServer.start();
  const settings = (user: string, at: string) => ({
    ...{ GETDX_API_KEY: STAND_IN_KEY, GETDX_API_URL: platformx.url, WEBHOOK_SECRET: "webhook" },
    ...{ HOST: "127.0.0.1", PORT: "0", OUTBOX: `postgres://${user}@127.0.0.1:${server.port}/${at}` },
  });
  const outboxFound = async (user: string, at: string) => {
    const checked = await runProgram(["check", "--json"], { environment: settings(user, at) });
    assert.doesNotMatch(checked.stdout + checked.stderr, /s3cret/);
    const { findings } = JSON.parse(checked.stdout);
    return { code: checked.code, ...findings.find(({ check }: { check: string }) => check === "store") };
  };
  for (const name of ["owner", "sharer"]) {
    const at = `postgres?sslmode=disable&schema=${name === "owner" ? "made" : "granted"}`;
    const { stdout } = await runProgram(["outbox", "schema"], { environment: settings(name, at) });
    await server.sql(name === "owner" ? stdout : `CREATE ROLE sharer LOGIN; ${stdout}`);
  }
  await server.sql("CREATE DATABASE closed");
  await server.sql(
    "CREATE ROLE with_password LOGIN PASSWORD 's3cret'; CREATE ROLE only_by_tls LOGIN; CREATE ROLE reader LOGIN; " +
      "CREATE ROLE maker LOGIN; CREATE ROLE no_maker LOGIN; GRANT CREATE ON DATABASE postgres TO maker; " +
      "REVOKE CONNECT ON DATABASE closed FROM PUBLIC; CREATE SCHEMA empty; GRANT USAGE ON SCHEMA empty TO no_maker; " +
      "GRANT USAGE ON SCHEMA made TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA made TO reader",
  );
  await Deno.writeTextFile(`${server.data}/pg_hba.conf`, HBA);
  await server.set("work_mem", "5MB"); // has it read pg_hba.conf too

  for (const [what, user, at, wrong, todo] of ROWS) {
    await t.step(what, async () => {
      const { code, detail, state, to_do } = await outboxFound(user, at);
      assert.deepEqual([code, state], [1, "failed"], detail);
      assert.match(detail, wrong);
      assert.match(to_do, todo);

      const served = await runProgram([], { environment: settings(user, at) });
      assert.doesNotMatch(served.stdout + served.stderr, /s3cret/);
      // The check begins what is to be done as a sentence.
      const told = `OUTBOX cannot be used: ${detail}: ${to_do}`;
      assert.equal(startFailure(served).toLowerCase(), told.toLowerCase());
    });
  }
  const well: [what: string, user: string, schema: string, detail: RegExp][] = [
    ["a role that may make them", "maker", "later", /the service makes its tables when it starts/],
    ["a role that an administrator made them for", "sharer", "granted", /^opens, is read and written$/],
  ];
  for (const [what, user, schema, words] of well) {
    await t.step(`${what} is well`, async () => {
      const { code, detail, state } = await outboxFound(user, `postgres?sslmode=disable&schema=${schema}`);
      assert.deepEqual([code, state], [0, "ok"], detail);
      assert.match(detail, words);
    });
  }
  await t.step("a server that takes no changes", async () => {
    await server.sql("ALTER ROLE sharer SET default_transaction_read_only = on");
    const { detail, state } = await outboxFound("sharer", "postgres?sslmode=disable&schema=granted");
    assert.equal(state, "failed");
    assert.match(detail, /takes no changes, as a standby does/);
  });
});
