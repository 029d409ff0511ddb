/** The -wal file deleted under the open store, into which SQLite would go on writing. */
import assert from "node:assert/strict";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { SqliteEngine } from "../../../lib/outbox/sqlite/engine.ts";
import type { ThreadFiles } from "../../../lib/runtime/thread.ts";
import { threadSurroundings } from "../../../lib/runtime/threads.ts";
import type { Ask } from "../../../lib/outbox/operation.ts";
import { draftOf, faultOf } from "../store_contract.ts";
import { SqliteScene } from "./scene.ts";

const ignore = Deno.build.os === "windows"; // nobody can delete there what is open
const RULES = { window: 1e6, maxAge: 1e6, maxKeys: 9, newUuid: () => crypto.randomUUID() };
const MOMENT = { now: 1, agedTo: 1, monotonic: 1, room: 9 };

const accept = (key: string, take = false): Ask => {
  const { event, ...draft } = draftOf(key);
  return { kind: "accept", ...draft, event: JSON.stringify(event), take };
};
const claim: Ask = { kind: "claim", limit: 9, fresh: { within: 1e9, first: true } };

function engineOn(scene: SqliteScene, files: ThreadFiles, Database = DatabaseSync): SqliteEngine {
  const location = { path: scene.path, access: "serve", isAgain: false } as const;
  return new SqliteEngine({ DatabaseSync: Database, files }, location, RULES);
}

function told(engine: SqliteEngine, ...asks: readonly Ask[]): readonly string[] {
  const { results } = engine.answer({ asks, moment: MOMENT });
  return results.map((result) => "fault" in result ? result.fault : "answer");
}

/** What a process that is killed now leaves: workspaces of the events that wait. */
async function leftBy(scene: SqliteScene): Promise<readonly string[]> {
  await using crashed = new SqliteScene();
  for (const suffix of ["", "-wal"]) Deno.copyFileSync(scene.path + suffix, crashed.path + suffix);
  assert.deepEqual(await crashed.sql("PRAGMA integrity_check"), ["ok"]);
  const workspaces = await crashed.sql("SELECT event->'metadata'->>'workspace' FROM event");
  return workspaces.toSorted();
}

Deno.test({
  name: "the next event that is accepted brings in what the deleted -wal file held, again and again",
  ignore,
  async fn() {
    await using scene = new SqliteScene();
    const store = await scene.open();
    for (const [n, key] of ["a", "b", "c"].entries()) {
      assert.equal(await store.accept(draftOf(key)), "queued");
      Deno.removeSync(`${scene.path}-wal`);
      assert.equal(await store.accept(draftOf(`${key}2`)), "queued");
      assert.equal(await store.accept(draftOf(key)), "duplicate");
      assert.equal((await leftBy(scene)).length, 2 * (n + 1));
    }
  },
});

for (const suffix of ["", "-wal"]) {
  Deno.test({
    name: `an event whose commit went into a deleted file is refused, and nobody has it: outbox.db${suffix}`,
    ignore,
    async fn() {
      await using scene = new SqliteScene();
      const { files: real } = await threadSurroundings();
      let looks = 0;
      const identity = (path: string) => {
        // The look before the commit is the second one.
        if (path === scene.path && ++looks === 3) Deno.removeSync(scene.path + suffix);
        return real.identity(path);
      };
      const engine = engineOn(scene, { ...real, identity });
      engine.open();
      assert.deepEqual(told(engine, accept("a", true)), [suffix === "" ? "gone" : "wal_gone"]);
      const [result] = engine.answer({ asks: [claim], moment: MOMENT }).results;
      assert.ok(result !== undefined && "answer" in result);
      assert.equal(Array.isArray(result.answer) && result.answer.length, 1, "it can be sent at once");
      engine.close();
    },
  });
}

Deno.test({
  name: "so does looking after the store: it need not be a new event",
  ignore,
  async fn() {
    await using scene = new SqliteScene();
    const store = await scene.open();
    await store.accept(draftOf("a"));
    Deno.removeSync(`${scene.path}-wal`);
    await store.tidy();
    assert.deepEqual(await leftBy(scene), ["a"]);
  },
});

Deno.test({
  name:
    "of two services on the file each goes over to the new -wal file, and neither loses or damages anything",
  ignore,
  async fn() {
    await using scene = new SqliteScene();
    const [first, second] = [await scene.open(), await scene.open()];
    const expected: string[] = [];
    for (let round = 0; round < 5; round++) {
      for (const [n, store] of [first, second, second, first].entries()) {
        if (n === 2) Deno.removeSync(`${scene.path}-wal`);
        const key = `${round}${n}`;
        assert.equal(await store.accept(draftOf(key)), "queued");
        expected.push(key);
      }
      assert.deepEqual(await leftBy(scene), expected);
    }
    assert.deepEqual(await scene.sql("PRAGMA integrity_check"), ["ok"]);
  },
});

Deno.test({
  name: "as long as a reader is in the way nothing is accepted, what waits goes out, and then it goes on",
  ignore,
  async fn() {
    let isInTheWay = true;
    class Database extends DatabaseSync {
      override prepare(sql: string): StatementSync {
        const statement = super.prepare(sql);
        if (!sql.includes("wal_checkpoint")) return statement;
        // As SQLite tells it, after three seconds.
        const get = () => isInTheWay ? { busy: 1n } : super.prepare(sql).get();
        return Object.assign(statement, { get });
      }
    }
    await using scene = new SqliteScene();
    const { files } = await threadSurroundings();
    const engine = engineOn(scene, files, Database);
    assert.deepEqual(told(engine, accept("a")), ["answer"]);
    Deno.removeSync(`${scene.path}-wal`);
    assert.deepEqual(told(engine, accept("b"), { kind: "tidy" }, claim), ["wal_gone", "wal_gone", "answer"]);
    isInTheWay = false;
    assert.deepEqual(told(engine, accept("b")), ["answer"]);
    assert.equal((await leftBy(scene)).length, 2);
    engine.close();
  },
});

for (const [suffix, fault] of [["", "gone"], ["-wal", "wal_gone"]] as const) {
  Deno.test({
    name: `outbox.db${suffix} deleted before the commit returns: nothing is accepted, whatever SQLite says`,
    ignore,
    async fn() {
      await using scene = new SqliteScene();
      const { files: real } = await threadSurroundings();
      let looks = 0;
      const files: ThreadFiles = {
        ...real,
        identity(path) {
          // Opening looks once, each transaction before and after.
          if (path === scene.path && ++looks === 3) Deno.removeSync(scene.path + suffix);
          return real.identity(path);
        },
      };
      const engine = engineOn(scene, files);
      engine.open();
      assert.deepEqual(told(engine, accept("a"), claim), [fault, "answer"]);
      engine.close();
    },
  });
}

Deno.test({
  name: "a -wal file that is deleted before it could be looked at is missed all the same",
  ignore,
  async fn() {
    await using scene = new SqliteScene();
    const { files: real } = await threadSurroundings();
    let looks = 0;
    const files: ThreadFiles = {
      ...real,
      identity(path) {
        if (path !== scene.path && ++looks === 1) Deno.removeSync(path);
        return real.identity(path);
      },
    };
    const engine = engineOn(scene, files);
    assert.deepEqual(told(engine, accept("a")), ["answer"]);
    assert.equal((await leftBy(scene)).length, 1);
    engine.close();
  },
});

Deno.test({
  name: "who looks into the store brings nothing in",
  ignore,
  async fn() {
    await using scene = new SqliteScene();
    const store = await scene.open();
    await store.accept(draftOf("a"));
    const look = await scene.open({}, "look");
    Deno.removeSync(`${scene.path}-wal`);
    assert.equal(await faultOf(look.list("pending")), "none");
    assert.throws(() => Deno.statSync(`${scene.path}-wal`), Deno.errors.NotFound);
  },
});
