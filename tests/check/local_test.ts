import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import { askLocally } from "../../lib/check/local_service.ts";
import { portFinding } from "../../lib/check/port.ts";
import { machineStore, storeFindings, type StoreOptions } from "../../lib/check/store.ts";
import type { Config } from "../../lib/config/config.ts";
import type { OutboxLocation } from "../../lib/config/outbox_location.ts";
import type { Access } from "../../lib/outbox/store.ts";
import { StoreError } from "../../lib/outbox/store_fault.ts";
import { denoRuntime } from "../../lib/runtime/deno.ts";
import { type ListenAddress, ListenError, type ListenFault } from "../../lib/runtime/runtime.ts";
import { BASE, configOf } from "../config/fakes.ts";

const ADDRESS: ListenAddress = { host: "127.0.0.1", port: 8080, tls: undefined };
const cannot = (fault: ListenFault) => () => Promise.reject(new ListenError(fault));

Deno.test("a port is free, this service's, or somebody else's", async (t) => {
  const rows: [answer: string | undefined, state: "ok" | "warning" | "failed", detail: RegExp][] = [
    ['{"status":"ok"}', "ok", /in use by this service, which says: ok/],
    ['{"status":"degraded","version":"1"}', "warning", /says: degraded/],
    ['{"status":"unavailable"}', "failed", /another program/],
    ['{"status":{}}', "failed", /another program/],
    ['"ok"', "failed", /another program/],
    ["<html>", "failed", /another program/],
    [undefined, "failed", /another program/],
  ];
  for (const [body, state, detail] of rows) {
    await t.step(String(body), async () => {
      const ask = () =>
        body === undefined ? Promise.reject(new Error("closed")) : Promise.resolve({ status: 200, body });
      const finding = await portFinding(ADDRESS, { listen: cannot("in_use"), ask });
      assert.equal(finding.state, state);
      assert.match(finding.detail, detail);
      const todo = { ok: /^$/, warning: /^See its page or health/, failed: /PORT 8080 is in use/ };
      assert.match(finding.todo ?? "", todo[state]);
    });
  }
});

Deno.test("an address that cannot be had says why", async (t) => {
  const ask = () => assert.fail("nobody is asked");
  const tls = { cert: "no PEM", key: "no PEM" };
  const { listen } = denoRuntime(MODULE);
  const free: typeof listen = (address) =>
    Promise.resolve({ address, finished: Promise.resolve(), shutdown: () => Promise.resolve() });
  const rows: [address: Partial<ListenAddress>, listen: typeof listen, words: RegExp][] = [
    [{ port: 0 }, listen, /^127\.0\.0\.1:0 ok a free port is picked /],
    [
      { host: "0.0.0.0", port: 0 },
      free,
      /^0\.0\.0\.0:0 ok a free port is picked; IPv4 only: HOST=:: is both /,
    ],
    [{ host: "::1", port: 0 }, free, /^\[::1\]:0 ok /],
    [{ port: 80 }, cannot("forbidden"), /failed .*PORT 80 may not be listened at by this user: set PORT/],
    [{ host: "192.0.2.1" }, cannot("not_available"), /failed .*'192\.0\.2\.1' is not an address of this/],
    [{ port: 0, tls }, listen, /failed .*TLS_CERT_FILE and TLS_KEY_FILE must/],
    [{ tls }, cannot("unknown"), /failed .*HOST '127\.0\.0\.1' and PORT 8080 cannot be listened at/],
  ];
  for (const [address, listen, words] of rows) {
    await t.step(JSON.stringify(address), async () => {
      const finding = await portFinding({ ...ADDRESS, ...address }, { listen, ask });
      assert.match(`${finding.name} ${finding.state} ${finding.detail} ${finding.todo}`, words);
    });
  }
});

Deno.test("what listens here is asked past proxies, and its answer is read to its end", async (t) => {
  const health = '{"status":"ok"}';
  const rows: [name: string, answer: string, body: string][] = [
    ["with a length", `HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n${health}and more`, `${health}and more`],
    ["until it closes", `HTTP/1.1 200 OK\r\n\r\n${health}`, health],
    ["a status only", "HTTP/1.1 503 Unavailable", ""],
  ];
  for (const [name, answer, body] of rows) {
    await t.step(name, async () => {
      await using server = listenAndAnswer(answer);
      assert.equal((await askLocally({ ...ADDRESS, port: server.port })).body, body);
    });
  }
  await t.step("what is not HTTP is no answer", async () => {
    await using server = listenAndAnswer("220 mail.example ESMTP");
    await assert.rejects(askLocally({ ...ADDRESS, host: "0.0.0.0", port: server.port }));
  });
});

function listenAndAnswer(answer: string) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(1_024));
      await connection.write(new TextEncoder().encode(answer));
      connection.close();
    }
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await served;
    },
  };
}

/** A configuration with this outbox. */
async function configWith(location: OutboxLocation | undefined, dryRun = false): Promise<Config> {
  const config = await configOf(BASE);
  const outbox = location === undefined ? undefined : { location, maxAge: 1, maxPending: 1 };
  return { ...config, outbox, delivery: { ...config.delivery, dryRun } };
}

/** The program's own, whose thread works on a SQLite store. */
const MODULE = import.meta.resolve("../../main.ts");

const never = () => assert.fail("not to be touched");
const UNTOUCHED: StoreOptions = {
  tryStore: never,
  exists: never,
  isForAll: never,
  remove: never,
  fileSystemOf: never,
};

Deno.test("without an outbox there is no store to look at", async () => {
  const file = { kind: "sqlite", path: "outbox" } as const;
  for (const config of [await configWith(file, true), await configWith(undefined)]) {
    assert.deepEqual((await storeFindings(config, UNTOUCHED)).map(({ state }) => state), ["skipped"]);
  }
});

Deno.test("a store's fault fails the check: what it is, and what to do", async () => {
  const folders: string[] = [];
  const found = await storeFindings(await configWith({ kind: "sqlite", path: "/nfs/outbox" }), {
    ...UNTOUCHED,
    tryStore: () => Promise.reject(new StoreError("full", constant("its disk is full: make room: now"))),
    exists: () => true,
    isForAll: () => true,
    fileSystemOf: (folder) => {
      folders.push(folder);
      return Promise.resolve({ os: "linux", magic: 0x6969, device: 50 });
    },
  });
  assert.deepEqual(found.map(({ name, state, detail }) => [name, state, detail]), [
    ["outbox", "failed", "its disk is full"],
    ["file system", "warning", "NFS: not a disk of this machine"],
  ]);
  assert.equal(found[0]!.todo, "Make room: now");
  assert.deepEqual(folders, ["/nfs/"]);
});

Deno.test("tables in PostgreSQL that are not there yet are not made by the check", async () => {
  const config = await configWith({ ...POSTGRES, kind: "postgres" });
  const accesses: Access[] = [];
  const findings = await storeFindings(config, {
    ...UNTOUCHED,
    tryStore: (_location, _config, access) => {
      accesses.push(access);
      return Promise.reject(new StoreError("missing"));
    },
  });
  assert.deepEqual(findings.map(({ state, todo }) => [state, todo]), [["ok", undefined]]);
  assert.deepEqual(accesses, ["change"]);
});

const POSTGRES = {
  ...{ host: "db.example.com", port: 5432, user: "u", password: "p", database: "d", schema: "s" },
  ...{ tls: true, rootCert: undefined },
};

Deno.test("a store that is not there is tried beside, where nothing is left of it, and its folder is looked at", async (t) => {
  const folder = await Deno.makeTempDir();
  const before = Deno.cwd();
  try {
    Deno.chdir(folder);
    for (const path of [`${folder}/outbox`, "outbox"]) {
      await t.step(path, async () => {
        const found = await storeFindings(await configWith({ kind: "sqlite", path }), {
          ...machineStore(denoRuntime(MODULE)),
          tryStore: async (location, _config, access) => {
            assert.ok(location.kind === "sqlite" && location.path !== path && access === "serve");
            for (const ending of ["", "-wal", "-shm"]) await Deno.writeTextFile(location.path + ending, "");
          },
        });
        assert.match(found[0]!.detail, /^not there yet; one can be made/);
        assert.notEqual(found[1]!.detail, "not known");
        assert.deepEqual([...Deno.readDirSync(folder)], []);
      });
    }
    await t.step(
      "a link that leads nowhere is there: the service refuses it, and so does the check",
      async () => {
        await Deno.symlink("nowhere.db", "link.db");
        const store = machineStore(denoRuntime(MODULE));
        const [found] = await storeFindings(await configWith({ kind: "sqlite", path: "link.db" }), store);
        assert.deepEqual(found!.state, "failed", found!.detail);
        assert.match(found!.detail, /^it is a folder, a link/);
        await Deno.remove("link.db");
      },
    );
    await t.step("one that is there is opened itself, and stays", async () => {
      await Deno.writeTextFile("outbox", "", { mode: 0o600 });
      const found = await storeFindings(await configWith({ kind: "sqlite", path: "outbox" }), {
        ...machineStore(denoRuntime(MODULE)),
        tryStore: (location, _config, access) =>
          Promise.resolve(
            assert.deepEqual([location, access], [{ kind: "sqlite", path: "outbox" }, "change"]),
          ),
      });
      assert.equal(found[0]!.detail, "opens, is read and written");
      assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["outbox"]);
    });
  } finally {
    Deno.chdir(before);
    await Deno.remove(folder, { recursive: true });
  }
});
