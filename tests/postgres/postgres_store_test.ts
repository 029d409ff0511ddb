import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import { systemClock } from "../../lib/runtime/system_clock.ts";
import { isLeftAlone } from "../../lib/outbox/record.ts";
import type { Claim, Settlement } from "../../lib/outbox/store.ts";
import { postgresFault } from "../../lib/outbox/postgres/fault.ts";
import { postgresSchema } from "../../lib/outbox/postgres/schema.ts";
import type { StoreError } from "../../lib/outbox/store_fault.ts";
import { issueCertificate } from "../support/certificates.ts";
import { eventually } from "../support/eventually.ts";
import { draftOf, faultOf } from "../outbox/store_contract.ts";
import { pgbouncer } from "./pgbouncer.ts";
import { PostgresScene } from "./postgres_scene.ts";
import { LossyProxy } from "./proxy.ts";
import { PostgresServer, run } from "./server.ts";

const ALL = { within: 1e12, first: true } as const;
const DEAD: Settlement = {
  kind: "dead",
  reason: "refused",
  attempts: 1,
  failures: 1,
  ambiguous: 0,
  detail: constant("status 400"),
};
const TIME = { clock: systemClock } as const;

Deno.test("what was accepted is, and is claimed, though the server goes away before the rest of its group", async () => {
  await using server = await PostgresServer.start();
  await using proxy = new LossyProxy(server.port);
  await using scene = await PostgresScene.on(server);
  const store = await scene.open(TIME, "serve", { port: proxy.port });
  proxy.lose("question", 1, true);
  // A copy waits for its first one to be there.
  const drafts = [draftOf("a", "bob", "m1"), draftOf("a", "tina", "m2"), draftOf("b")];
  const answers = await Promise.all(
    drafts.map((draft) => store.accept(draft, true).catch((error: StoreError) => error.fault)),
  );
  assert.deepEqual(answers.map((answer) => typeof answer === "string" ? answer : answer.record.event), [
    ...[draftOf("a").event, "unreachable", draftOf("b").event],
  ]);
  assert.deepEqual([store.known.pending, proxy.lost], [2, 1]);
  await store.close();
});

for (const lost of ["answer", "question"] as const) {
  Deno.test(`an operation whose ${lost} is lost on the way is done once, and is told as if nothing had been lost`, async () => {
    await using server = await PostgresServer.start();
    await using proxy = new LossyProxy(server.port);
    await using scene = await PostgresScene.on(server);
    const store = await scene.open(TIME, "serve", { port: proxy.port });
    const losing = async <T>(work: () => Promise<T>, passed = 0): Promise<T> => {
      proxy.lose(lost, passed);
      return await work();
    };
    const drafts = ["a", "b", "c", "d"].map((key) => draftOf(key));
    assert.deepEqual(
      await losing(() => Promise.all(drafts.map((draft) => store.accept(draft)))),
      drafts.map(() => "queued"),
    );
    assert.equal(await losing(() => store.accept(draftOf("a", "bob", "m"))), "duplicate");
    assert.equal(await losing(() => store.accept(draftOf("a", "bob", "second"))), "queued");
    assert.equal(store.known.pending, 5);

    // The answer of a claim cannot be asked for again: what it took is claimable when the lease is over.
    const first = await losing(() => store.claim(64, ALL));
    await scene.advance(30_000);
    const claims = first.length > 0 ? first : await store.claim(64, ALL);
    assert.equal(claims.length, 5);
    const [a, b, c, d] = claims as [Claim, Claim, Claim, Claim];
    assert.equal(await losing(() => store.settle(a, { kind: "delivered" })), true);
    assert.equal(
      await losing(() => store.settle(b, { kind: "released" })),
      lost === "question",
      "its place is kept",
    );
    assert.equal(await losing(() => store.settle(c, DEAD)), true);
    assert.equal(await losing(() => store.settle(d, DEAD)), true);
    assert.deepEqual([store.known.pending, store.known.dead], [2, 2]);
    // These look first.
    assert.equal(await losing(() => store.replay(c.record.id), 1), true);
    assert.equal(await losing(() => store.drop(d.record.id), 1), true);
    assert.deepEqual([store.known.pending, store.known.dead], [3, 0]);
    await losing(() => store.tidy());
    assert.deepEqual([store.known.pending, store.known.dead], [3, 0]);
    assert.equal((await scene.sql("SELECT id FROM event")).length, 3);
    assert.ok(proxy.lost >= 9, `${proxy.lost}`);
  });
}

Deno.test("a server that crashes and comes back loses nothing that was accepted, and doubles nothing", async () => {
  await using server = await PostgresServer.start({ fsync: "on" });
  await using scene = await PostgresScene.on(server);
  const store = await scene.open(TIME);
  const told = new Map<string, string>();
  let isOver = false;
  const senders = Array.from({ length: 8 }, async (_, sender) => {
    for (let n = 0; !isOver; n++) {
      const key = `${sender}-${n}`;
      for (let answer = "none"; answer !== "queued" && answer !== "duplicate";) {
        answer = String(await store.accept(draftOf(key)).catch((error: StoreError) => error.fault));
        told.set(key, answer);
        if (answer === "unreachable") await systemClock.sleep(20, new AbortController().signal);
        assert.match(answer, /^(queued|duplicate|unreachable)$/);
      }
    }
  });
  for (let restarts = 0; restarts < 3; restarts++) {
    const before = told.size;
    await eventually(() => Promise.resolve(told.size > before + 20), "events are accepted");
    await server.end("immediate");
    await server.begin();
  }
  isOver = true;
  await Promise.all(senders);
  const stored = await scene.sql("SELECT event->'metadata'->>'workspace' FROM event");
  assert.deepEqual(stored.toSorted(), [...told.keys()].toSorted());
});

Deno.test("while the server is away every operation says so, and it goes on when the server is back", async () => {
  await using server = await PostgresServer.start();
  await using scene = await PostgresScene.on(server);
  const store = await scene.open(TIME);
  await store.accept(draftOf("a"));
  await server.end();
  for (const key of ["b", "c"]) assert.equal(await faultOf(store.accept(draftOf(key))), "unreachable");
  assert.equal(await faultOf(scene.open(TIME)), "unreachable");
  await server.begin();
  await eventually(async () => await faultOf(store.accept(draftOf("b"))) === "none", "it goes on");
  assert.equal((await store.claim(9, ALL)).length, 2);
});

Deno.test("behind PgBouncer in transaction mode, with fewer connections than instances, nothing is doubled", async () => {
  await using server = await PostgresServer.start();
  await using bouncer = await pgbouncer(server);
  await using scene = await PostgresScene.on(server);
  const through = { port: bouncer.port };
  const stores = await Promise.all(Array.from({ length: 4 }, () => scene.open(TIME, "serve", through)));
  const kinds = await Promise.all(
    Array.from({ length: 120 }, (_, n) => stores[n % 4]!.accept(draftOf(`k${n % 30}`, `r${n}`, `m${n}`))),
  );
  assert.equal(kinds.filter((kind) => kind === "queued").length, 30);
  const claims = (await Promise.all(stores.map((store) => store.claim(20, ALL)))).flat();
  assert.equal(new Set(claims.map(({ record }) => record.id)).size, claims.length);
  for (const store of stores) await store.tidy();
});

Deno.test("a role that may not create is told what an administrator runs for it, and works with no more rights than that", async () => {
  await using server = await PostgresServer.start();
  await using scene = await PostgresScene.on(server);
  await server.sql(`CREATE ROLE relay LOGIN; GRANT SELECT ON public.${scene.schema}_clock TO relay`);
  const open = () => scene.open(TIME, "serve", { user: "relay" });
  await assert.rejects(open(), /administrator run what 'coder-platformx outbox schema' prints/);
  await server.sql(postgresSchema(scene.schema, "relay"));
  const store = await open();
  assert.equal(await store.accept(draftOf("a")), "queued");
  const [claim] = await store.claim(1, ALL);
  assert.ok(await store.settle(claim!, DEAD) && await store.replay(claim!.record.id));
  await store.tidy();
  assert.equal(await store.drop(claim!.record.id), true);
});

Deno.test("the tables are made once by several instances at a time; a newer schema, another encoding and lost tables are told", async () => {
  await using server = await PostgresServer.start();
  await using scene = await PostgresScene.on(server);
  const stores = await Promise.all(Array.from({ length: 5 }, () => scene.open(TIME)));
  await scene.sql("UPDATE schema_version SET version = 2");
  for (const access of ["serve", "change", "look"] as const) {
    assert.equal(await faultOf(scene.open(TIME, access)), "newer");
  }
  await scene.sql(`DROP SCHEMA ${scene.schema} CASCADE`);
  assert.equal(await faultOf(stores[0]!.accept(draftOf("a"))), "tables_gone");
  await server.sql("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
  await server.sql(`CREATE TABLE ${scene.schema}_clock AS SELECT 0::bigint AS now`, "latin");
  assert.equal(await faultOf(scene.open(TIME, "serve", { database: "latin" })), "unsuited");
  assert.equal(await faultOf(scene.open(TIME, "serve", { database: "nowhere" })), "no_database");
});

Deno.test("a server that takes no changes, as a standby, is told as such, and nothing is accepted", async () => {
  await using server = await PostgresServer.start();
  await using scene = await PostgresScene.on(server);
  const store = await scene.open(TIME);
  await server.set("default_transaction_read_only", "on");
  await eventually(async () => await faultOf(store.accept(draftOf("a"))) === "read_only", "it is read-only");
  await server.set("default_transaction_read_only", undefined);
  await eventually(async () => await faultOf(store.accept(draftOf("b"))) === "none", "it is not any more");
});

Deno.test("a statement that waits for a lock ends, and what gathered meanwhile; then it goes on", async () => {
  await using server = await PostgresServer.start();
  await using scene = await PostgresScene.on(server);
  const store = await scene.open(TIME);
  const locked = server.sql(`BEGIN; LOCK TABLE ${scene.schema}.dedup; SELECT pg_sleep(9); COMMIT`);
  await eventually(
    async () =>
      (await server.sql("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock'")) !== "0",
    "the lock is held",
  );
  const first = faultOf(store.accept(draftOf("a")));
  await systemClock.sleep(50, new AbortController().signal);
  const gathered = faultOf(store.accept(draftOf("b")));
  assert.deepEqual(await Promise.all([first, gathered]), ["busy", "busy"]);
  await locked;
  assert.equal(await store.accept(draftOf("b")), "queued");
});

Deno.test("TLS: the server's certificate and its name are verified, and a connection that is not encrypted is refused", async () => {
  await using server = await PostgresServer.start();
  const ca = await withCertificate(server);
  await using scene = await PostgresScene.on(server);
  const open = (host: string, rootCert: string | undefined, tls = true) =>
    scene.open(TIME, "serve", { host, tls, rootCert });
  const store = await open("localhost", ca);
  assert.equal(await store.accept(draftOf("a")), "queued");
  assert.equal(
    await server.sql(
      "SELECT bool_and(ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE application_name = 'coder-platformx'",
    ),
    "t",
  );
  assert.equal(await faultOf(open("localhost", undefined)), "not_trusted");
  assert.equal(await faultOf(open("127.0.0.1", ca)), "not_trusted");
  await server.set("ssl", "off");
  await eventually(
    async () => await faultOf(open("localhost", ca)) === "no_tls",
    "the server offers no TLS any more",
  );
});

/** Gives the server a certificate for `localhost`; returns the authority that signed it. */
async function withCertificate(server: PostgresServer): Promise<string> {
  const folder = await Deno.makeTempDir();
  const { cert, key, caFile } = await issueCertificate(folder, ["DNS:localhost"]);
  const ca = await Deno.readTextFile(caFile);
  await Deno.remove(folder, { recursive: true });
  await Deno.writeTextFile(`${server.data}/server.crt`, cert);
  await Deno.writeTextFile(`${server.data}/server.key`, key, { mode: 0o600 });
  const owner = (await run("stat", ["-c", "%u:%g", server.data])).trim();
  await run("chown", [owner, `${server.data}/server.crt`, `${server.data}/server.key`]);
  await server.set("ssl", "on");
  await server.end("fast");
  await server.begin();
  return ca;
}

Deno.test("an idle connection that the server ends is no fault, and the next question gets a new one", async () => {
  await using server = await PostgresServer.start();
  await using scene = await PostgresScene.on(server);
  const store = await scene.open(TIME);
  await store.accept(draftOf("a"));
  await server.sql(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'coder-platformx'",
  );
  const [stored] = await store.list("pending");
  assert.ok(stored && !isLeftAlone(stored));
  assert.equal(await store.accept(draftOf("b")), "queued");
});

const ERRORS = [
  { code: "57P01", fault: "unreachable", isPassing: true, isDoubtful: true },
  { code: "57P03", fault: "unreachable", isPassing: true, isDoubtful: false },
  { code: "ECONNREFUSED", fault: "unreachable", isPassing: true, isDoubtful: false },
  { code: "ECONNRESET", fault: "unreachable", isPassing: true, isDoubtful: true },
  { code: "40001", fault: "busy", isPassing: true, isDoubtful: false },
  { code: "40P01", fault: "busy", isPassing: true, isDoubtful: false },
  { code: "53100", fault: "full", isPassing: false, isDoubtful: false },
  { code: "53300", fault: "busy", isPassing: false, isDoubtful: false },
  { code: "25006", fault: "read_only", isPassing: false, isDoubtful: false },
  { code: "57014", fault: "slow", isPassing: false, isDoubtful: false },
  { code: "28000", fault: "refused", isPassing: false, isDoubtful: false },
  { code: "28P01", fault: "no_login", isPassing: false, isDoubtful: false },
  { code: "3D000", fault: "no_database", isPassing: false, isDoubtful: false },
  { code: "42501", fault: "forbidden", isPassing: false, isDoubtful: false },
  { code: "42P01", fault: "tables_gone", isPassing: false, isDoubtful: false },
  { code: "XX001", fault: "broken", isPassing: false, isDoubtful: false },
];

Deno.test("errors of the way there that have no code are named too, and asked again only where that helps", async (t) => {
  const rows: [text: string, fault: string, isPassing: boolean][] = [
    ["The server does not support SSL connections", "no_tls", false],
    ["There was an error establishing an SSL connection", "tls_failed", false],
    ["SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a non-empty string", "no_login", false],
    ["Connection terminated unexpectedly", "unreachable", true],
  ];
  for (const [text, fault, isPassing] of rows) {
    await t.step(text, () => {
      const told = postgresFault(new Error(text));
      assert.deepEqual([told.error.fault, told.isPassing], [fault, isPassing]);
    });
  }
});

for (const { code, ...expected } of ERRORS) {
  Deno.test(`postgresFault names ${code} ${expected.fault}, and quotes nothing`, () => {
    const { error, ...rest } = postgresFault(Object.assign(new Error("at postgres://u:secret@db"), { code }));
    assert.deepEqual({ fault: error.fault, ...rest }, expected);
    assert.doesNotMatch(error.message, /secret/);
  });
}
