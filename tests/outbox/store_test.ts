import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { type Clock, systemClock } from "../../lib/base/clock.ts";
import { Store } from "../../lib/outbox/store.ts";
import { StoreError, type StoreFault } from "../../lib/outbox/store_error.ts";
import { entriesOf, inFolder, openStore } from "./fakes.ts";

const onWindows = Deno.build.os === "windows";

const fault = (kind: StoreFault) => (error: unknown) => {
  assert.ok(error instanceof StoreError, `no StoreError: ${error}`);
  assert.equal(error.fault, kind, error.message);
  return true;
};

Deno.test("what is committed is there after the store was opened again", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/outbox.db`;
    const store = await openStore(path);
    assert.ok(await store.commit((atomic) => atomic.set(["a"], 1)) !== undefined);
    store.close();
    const again = await openStore(path);
    assert.equal(await again.read(async (kv) => (await kv.get(["a"])).value), 1);
    again.close();
  });
});

Deno.test("a commit whose check fails writes nothing", async () => {
  await inFolder(async (folder) => {
    const store = await openStore(`${folder}/outbox.db`);
    await store.commit((atomic) => atomic.set(["a"], 1));
    const none = { key: ["a"], versionstamp: null };
    assert.equal(await store.commit((atomic) => atomic.check(none).set(["a"], 2).set(["b"], 2)), undefined);
    assert.equal(await store.read(async (kv) => (await kv.get(["a"])).value), 1);
    assert.equal((await entriesOf(store)).length, 2); // with the mark of the opening
    store.close();
  });
});

for (const before of [undefined, 0o644, 0o666]) {
  const what = before === undefined ? "new" : `one with mode ${before.toString(8)}`;
  Deno.test(`the file, if ${what}, and its -wal and -shm files are for their owner only`, {
    ignore: onWindows,
  }, async () => {
    await inFolder(async (folder) => {
      const path = `${folder}/outbox.db`;
      if (before !== undefined) {
        (await openStore(path)).close();
        await Deno.chmod(path, before);
      }
      const store = await openStore(path);
      await store.commit((atomic) => atomic.set(["a"], 1));
      for (const file of [path, `${path}-wal`, `${path}-shm`]) {
        const { mode } = await Deno.stat(file);
        assert.equal((mode! & 0o777).toString(8), "600", file);
      }
      store.close();
    });
  });
}

/** A store whose waiting is counted. */
async function withPauses(work: (store: Store, pauses: number[]) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const pauses: number[] = [];
    const clock: Clock = {
      now: () => 0,
      monotonic: () => pauses.reduce((sum, ms) => sum + ms, 0),
      sleep: (ms) => (pauses.push(ms), Promise.resolve()),
    };
    // The first opening waits in real time.
    let now: Clock = systemClock;
    const store = await Store.open({ kind: "sqlite", path: `${folder}/outbox.db` }, {
      now: () => now.now(),
      monotonic: () => now.monotonic(),
      sleep: (ms, signal) => now.sleep(ms, signal),
    });
    now = clock;
    await work(store, pauses);
    store.close();
  });
}

Deno.test("what meets a locked store is tried again, after short pauses", async () => {
  await withPauses(async (store, pauses) => {
    let tries = 0;
    const result = await store.read(() => {
      if (++tries < 4) throw new TypeError("database is locked");
      return Promise.resolve("read");
    });
    assert.deepEqual([result, tries, pauses.length], ["read", 4, 3]);
    assert.ok(pauses.every((ms) => ms >= 1 && ms <= 50), `${pauses}`);
  });
});

Deno.test("a store that stays locked is given up after three seconds", async () => {
  await withPauses(async (store, pauses) => {
    const locked = () => Promise.reject(new TypeError("database is locked"));
    await assert.rejects(store.read(locked), fault("busy"));
    const waited = pauses.reduce((sum, ms) => sum + ms, 0);
    assert.ok(waited >= 3_000 && waited < 3_050, `${waited} ms`);
  });
});

Deno.test("what fails otherwise is not tried again", async () => {
  await withPauses(async (store, pauses) => {
    const full = () => Promise.reject(new TypeError("database or disk is full"));
    await assert.rejects(store.read(full), fault("full"));
    assert.deepEqual(pauses, []);
  });
});

/** Files that are no outbox: how they are made, and what is said of them. */
const unusable: {
  readonly what: string;
  readonly make: (path: string) => Promise<void>;
  readonly kind: StoreFault;
}[] = [
  {
    what: "a text",
    make: (path) => Deno.writeTextFile(path, "no database ".repeat(500)),
    kind: "broken",
  },
  {
    what: "an outbox with a broken head",
    make: async (path) => {
      await filled(path);
      await overwrite(path, { at: 0, length: 100 });
    },
    kind: "broken",
  },
  {
    what: "an outbox that is cut off",
    make: async (path) => {
      await filled(path);
      await Deno.truncate(path, 10_000);
    },
    kind: "broken",
  },
  {
    what: "an outbox that is broken in the middle",
    make: async (path) => {
      await filled(path);
      const { size } = await Deno.stat(path);
      await overwrite(path, { at: Math.floor(size / 4), length: Math.floor(size / 2) });
    },
    kind: "broken",
  },
  { what: "a directory", make: (path) => Deno.mkdir(path), kind: "unusable" },
];

for (const { what, make, kind } of unusable) {
  Deno.test(`${what} is not opened, and the error is ${kind}`, async () => {
    await inFolder(async (folder) => {
      const path = `${folder}/outbox.db`;
      await make(path);
      await assert.rejects(openStore(path), fault(kind));
    });
  });
}

// Words of the messages by which faults are told apart, in a path.
for (const name of ["http", "busy", "network", "database is locked", "readonly"]) {
  Deno.test(`a missing folder is named as such, whatever the path is like: ${name}/missing`, async () => {
    await inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/${name}`);
      await assert.rejects(openStore(`${folder}/${name}/missing/outbox.db`), fault("unusable"));
    });
  });
}

Deno.test("an empty file becomes an outbox", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/outbox.db`, "");
    (await openStore(`${folder}/outbox.db`)).close();
  });
});

Deno.test("openExisting makes no file", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/outbox.db`;
    await assert.rejects(Store.openExisting({ kind: "sqlite", path }, systemClock), fault("missing"));
    assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
    (await openStore(path)).close();
    (await Store.openExisting({ kind: "sqlite", path }, systemClock)).close();
  });
});

Deno.test("a store that was moved away is not there, until it is back", { ignore: onWindows }, async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/outbox.db`;
    const store = await openStore(path);
    const states = [[store.isThere, store.isReplaced]];
    await Deno.rename(path, `${path}.away`);
    states.push([store.isThere, store.isReplaced]);
    await Deno.writeTextFile(path, "");
    states.push([store.isThere, store.isReplaced]);
    await Deno.rename(`${path}.away`, path);
    states.push([store.isThere, store.isReplaced]);
    assert.deepEqual(states, [[true, false], [false, false], [false, true], [true, false]]);
    store.close();
  });
});

Deno.test(
  "a store that went over to another file keeps what is committed there",
  { ignore: onWindows },
  async () => {
    await inFolder(async (folder) => {
      const path = `${folder}/outbox.db`;
      const store = await openStore(path);
      await store.commit((atomic) => atomic.set(["old"], 1));
      await Deno.remove(path);
      await Deno.writeTextFile(path, "");
      await store.reopen();
      assert.equal(store.isThere, true);
      await store.commit((atomic) => atomic.set(["new"], 2));
      // As after a crash: the other opens the file while the store has not closed it.
      const other = await Store.openExisting({ kind: "sqlite", path }, systemClock);
      const keys = (await entriesOf(other)).map(({ key }) => key);
      assert.deepEqual(keys, [["new"], ["opened"]]);
      other.close();
      store.close();
    });
  },
);

Deno.test(
  "going over to a file that is no database fails, and can be tried again",
  { ignore: onWindows },
  async () => {
    await inFolder(async (folder) => {
      const path = `${folder}/outbox.db`;
      const store = await openStore(path);
      for (const file of [path, `${path}-wal`, `${path}-shm`]) await Deno.remove(file);
      await Deno.writeTextFile(path, "no database ".repeat(500));
      for (let n = 0; n < 2; n++) await assert.rejects(store.reopen(), fault("broken"));
      assert.equal(store.isThere, false);
      await Deno.remove(path);
      await Deno.writeTextFile(path, "");
      await store.reopen();
      assert.ok(await store.commit((atomic) => atomic.set(["a"], 1)) !== undefined);
      store.close();
      store.close();
    });
  },
);

/** An outbox of some hundred kilobytes, closed. */
async function filled(path: string): Promise<void> {
  const store = await openStore(path);
  for (let n = 0; n < 40; n++) await store.commit((atomic) => atomic.set(["a", n], "x".repeat(10_000)));
  store.close();
  // What is in the -wal file would repair the damage.
  const database = new DatabaseSync(path);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
}

async function overwrite(path: string, { at, length }: { readonly at: number; readonly length: number }) {
  using file = await Deno.open(path, { write: true });
  await file.seek(at, Deno.SeekMode.Start);
  const bytes = new Uint8Array(length).map((_, n) => (n * 167 + 13) % 251);
  for (let done = 0; done < length;) done += await file.write(bytes.subarray(done));
}

/** What is told of each of these, in order. */
async function endsOf(commits: readonly Promise<string | undefined>[]): Promise<readonly string[]> {
  const ended = await Promise.allSettled(commits);
  return ended.map((end) => {
    if (end.status === "fulfilled") return end.value === undefined ? "failed check" : "written";
    assert.ok(end.reason instanceof StoreError, `no StoreError: ${end.reason}`);
    return end.reason.fault;
  });
}

Deno.test(
  "of what waits for its commit while the file is moved, accepted events are refused and the rest is written",
  { ignore: onWindows },
  async () => {
    await inFolder(async (folder) => {
      const path = `${folder}/outbox.db`;
      const store = await openStore(path);
      const commits = [
        store.commit((change) => change.set(["under way"], 1)),
        store.commit((change) => change.set(["settled"], 1)),
        store.commit((change) => change.inPlace().set(["accepted"], 1)),
        store.commit((change) => change.inPlace().set(["accepted, too"], 1)),
      ];
      Deno.renameSync(path, `${path}.away`);
      commits.push(store.commit((change) => change.inPlace().set(["accepted later"], 1)));
      assert.deepEqual(await endsOf(commits), ["written", "written", "gone", "gone", "gone"]);
      await Deno.rename(`${path}.away`, path);
      commits.push(store.commit((change) => change.inPlace().set(["accepted again"], 1)));
      assert.deepEqual((await endsOf(commits)).at(-1), "written");
      const keys = (await entriesOf(store)).map(({ key }) => String(key[0]));
      assert.deepEqual(keys, ["accepted again", "opened", "settled", "under way"]);
      store.close();
    });
  },
);

Deno.test("what waits for its commit when the store is closed is told so, all of it", async () => {
  await inFolder(async (folder) => {
    const store = await openStore(`${folder}/outbox.db`);
    const commits = ["a", "b", "c"].map((key) => store.commit((change) => change.set([key], 1)));
    store.close();
    commits.push(store.commit((change) => change.set(["d"], 1)));
    const [, ...ends] = await endsOf(commits);
    assert.deepEqual(ends, ["unusable", "unusable", "unusable"]);
  });
});

Deno.test(
  "what waits for its commit while the store goes over to another file ends, and what is told to be written is there",
  { ignore: onWindows },
  async () => {
    await inFolder(async (folder) => {
      const path = `${folder}/outbox.db`;
      const store = await openStore(path);
      for (const file of [path, `${path}-wal`, `${path}-shm`]) await Deno.remove(file);
      await Deno.writeTextFile(path, "");
      const ends: Promise<readonly string[]>[] = [];
      const commit = (key: string) => store.commit((change) => change.inPlace().set([key], 1));
      let isOpen = false;
      const reopened = store.reopen().finally(() => isOpen = true);
      do {
        ends.push(endsOf([commit(`e${ends.length}`)]));
        await setImmediate();
      } while (!isOpen);
      await reopened;
      const written = (await Promise.all(ends)).flatMap(([end], n) => end === "written" ? [`e${n}`] : []);
      const stored = (await entriesOf(store)).map(({ key }) => String(key[0])).filter((key) =>
        key !== "opened"
      );
      assert.deepEqual(stored, written.toSorted());
      assert.equal((await endsOf([commit("new")]))[0], "written");
      store.close();
    });
  },
);

Deno.test("while a store is locked, what waits for its commit waits as long as one, and then is told so", async () => {
  await withPauses(async (store, pauses) => {
    const original = Deno.AtomicOperation.prototype.commit;
    let tries = 0;
    Deno.AtomicOperation.prototype.commit =
      () => (tries++, Promise.reject(new TypeError("database is locked")));
    try {
      // More than go into three commits.
      const commits = Array.from(
        { length: 200 },
        (_, n) => store.commit((change) => change.check({ key: [n], versionstamp: null }).set([n], 1)),
      );
      assert.deepEqual(new Set(await endsOf(commits)), new Set(["busy"]));
    } finally {
      Deno.AtomicOperation.prototype.commit = original;
    }
    const waited = pauses.reduce((sum, ms) => sum + ms, 0);
    assert.ok(waited >= 3_000 && waited < 3_050, `${waited} ms`);
    assert.ok(tries > 1);
    assert.deepEqual(await endsOf([store.commit((change) => change.set(["later"], 1))]), ["written"]);
  });
});
