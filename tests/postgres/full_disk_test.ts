/** The running program on a real PostgreSQL whose disk is full: the one of its tables, and the one of its own log. */
import assert from "node:assert/strict";
import { fillUp, mountDisk } from "../support/disks.ts";
import { eventually } from "../support/eventually.ts";
import { assertTells, faultsIn, OutboxScene, QUEUED, UNAVAILABLE } from "../support/outbox_program.ts";
import type { Program } from "../support/service.ts";
import { ownedFolder, PostgresServer } from "./server.ts";

/** As the log has it; on the page the apostrophe is escaped. */
const FULL = /the database server(?:'|&#39;)s disk is full: make room there/;

/** Starts the program while PlatformX takes nothing; three events wait. */
async function started(scene: OutboxScene, server: PostgresServer): Promise<Program> {
  const program = await scene.start({ OUTBOX: `postgres://owner@127.0.0.1:${server.port}/postgres` });
  scene.platformX.misbehave({ kind: "answer", status: 503 }, Infinity);
  for (const message of ["a", "b", "c"]) assert.deepEqual(await scene.tell(program, message), QUEUED);
  await eventually(() => scene.platformX.requests > 0, "an attempt");
  return program;
}

/** Tells of new happenings until one is refused, and returns its name: Coder sends it again. */
async function refused(scene: OutboxScene, program: Program): Promise<string> {
  for (let n = 0;; n++) {
    const answer = await scene.tell(program, `message-${n}`);
    if (String(answer) === String(UNAVAILABLE)) return `message-${n}`;
    assert.deepEqual(answer, QUEUED);
  }
}

/** Health and page call the store failing, and the page says what to do. */
async function assertAlarmed(program: Program): Promise<void> {
  const { status, attention } = await program.health();
  assert.equal(status, "degraded");
  assert.ok(attention.includes("store_failing"), String(attention));
  const page = await fetch(program.url, { headers: { accept: "text/html" } });
  assert.match(await page.text(), FULL);
}

/** Coder sends again what was refused; all that was answered 2xx arrives, nothing twice, and nothing is wrong any more. */
async function assertWhole(scene: OutboxScene, program: Program, again: string): Promise<void> {
  await eventually(async () => (await scene.tell(program, again))[0] < 300, "it is taken", {
    seen: () => program.log,
  });
  await scene.tellUntil(program, QUEUED, []);
  await program.logged("outbox_usable");
  await scene.allArrived();
  assert.deepEqual(scene.arrived.toSorted(), [...scene.acknowledged].toSorted());
  assert.ok(!(await program.health()).attention.includes("store_failing"));
}

Deno.test("the disk of PostgreSQL's tables is full: 503, what is pending goes out, and it goes on when there is room", async () => {
  await using disk = await mountDisk(8);
  await using server = await PostgresServer.start();
  await server.sql(`CREATE TABLESPACE small LOCATION '${await ownedFolder(`${disk.folder}/tables`)}'`);
  await server.set("default_tablespace", "small");
  await using scene = await OutboxScene.open();
  const program = await started(scene, server);

  fillUp(`${disk.folder}/filling`);
  const again = await refused(scene, program);
  assertTells(await program.logged("outbox_unusable"), "full", FULL);
  await assertAlarmed(program);
  assert.deepEqual(await scene.tell(program, "a"), [200, "duplicate", undefined], "nothing is to be written");
  scene.platformX.behave();
  await scene.allArrived();
  await scene.holds(program, 0);
  // What is delivered was deleted, which takes no room: that does not show that there is room.
  await assertAlarmed(program);
  assert.deepEqual(faultsIn(program), ["full"]);

  Deno.removeSync(`${disk.folder}/filling`);
  await assertWhole(scene, program, again);
  assert.deepEqual(faultsIn(program), ["full"]);
});

Deno.test("the disk of PostgreSQL's own log is full: the server ends, and when it is started with room nothing is lost or doubled", async () => {
  await using disk = await mountDisk(16);
  const log = `${disk.folder}/log`;
  const cluster = [`--waldir=${await ownedFolder(log)}`, "--wal-segsize=1"];
  await using server = await PostgresServer.start({ fsync: "on", min_wal_size: "2MB" }, cluster);
  await using scene = await OutboxScene.open();
  const program = await started(scene, server);

  fillUp(`${disk.folder}/filling`);
  await useUpSegments(server, log);
  const again = await refused(scene, program);
  // What the server says when it gives up has the code of a full disk.
  assertTells(await program.logged("outbox_unusable"), "full", FULL);
  await assertAlarmed(program);
  const hasEnded = () => !isThere(`${server.data}/postmaster.pid`);
  await eventually(hasEnded, "the server to fail at its recovery, and to end");
  scene.platformX.behave();
  await eventually(async () => {
    assert.deepEqual(await scene.tell(program, again), UNAVAILABLE);
    return faultsIn(program).at(-1) === "unreachable";
  }, "the server to be missed");

  Deno.removeSync(`${disk.folder}/filling`);
  await server.begin();
  await assertWhole(scene, program, again);
  assert.deepEqual(faultsIn(program), ["full", "unreachable"]);
});

/** Writes until little is left of the files that the server has made for its log: it makes them in advance. */
async function useUpSegments(server: PostgresServer, log: string): Promise<void> {
  const last = [...Deno.readDirSync(log)].map(({ name }) => name).filter((name) => /^[\dA-F]{24}$/.test(name))
    .toSorted().at(-1)!;
  while (await server.sql("SELECT pg_walfile_name(pg_current_wal_insert_lsn())") < last) {
    await server.sql("SELECT pg_logical_emit_message(false, '', ''); SELECT pg_switch_wal()");
  }
  const used = "mod(pg_current_wal_insert_lsn() - '0/0'::pg_lsn, 1024 * 1024)::int";
  await server.sql(`SELECT pg_logical_emit_message(true, '', repeat('x', 1000 * 1000 - ${used}))`);
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
