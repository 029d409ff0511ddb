import assert from "node:assert/strict";
import { type OutboxRecord, RECORD_VERSION } from "../../lib/outbox/record.ts";
import type { Store } from "../../lib/outbox/store.ts";
import { ALICE, EVENT } from "../support/fakes.ts";
import { assertConsistent, inFolder, openStore, put, putDead, recordWith } from "../outbox/fakes.ts";
import { type Ended, runProgram } from "../support/program.ts";

const AT = Date.UTC(2026, 0, 2, 3, 4, 5);

const dead = (
  id: string,
  reason: "refused" | "expired" | "outcome_unknown",
  more: Partial<OutboxRecord> = {},
) =>
  recordWith({
    id,
    since: AT,
    dead: { reason, at: AT + 60_000 },
    attempts: 3,
    seen: "no such user",
    ...more,
  });

const PENDING = recordWith({
  id: "p1",
  since: AT + 1_000,
  due: AT + 5_000,
  attempts: 2,
  seen: "status 500",
  event: { ...EVENT, metadata: { workspace: "alice-dev", coder_message_id: "told tina@example.com" } },
});

/** Has an outbox filled, and hands over what runs the command on it. */
async function withOutbox(
  work: (run: (line: string) => Promise<Ended>, store: Store) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const path = `${folder}/outbox.db`;
    const store = await openStore(path);
    await put(store, PENDING);
    await putDead(store, dead("d1", "refused"));
    await putDead(store, dead("d2", "expired"));
    await putDead(store, dead("d3", "outcome_unknown", { unknown: 3 }));
    // The store stays open, as in a service that runs.
    await work(
      (line) => runProgram(["outbox", ...line.split(" ")], { environment: { OUTBOX: path } }),
      store,
    );
    store.close();
  });
}

const PENDING_ROW = {
  id: "p1",
  state: "pending",
  notification: "Workspace Created",
  coder_message_id: "told (e-mail)",
  since: "2026-01-02T03:04:06.000Z",
  due: "2026-01-02T03:04:10.000Z",
  dead_at: null,
  attempts: 2,
  unknown_outcomes: 0,
  seen: "status 500",
};

const DEAD_ROW = {
  id: "d1",
  state: "refused",
  notification: "Workspace Created",
  coder_message_id: null,
  since: "2026-01-02T03:04:05.000Z",
  due: null,
  dead_at: "2026-01-02T03:05:05.000Z",
  attempts: 3,
  unknown_outcomes: 0,
  seen: "no such user",
};

Deno.test("outbox list shows what is there, without addresses", async (t) => {
  await withOutbox(async (run) => {
    const lists: readonly (readonly [line: string, ids: readonly string[]])[] = [
      ["list", ["p1", "d1", "d2", "d3"]],
      ["list --pending", ["p1"]],
      ["list --dead", ["d1", "d2", "d3"]],
    ];
    for (const [line, ids] of lists) {
      await t.step(line, async () => {
        const text = await run(line);
        assert.deepEqual([text.code, text.stderr], [0, ""]);
        const [head, ...rows] = text.stdout.trimEnd().split("\n");
        assert.match(head!, /^ID +STATE +NOTIFICATION +SINCE +ATTEMPTS +SEEN$/);
        assert.deepEqual(rows.slice(0, -1).map((row) => row.split(" ")[0]), ids);
        assert.match(rows.at(-1)!, /^1 pending, the oldest since 2026-01-02T03:04:06\.000Z, 3 dead$/);
        const json = await run(`${line} --json`);
        const listed = JSON.parse(json.stdout);
        assert.deepEqual(listed.map(({ id }: { id: string }) => id), ids);
        for (const { stdout } of [text, json]) assert.ok(!stdout.includes("@"), stdout);
      });
    }
    await t.step("the rows are whole", async () => {
      const [p1, d1] = JSON.parse((await run("list --json")).stdout);
      assert.deepEqual([p1, d1], [PENDING_ROW, DEAD_ROW]);
    });
  });
});

Deno.test("outbox show shows the event, with the person", async () => {
  await withOutbox(async (run) => {
    const { code, stdout } = await run("show p1");
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), { ...PENDING_ROW, event: PENDING.event });
    assert.ok(stdout.includes(ALICE.email));
    assert.deepEqual(JSON.parse((await run("show d1")).stdout), { ...DEAD_ROW, event: EVENT });
  });
});

/** Dead and pending ids afterwards. */
const works: readonly {
  readonly line: string;
  readonly said: string;
  readonly code?: number;
  readonly pending: readonly string[];
  readonly dead: readonly string[];
}[] = [
  { line: "replay d3", said: "1 replayed", pending: ["d3", "p1"], dead: ["d1", "d2"] },
  { line: "replay d1 d2", said: "2 replayed", pending: ["d1", "d2", "p1"], dead: ["d3"] },
  { line: "replay --all", said: "2 replayed", pending: ["d1", "d2", "p1"], dead: ["d3"] },
  { line: "replay --reason expired", said: "1 replayed", pending: ["d2", "p1"], dead: ["d1", "d3"] },
  { line: "replay --reason outcome_unknown", said: "1 replayed", pending: ["d3", "p1"], dead: ["d1", "d2"] },
  { line: "drop d1 d3", said: "2 dropped", pending: ["p1"], dead: ["d2"] },
  { line: "replay d1 x d2", said: "2 replayed", code: 1, pending: ["d1", "d2", "p1"], dead: ["d3"] },
  { line: "replay p1", said: "0 replayed", code: 1, pending: ["p1"], dead: ["d1", "d2", "d3"] },
  { line: "drop p1", said: "0 dropped", code: 1, pending: ["p1"], dead: ["d1", "d2", "d3"] },
];

for (const { line, said, code = 0, pending, dead } of works) {
  Deno.test(`outbox ${line} says '${said}', and does it`, async () => {
    await withOutbox(async (run, store) => {
      const begun = Date.now();
      const ended = await run(line);
      assert.deepEqual([ended.code, ended.stdout], [code, `${said}\n`]);
      if (code === 1) assert.match(ended.stderr, /^'(?:x|p1)' is not there, or not a dead letter: /);
      const records = await assertConsistent(store);
      const idsOf = (isDead: boolean) =>
        records.filter((record) => (record.dead !== undefined) === isDead).map(({ id }) => id).toSorted();
      assert.deepEqual([idsOf(false), idsOf(true)], [pending, dead]);
      for (const { id, since, attempts } of records) {
        if (id !== "p1" && pending.includes(id)) {
          assert.ok(since >= begun && attempts === 0, `${id}: ${since}`);
        }
      }
    });
  });
}

Deno.test("what a newer version stored is listed as such, and left alone", async () => {
  await withOutbox(async (run, store) => {
    await putDead(store, { ...dead("n1", "refused"), version: RECORD_VERSION + 1 });
    const before = await assertConsistent(store);
    const rows = JSON.parse((await run("list --dead --json")).stdout);
    assert.deepEqual(rows.at(-1).state, "newer");
    for (const line of ["replay n1", "drop n1"]) {
      const { code, stderr } = await run(line);
      assert.equal(code, 1);
      assert.match(stderr, /^'n1' was stored by a newer version and is left alone/);
    }
    assert.deepEqual(await assertConsistent(store), before);
  });
});

Deno.test("an empty outbox lists nothing, as text and as JSON", async () => {
  await inFolder(async (folder) => {
    const environment = { OUTBOX: `${folder}/outbox.db` };
    (await openStore(environment.OUTBOX)).close();
    assert.equal((await runProgram(["outbox", "list"], { environment })).stdout, "0 pending, 0 dead\n");
    assert.equal((await runProgram(["outbox", "list", "--json"], { environment })).stdout, "[]\n");
  });
});

/** Commands that cannot be done. */
const failures: readonly {
  readonly what: string;
  readonly environment: (folder: string) => Record<string, string>;
  readonly line: string;
  readonly code: number;
  readonly stderr: RegExp;
}[] = [
  {
    what: "without OUTBOX",
    environment: () => ({}),
    line: "list",
    code: 2,
    stderr: /^OUTBOX must be set: name the outbox/,
  },
  {
    what: "with an OUTBOX that cannot be one",
    environment: () => ({ OUTBOX: ":memory:" }),
    line: "list",
    code: 2,
    stderr: /OUTBOX must be a file or a server/,
  },
  {
    what: "on a file that is not there, which is not made",
    environment: (folder) => ({ OUTBOX: `${folder}/none.db` }),
    line: "list",
    code: 1,
    stderr: /^OUTBOX cannot be used: there is no such file/,
  },
  {
    what: "on a file that is no outbox",
    environment: (folder) => ({ OUTBOX: `${folder}/text` }),
    line: "list",
    code: 1,
    stderr: /^OUTBOX cannot be used: the file is damaged/,
  },
  {
    what: "with an id that is not there",
    environment: (folder) => ({ OUTBOX: `${folder}/empty.db` }),
    line: "show \u001b[31mx",
    code: 1,
    stderr: /^'\\u\{1b\}\[31mx' is not there/,
  },
];

for (const { what, environment, line, code, stderr } of failures) {
  Deno.test(`outbox ${JSON.stringify(line)} ${what} ends with ${code} and a sentence`, async () => {
    await inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/text`, "no database ".repeat(500));
      (await openStore(`${folder}/empty.db`)).close();
      const ended = await runProgram(["outbox", ...line.split(" ")], { environment: environment(folder) });
      assert.deepEqual([ended.code, ended.stdout], [code, ""]);
      assert.match(ended.stderr, stderr);
      assert.doesNotMatch(ended.stderr, /\bat .*\.ts|Error:/);
      const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
      assert.ok(!names.includes("none.db"));
    });
  });
}
