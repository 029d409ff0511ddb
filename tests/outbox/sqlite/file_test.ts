import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { OutboxStore } from "../../../lib/outbox/store.ts";
import { SqliteEngine } from "../../../lib/outbox/sqlite/engine.ts";
import { sqliteFault } from "../../../lib/outbox/sqlite/fault.ts";
import { sqliteEngine } from "../../../lib/outbox/sqlite/serve.ts";
import type { ThreadFiles } from "../../../lib/runtime/thread.ts";
import { threadSurroundings } from "../../../lib/runtime/threads.ts";
import { draftOf, faultOf } from "../store_contract.ts";
import { SqliteScene } from "./scene.ts";

const onWindows = Deno.build.os === "windows";
const ALL = { within: 1e9, first: true } as const;

/** All that is in a folder: names, kinds, modes, times, contents. */
function seen(folder: string): readonly string[] {
  return [...Deno.readDirSync(folder)].map(({ name, isFile }) => {
    const { mode, mtime, size } = Deno.lstatSync(`${folder}/${name}`);
    const content = isFile ? new TextDecoder("latin1").decode(Deno.readFileSync(`${folder}/${name}`)) : "";
    return `${name} ${mode} ${mtime?.getTime()} ${size} ${content}`;
  }).sort();
}

const modeOf = (path: string) => Deno.statSync(path).mode! & 0o777;

async function sendAll(store: OutboxStore): Promise<readonly string[]> {
  const claims = await store.claim(64, ALL);
  for (const claim of claims) assert.ok(await store.settle(claim, { kind: "delivered" }));
  return claims.map(({ record }) => record.event.metadata["workspace"] ?? "");
}

const FOREIGN: readonly {
  readonly what: string;
  readonly fault: string;
  make(path: string): void | Promise<unknown>;
}[] = [
  { what: "a folder", fault: "not_a_file", make: (path) => Deno.mkdirSync(path) },
  {
    what: "a link to an outbox",
    fault: "not_a_file",
    make: async (path) => {
      const scene = new SqliteScene(path.replace(/\/[^/]*$/, "/real"));
      Deno.mkdirSync(scene.folder);
      await (await scene.open()).close();
      Deno.symlinkSync(scene.path, path);
    },
  },
  { what: "a link to nowhere", fault: "not_a_file", make: (path) => Deno.symlinkSync(`${path}.no`, path) },
  {
    what: "a pipe",
    fault: "not_a_file",
    make: (path) => new Deno.Command("mkfifo", { args: [path] }).output(),
  },
  { what: "a text", fault: "not_ours", make: (path) => Deno.writeTextFileSync(path, "dear diary") },
  {
    what: "somebody else's database",
    fault: "not_ours",
    make: (path) => {
      using db = new DatabaseSync(path);
      db.exec("CREATE TABLE diary (text)");
    },
  },
];

for (const { what, fault, make } of FOREIGN) {
  Deno.test({
    name: `${what} is ${fault}, and is left as it was, by the service and by commands`,
    ignore: onWindows,
    async fn() {
      await using scene = new SqliteScene();
      await make(scene.path);
      const before = seen(scene.folder);
      for (const access of ["serve", "change", "look"] as const) {
        assert.equal(await faultOf(scene.open({}, access)), fault, access);
      }
      assert.deepEqual(seen(scene.folder), before);
    },
  });
}

Deno.test("a missing folder is named as such", async () => {
  await using scene = new SqliteScene();
  const path = { folder: `${scene.folder}/none` };
  assert.equal(await faultOf(new SqliteScene(path.folder).open()), "no_folder");
});

Deno.test({
  name: "a file that is made is for its owner only, with its -wal and -shm; one that is there keeps its mode",
  ignore: onWindows,
  async fn() {
    for (const [mode, expected] of [[undefined, 0o600], [0o640, 0o640]] as const) {
      await using scene = new SqliteScene();
      if (mode !== undefined) Deno.writeTextFileSync(scene.path, "", { mode });
      if (mode !== undefined) Deno.chmodSync(scene.path, mode);
      const store = await scene.open();
      assert.equal(await store.accept(draftOf("a")), "queued");
      for (const suffix of ["", "-wal", "-shm"]) assert.equal(modeOf(scene.path + suffix), expected, suffix);
    }
  },
});

Deno.test("a process that has had a file makes no other one: the old one may come back", async () => {
  await using scene = new SqliteScene();
  const rules = { window: 1, maxAge: 1, maxKeys: 1 };
  const start = { path: scene.path, access: "serve", isAgain: true, ...rules } as const;
  const engine = await sqliteEngine(start, (await threadSurroundings()).files);
  assert.throws(() => engine.open(), { fault: "gone" });
  assert.deepEqual(seen(scene.folder), []);
});

Deno.test("of two processes that make the file at the same time the slower one takes it over", async () => {
  await using scene = new SqliteScene();
  const { files } = await threadSurroundings();
  let made = 0;
  const raced: ThreadFiles = {
    ...files,
    make(path) {
      files.make(path);
      if (++made === 1) throw Object.assign(new Error("made by another one"), { code: "EEXIST" });
    },
  };
  const start = {
    path: scene.path,
    access: "serve",
    isAgain: false,
    window: 1,
    maxAge: 1,
    maxKeys: 1,
  } as const;
  const engine = await sqliteEngine(start, raced);
  assert.match(engine.open().engine, /^SQLite /);
  engine.close();
  assert.deepEqual([...Deno.readDirSync(scene.folder)].map(({ name }) => name), ["outbox.db"]);
});

Deno.test("a file without a table yet, as a service that was killed at its first start leaves it, is taken over", async () => {
  await using scene = new SqliteScene();
  {
    using db = new DatabaseSync(scene.path);
    db.exec("PRAGMA auto_vacuum = INCREMENTAL");
  }
  assert.ok(Deno.statSync(scene.path).size > 0);
  for (const access of ["change", "look"] as const) {
    assert.equal(await faultOf(scene.open({}, access)), "blank", access);
  }
  const store = await scene.open();
  assert.equal(await store.accept(draftOf("a")), "queued");
});

Deno.test("an outbox of a newer version is refused", async () => {
  await using scene = new SqliteScene();
  await (await scene.open()).close();
  await scene.sql("PRAGMA user_version = 2");
  for (const access of ["serve", "change", "look"] as const) {
    assert.equal(await faultOf(scene.open({}, access)), "newer");
  }
});

Deno.test("who only looks leaves the files as they were, after a clean end and after a crash", async () => {
  await using scene = new SqliteScene();
  const store = await scene.open();
  await store.accept(draftOf("a"));
  await using crashed = new SqliteScene();
  for (const suffix of ["", "-wal"]) Deno.copyFileSync(scene.path + suffix, crashed.path + suffix);
  await store.close();
  for (
    const { folder, open } of [scene, crashed].map((s) => ({
      folder: s.folder,
      open: () => s.open({}, "look"),
    }))
  ) {
    const before = seen(folder).filter((file) => !/-shm/.test(file));
    const look = await open();
    assert.equal((await look.list("pending")).length, 1);
    await look.close();
    assert.deepEqual(seen(folder).filter((file) => !/-shm/.test(file)), before);
  }
});

for (const suffixes of [[""], ["", "-wal", "-shm"]]) {
  Deno.test({
    name: `the file deleted${
      suffixes.length > 1 ? " with its companions" : ""
    }: nothing is accepted, what it held goes out, then an empty file takes its place`,
    ignore: onWindows,
    async fn() {
      await using scene = new SqliteScene();
      const store = await scene.open();
      await store.accept(draftOf("a"));
      for (const suffix of suffixes) Deno.removeSync(scene.path + suffix);
      assert.equal(await faultOf(store.accept(draftOf("b"))), "gone");
      assert.equal(await faultOf(store.tidy()), "gone");
      Deno.writeTextFileSync(scene.path, "");
      assert.equal(await faultOf(store.tidy()), "gone", "what it held still waits");
      assert.equal(await faultOf(store.accept(draftOf("b"))), "gone");
      assert.deepEqual(await sendAll(store), ["a"]);
      await store.tidy();
      assert.equal(store.known.pending, 0);
      assert.equal(await store.accept(draftOf("b")), "queued");
      assert.equal((await scene.sql("SELECT id FROM event")).length, 1);
    },
  });
}

Deno.test({
  name:
    "the file moved away and back: nothing is accepted in between, no other file is made, then it goes on",
  ignore: onWindows,
  async fn() {
    await using scene = new SqliteScene();
    const store = await scene.open();
    await store.accept(draftOf("a"));
    for (const suffix of ["", "-wal", "-shm"]) {
      Deno.renameSync(scene.path + suffix, `${scene.folder}/moved${suffix}`);
    }
    for (const _ of [1, 2]) {
      assert.equal(await faultOf(store.accept(draftOf("b"))), "gone");
      assert.equal(await faultOf(store.tidy()), "gone");
    }
    assert.equal([...Deno.readDirSync(scene.folder)].length, 3);
    for (const suffix of ["", "-wal", "-shm"]) {
      Deno.renameSync(`${scene.folder}/moved${suffix}`, scene.path + suffix);
    }
    assert.equal(await store.accept(draftOf("a", "bob", "m")), "duplicate");
    assert.equal(await store.accept(draftOf("b")), "queued");
  },
});

Deno.test({
  name: "a file garbled under the running service is broken, and a new one takes its place",
  ignore: onWindows,
  async fn() {
    await using scene = new SqliteScene();
    const store = await scene.open();
    for (let n = 0; n < 20; n++) await store.accept(draftOf(`k${n}`));
    // What is in the -wal file is read from there.
    for (const suffix of ["", "-wal"]) {
      Deno.writeFileSync(scene.path + suffix, new Uint8Array(200_000).fill(0x5a));
    }
    assert.equal(await faultOf(store.tidy()), "broken");
    assert.equal(await faultOf(store.accept(draftOf("a"))), "broken");
    // What is in memory goes out, or is damaged too.
    await sendAll(store).catch(() => []);
    for (const suffix of ["", "-wal", "-shm"]) {
      Deno.renameSync(scene.path + suffix, `${scene.path}.old${suffix}`);
    }
    Deno.writeTextFileSync(scene.path, "");
    await store.tidy();
    assert.equal(await store.accept(draftOf("a")), "queued");
    assert.equal(await faultOf(scene.open({}, "look")), "none");
  },
});

Deno.test("a garbled file is not opened: it is broken, or not ours where its mark is gone", async () => {
  for (const [from, fault] of [[0, "not_ours"], [100, "broken"]] as const) {
    await using scene = new SqliteScene();
    await (await scene.open()).close();
    const bytes = Deno.readFileSync(scene.path);
    Deno.writeFileSync(scene.path, bytes.fill(0x5a, from));
    assert.equal(await faultOf(scene.open()), fault);
  }
});

Deno.test("a backup beside a -wal that is not its own is found to be damaged, and the message says what to do", async () => {
  await using scene = new SqliteScene();
  const store = await scene.open({ maxPending: 10_000 });
  const fill = async (from: number) => {
    await Promise.all(Array.from({ length: 400 }, (_, n) => store.accept(draftOf(`k${from + n}`))));
  };
  await fill(0);
  await scene.sql("PRAGMA wal_checkpoint(TRUNCATE)");
  const backup = Deno.readFileSync(scene.path);
  for (const round of [1, 2, 3]) {
    await fill(round * 1_000);
    if (round < 3) await scene.sql("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  await using restored = new SqliteScene();
  Deno.copyFileSync(`${scene.path}-wal`, `${restored.path}-wal`);
  Deno.utimeSync(`${restored.path}-wal`, 1e9, 1e9);
  Deno.writeFileSync(restored.path, backup);
  await assert.rejects(restored.open(), /damaged.*backup must be restored without the old -wal and -shm/);
});

const CODES = [
  { code: { errcode: 5 }, fault: "busy" },
  { code: { errcode: 261 }, fault: "busy" },
  { code: { errcode: 8 }, fault: "read_only" },
  { code: { errcode: 1032 }, fault: "gone" },
  { code: { errcode: 10 }, fault: "failing" },
  { code: { errcode: 522 }, fault: "broken" },
  { code: { errcode: 4874 }, fault: "unsuited" },
  { code: { errcode: 11 }, fault: "broken" },
  { code: { errcode: 13 }, fault: "full" },
  { code: { errcode: 14 }, fault: "forbidden" },
  { code: { code: "ENOSPC" }, fault: "full" },
  { code: { code: "EROFS" }, fault: "read_only" },
  { code: { code: "EACCES" }, fault: "forbidden" },
  { code: {}, fault: "failing" },
];

for (const { code, fault } of CODES) {
  Deno.test(`sqliteFault names ${JSON.stringify(code)} ${fault}, and does not quote it`, () => {
    const error = sqliteFault(Object.assign(new Error("cannot open '/secret/path'"), code));
    assert.equal(error.fault, fault);
    assert.doesNotMatch(error.message, /secret/);
  });
}

Deno.test("no descriptor of the file is closed while SQLite has it open: that would end SQLite's own locks", async () => {
  await using scene = new SqliteScene();
  const { files: real } = await threadSurroundings();
  let isOpen = false;
  let closed = 0;
  const files: ThreadFiles = {
    ...real,
    openHead(path, bytes) {
      const head = real.openHead(path, bytes);
      return {
        read: () => head.read(),
        close() {
          if (isOpen) closed++;
          head.close();
        },
      };
    },
  };
  const rules = { window: 1e6, maxAge: 1e6, maxKeys: 9, newUuid: () => crypto.randomUUID() };
  const location = { path: scene.path, access: "serve", isAgain: false } as const;
  const engine = new SqliteEngine({ DatabaseSync, files }, location, rules);
  engine.open();
  isOpen = true;
  for (const monotonic of [1, 2]) {
    const { results } = engine.answer({
      asks: [{ kind: "tidy" }],
      moment: { now: 1, agedTo: 1, monotonic, room: 9 },
    });
    assert.ok(results.every((result) => "answer" in result));
  }
  isOpen = false;
  assert.equal(closed, 0);
  engine.close();
});
