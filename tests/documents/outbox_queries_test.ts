/** What docs/operations.md has one type into `sqlite3`, asked of an outbox. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { constant } from "../../lib/base/redact.ts";
import { draftOf } from "../outbox/store_contract.ts";
import { SqliteScene } from "../outbox/sqlite/scene.ts";
import { read } from "../support/files.ts";
import { all } from "./markdown.ts";

const [SQLITE = ""] = all(read("docs/operations.md"), /```sql\n([^]*?)```/g);

/** An outbox with two events that wait, and a dead letter. */
async function filled(scene: SqliteScene): Promise<void> {
  const store = await scene.open();
  for (const key of ["dead", "a", "b"]) {
    await store.accept(draftOf(key));
    await scene.advance(1_000);
  }
  const [claim] = await store.claim(1, { within: 0, first: false });
  const tried = { attempts: 1, failures: 1, ambiguous: 0, detail: constant("no such user") };
  assert.ok(claim && await store.settle(claim, { kind: "dead", reason: "refused", ...tried }));
}

Deno.test("the three queries tell what waits, dead letters by reason, and what is due next", async () => {
  await using scene = new SqliteScene();
  await filled(scene);
  using db = new DatabaseSync(scene.path, { readOnly: true });
  const [waiting, letters, due] = SQLITE.split(";").slice(0, 3).map((query) => db.prepare(query).all());
  const at = (seconds: number) => `2026-01-02 03:04:${String(5 + seconds).padStart(2, "0")}`;
  assert.deepEqual({ ...waiting?.[0] }, { waiting: 2, oldest: at(1) });
  assert.deepEqual({ ...letters?.[0] }, { dead_reason: "refused", letters: 1, newest: at(3) });
  assert.deepEqual(due?.map(({ due, attempts }) => [due, attempts]), [[at(1), 0], [at(2), 0]]);
});
