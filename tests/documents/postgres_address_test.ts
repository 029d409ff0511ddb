/** docs/delivery.md says of a PostgreSQL address what the parser makes of it. */
import assert from "node:assert/strict";
import { type PostgresLocation, postgresLocation, rootCertPath } from "../../lib/config/postgres_location.ts";
import { read } from "../support/files.ts";
import { tableOf } from "./markdown.ts";

const PEM = "-----BEGIN CERTIFICATE-----";

/** What becomes of an address; a text: the rule that it breaks. */
function locationOf(text: string): PostgresLocation | string {
  const rootCert = rootCertPath(text) === undefined ? undefined : { text: PEM };
  const parsed = postgresLocation(text, { rootCert });
  return "rule" in parsed ? parsed.rule : parsed.value;
}

/** What each row must do, to a server elsewhere, and on this machine. */
const EXPECTED: Readonly<Record<string, readonly [Partial<PostgresLocation>, Partial<PostgresLocation>]>> = {
  "nothing": [{ tls: true, rootCert: undefined }, { tls: false }],
  "?sslmode=verify-full": [{ tls: true }, { tls: true }],
  "?sslmode=disable": [{ tls: false }, { tls: false }],
  "?sslrootcert=/path/ca.pem": [{ tls: true, rootCert: PEM }, { tls: true, rootCert: PEM }],
  "?host=/var/run/postgresql": [{ tls: false, host: "/var/run/postgresql" }, {
    tls: false,
    host: "/var/run/postgresql",
  }],
  "?schema=name": [{ schema: "name", tls: true }, { schema: "name", tls: false }],
};

const DELIVERY = read("docs/delivery.md");
const ROWS = tableOf(DELIVERY, "At the end of the address").map(([cell]) => cell!.replaceAll("`", ""));

Deno.test("each end of a PostgreSQL address does what its row says", async (t) => {
  assert.deepEqual(ROWS, Object.keys(EXPECTED));
  for (const [end, expected] of Object.entries(EXPECTED)) {
    for (const [n, host] of ["db.example.com", "127.0.0.1"].entries()) {
      const at = end.startsWith("?host=") ? "" : host;
      await t.step(`${at} ${end}`, () => {
        const location = locationOf(`postgres://relay:p@${at}/relay${end === "nothing" ? "" : end}`);
        assert.partialDeepStrictEqual(location, expected[n]);
      });
    }
  }
});

Deno.test("the rows are all that the parser takes", () => {
  const names = ROWS.flatMap((end) => /^\?(\w+)=/.exec(end)?.[1] ?? []);
  const rule = locationOf("postgres://relay@db.example.com/relay?other=1");
  assert.equal(
    rule,
    `must have no other parameters than ${
      [...new Set(["sslmode", "sslrootcert", "schema", ...names])].join(", ")
    }: take the others out`,
  );
  assert.equal(typeof locationOf("postgres://relay@db.example.com/relay?sslmode=require"), "string");
});

Deno.test("the characters that must be percent-encoded are taken so, and not as they are", async (t) => {
  const pairs = [...DELIVERY.matchAll(/`(%[0-9A-F]{2})` for\s`(.)`/g)];
  assert.ok(pairs.length >= 4);
  for (const [, encoded, plain] of pairs) {
    await t.step(plain!, () => {
      const location = locationOf(`postgres://relay:a${encoded}b@db.example.com/relay`);
      assert.ok(typeof location === "object");
      assert.equal(location.password, `a${plain}b`);
    });
  }
});
