/** What docs/operations.md says of an outbox in PostgreSQL: looking into it, backup and restore. */
import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import { draftOf } from "../outbox/store_contract.ts";
import { read } from "../support/files.ts";
import { PostgresScene } from "./postgres_scene.ts";
import { PostgresServer } from "./server.ts";

Deno.test("the questions that docs/operations.md asks by psql are answered", async () => {
  const [, queries = ""] =
    /In PostgreSQL, with `psql[^]*?```sql\n([^]*?)```/.exec(read("docs/operations.md")) ?? [];
  const asked = queries.split(";").map((query) => query.trim()).filter((query) => query !== "");
  assert.equal(asked.length, 3);
  await using server = await PostgresServer.start();
  await using scene = await PostgresScene.on(server);
  const store = await scene.open();
  for (const key of ["dead", "waits"]) await store.accept(draftOf(key));
  const [claim] = await store.claim(1, { within: 1e12, first: true });
  await store.settle(claim!, {
    ...{ kind: "dead", reason: "refused", attempts: 1, failures: 1, ambiguous: 0 },
    detail: constant("status 400"),
  });
  const answers = await Promise.all(
    asked.map((query) => server.sql(query.replaceAll("coder_platformx", scene.schema))),
  );
  assert.match(answers[0]!, /^1\|2026-/);
  assert.match(answers[1]!, /^refused\|1\|2026-/);
  assert.match(answers[2]!, /^[^|]+\|2026-[^|]*\|0\|/);
});

Deno.test("a schema that was dumped, dropped and restored, as docs/operations.md says, is the outbox that it was", async () => {
  await using server = await PostgresServer.start();
  await using scene = await PostgresScene.on(server);
  const store = await scene.open();
  for (const key of ["a", "b"]) await store.accept(draftOf(key));
  const before = await store.list("pending");
  await store.close();
  const copy = await server.tool("pg_dump", `--schema=${scene.schema}`, "postgres");
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, copy);
    await server.sql(`DROP SCHEMA ${scene.schema} CASCADE`);
    await server.tool("psql", "-v", "ON_ERROR_STOP=1", "-f", file, "postgres");
  } finally {
    await Deno.remove(file);
  }
  const restored = await scene.open();
  assert.deepEqual(await restored.list("pending"), before);
  assert.equal(await restored.accept(draftOf("a")), "duplicate");
});
