import assert from "node:assert/strict";
import { portFinding, tryToListen } from "../../lib/check/port.ts";
import { machineStore, storeFindings } from "../../lib/check/store.ts";
import { systemClock as clock } from "../../lib/base/clock.ts";
import { askLocally, type ListenAddress } from "../../lib/check/local_service.ts";
import { Store } from "../../lib/outbox/store.ts";
import { StoreError } from "../../lib/outbox/store_error.ts";

const ADDRESS: ListenAddress = { host: "127.0.0.1", port: 8080, tls: undefined };
const inUse = () => {
  throw new Deno.errors.AddrInUse("in use");
};

Deno.test("a port is free, this service's, or somebody else's", async (t) => {
  const rows: [answer: string | undefined, state: string, detail: RegExp][] = [
    ['{"status":"ok"}', "ok", /in use by this service, which says: ok/],
    ['{"status":"degraded","version":"1"}', "ok", /says: degraded/],
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
      const finding = await portFinding(ADDRESS, { tryToListen: inUse, ask });
      assert.equal(finding.state, state);
      assert.match(finding.detail, detail);
      assert.match(finding.todo ?? "", state === "ok" ? /^$/ : /PORT 8080 is in use/);
    });
  }
});

Deno.test("an address that cannot be had says why", async (t) => {
  const ask = () => Promise.reject(new Error("not to be asked"));
  const notHere = () => {
    throw new Deno.errors.AddrNotAvailable("not here");
  };
  const tls = { cert: "no PEM", key: "no PEM" };
  const rows: [address: Partial<ListenAddress>, listen: () => void, words: RegExp][] = [
    [{ port: 0 }, () => tryToListen({ ...ADDRESS, port: 0 }), /^127\.0\.0\.1:0 ok a free port/],
    [{ host: "::1" }, () => {}, /^\[::1\]:8080 ok free/],
    [{ host: "192.0.2.1" }, notHere, /failed .*HOST '192\.0\.2\.1' is not an address of this machine/],
    [
      { tls },
      () => tryToListen({ ...ADDRESS, port: 0, tls }),
      /failed .*TLS_CERT_FILE and TLS_KEY_FILE must/,
    ],
  ];
  for (const [address, listen, words] of rows) {
    await t.step(JSON.stringify(address), async () => {
      const finding = await portFinding({ ...ADDRESS, ...address }, { tryToListen: listen, ask });
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

const REAL = { dryRun: false, deadline: 10_000, dedupWindow: 86_400_000 };
const DRY = { ...REAL, dryRun: true };

function outboxAt(path: string) {
  return { location: { kind: "sqlite", path }, maxAge: 1, maxPending: 1 } as const;
}

Deno.test("without an outbox there is no store to look at", async () => {
  const never = () => assert.fail("not to be touched");
  const options = { clock, tryStore: never, exists: never, remove: never, fileSystemOf: never };
  const file = outboxAt("outbox");
  for (const config of [{ delivery: DRY, outbox: file }, { delivery: REAL, outbox: undefined }]) {
    assert.deepEqual((await storeFindings(config, options)).map(({ state }) => state), ["skipped"]);
  }
});

Deno.test("a store's fault fails the check, and says what to do", async () => {
  const options = {
    clock,
    tryStore: () => Promise.reject(new StoreError("full")),
    exists: () => true,
    remove: () => assert.fail("nothing was made"),
    fileSystemOf: () => ({ os: "linux", magic: 0x6969, device: 50 }),
  };
  const found = await storeFindings(
    { delivery: REAL, outbox: outboxAt("/nfs/outbox") },
    options,
  );
  assert.deepEqual(found.map(({ name, state, detail }) => [name, state, detail]), [
    ["outbox", "failed", "the disk is full"],
    ["file system", "warning", "NFS: not a disk of this machine"],
  ]);
  assert.equal(found[0]!.todo, "Make room");
});

Deno.test("the machine's store: missing, there, open elsewhere, damaged, without a folder", async (t) => {
  const folder = await Deno.makeTempDir();
  const look = (path: string) =>
    storeFindings({ delivery: REAL, outbox: outboxAt(path) }, { clock, ...machineStore });
  const files = () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  try {
    const path = `${folder}/outbox`;
    await t.step("a missing one is tried beside, and nothing is left", async () => {
      const [outbox] = await look(path);
      assert.deepEqual([outbox!.state, files()], ["ok", []]);
      assert.match(outbox!.detail, /^not there yet/);
    });
    await t.step("one in use by a service opens and keeps its records", async () => {
      const store = await Store.open({ kind: "sqlite", path }, clock);
      try {
        await store.commit((atomic) => atomic.set(["kept"], 1));
        const [outbox] = await look(path);
        assert.deepEqual([outbox!.state, outbox!.detail], ["ok", "opens, is read and written"]);
        assert.equal(await store.read(async (kv) => (await kv.get(["kept"])).value), 1);
      } finally {
        store.close();
      }
    });
    await t.step("a damaged one", async () => {
      await Deno.writeTextFile(
        `${folder}/damaged`,
        "this is no database, and long enough to see that".repeat(100),
      );
      const [outbox] = await look(`${folder}/damaged`);
      assert.deepEqual([outbox!.state, outbox!.detail], ["failed", "the file is damaged"]);
    });
    await t.step("a folder that is not there", async () => {
      const before = files();
      const [outbox, fileSystem] = await look(`${folder}/none/outbox`);
      assert.deepEqual([outbox!.state, fileSystem!.state, files()], ["failed", "skipped", before]);
      assert.match(outbox!.todo ?? "", /^Check that the folder exists/);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
