import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import { parseArguments } from "../../lib/cli/arguments.ts";
import { act } from "../../lib/cli/outbox.ts";
import type { LeftAlone, OutboxRecord, Stored } from "../../lib/outbox/record.ts";
import { EVENT } from "../support/fakes.ts";
import { fakeTerminal } from "./fakes.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

function pending(id: string, changes: Partial<OutboxRecord> = {}): OutboxRecord {
  return {
    ...{ id, event: EVENT, enqueuedAt: NOW - 90_000, nextAttemptAt: NOW + 60_000, attempts: 1, failures: 1 },
    ...{
      ambiguous: 0,
      detail: constant("status 503"),
      lastAttemptAt: NOW - 60_000,
      claimedAt: undefined,
      dead: undefined,
    },
    ...changes,
  };
}

const dead = (id: string, reason: "refused" | "expired" | "outcome_unknown") =>
  pending(id, { dead: { reason, at: NOW } });
const isHeld = (stored: Stored) =>
  "leftAlone" in stored || (stored.dead === undefined && stored.claimedAt !== undefined);

/** A store that holds these, and lists them in the order of their ids. */
function storeWith(records: readonly Stored[]) {
  const held = new Map<string, Stored>(records.map((record) => [record.id, record]));
  const isDead = (stored: Stored) => !("leftAlone" in stored) && stored.dead !== undefined;
  const of = (state: "pending" | "dead") =>
    [...held.values()].filter((record) => isDead(record) === (state === "dead"))
      .sort((a, b) => a.id < b.id ? -1 : 1);
  let reads = 0;
  return {
    held,
    /** Pages that were read. */
    get reads() {
      return reads;
    },
    get known() {
      const [waiting, dead] = [of("pending"), of("dead")];
      const oldestPending = waiting.length === 0 ? undefined : NOW - 90_000;
      return {
        pending: waiting.length,
        dead: dead.length,
        oldestPending,
        newestDead: undefined,
        deadByReason: [],
      };
    },
    get: (id: string) => Promise.resolve(held.get(id)),
    list: (state: "pending" | "dead", after = "", limit = 100) => {
      reads++;
      return Promise.resolve(of(state).filter(({ id }) => id > after).slice(0, limit));
    },
    replay: (id: string) => {
      const stored = held.get(id);
      if (stored === undefined || !isDead(stored)) return Promise.resolve(false);
      held.set(id, pending(id));
      return Promise.resolve(true);
    },
    drop: (id: string) => {
      const stored = held.get(id);
      return Promise.resolve(stored !== undefined && !isHeld(stored) && held.delete(id));
    },
  };
}

/** Runs `outbox LINE` on a store that holds these. */
async function outbox(line: string, records: readonly Stored[]) {
  const command = parseArguments(["outbox", ...line.split(" ")]);
  assert.ok(command.kind === "outbox" && command.action !== "schema", JSON.stringify(command));
  const store = storeWith(records);
  const { terminal, out, err } = fakeTerminal();
  const code = await act(terminal, command, { store, now: () => NOW });
  const { held, reads } = store;
  return { code, out: out.join("\n"), err: err.join("\n"), ids: [...held.keys()], reads };
}

const NEWER: LeftAlone = { id: "n", leftAlone: "newer" };
const SENDING = pending("s", { claimedAt: NOW - 1_000, nextAttemptAt: NOW + 29_000 });
const ALL = [pending("p"), dead("r", "refused"), dead("e", "expired"), dead("u", "outcome_unknown"), NEWER];

Deno.test("list shows what waits and what is dead, one page of the store after the other", async () => {
  const all = await outbox("list", ALL);
  assert.equal(all.code, 0);
  assert.match(
    all.out,
    /^ID +STATE .*\nn +newer\np +pending .* in 1 min +status 503 \(1 min ago\)\ne +expired .*\nr +refused /,
  );
  assert.match(all.out, /\n2 pending, the oldest for 1 min, 3 dead$/);
  assert.doesNotMatch(all.out, /alice/);
  const ids = async (line: string, records: readonly Stored[] = ALL) =>
    JSON.parse((await outbox(`${line} --json`, records)).out).map(({ id }: { id: string }) => id);
  assert.deepEqual(await ids("list --dead"), ["e", "r", "u"]);
  assert.deepEqual(await ids("list --pending"), ["n", "p"]);
  const many = Array.from({ length: 1_201 }, (_, i) => dead(`${1_000 + i}`, "refused"));
  assert.deepEqual(await ids("list", many), many.map(({ id }) => id));
  assert.equal((await outbox("list", [])).out, "0 pending, 0 dead");
});

Deno.test("show prints one event, its address too", async () => {
  const { code, out } = await outbox("show p", ALL);
  const { event, id } = JSON.parse(out);
  assert.deepEqual([code, id, event], [0, "p", EVENT]);
});

const PENDING =
  ": now pending. 'coder-platformx outbox list' tells in a few seconds what is pending still, and what is dead again";

Deno.test("list says of what is due now that it may wait for the service", async () => {
  const due =
    /, 0 dead\nWhat is due now waits for its turn, and for the service if that is stopped or paused: /;
  assert.match(
    (await outbox("list", [pending("p"), pending("q", { nextAttemptAt: NOW - 40_000 })])).out,
    due,
  );
  for (const others of [[pending("p")], [SENDING]]) {
    assert.match((await outbox("list", others)).out, /, 0 dead$/);
  }
});

/** Of Coder's message of this id. */
const of = (messageId: string, record: OutboxRecord): OutboxRecord => ({
  ...record,
  event: { ...EVENT, metadata: { coder_message_id: messageId } },
});
const TWINS = [
  of("5a3d4b0d-2190-4ce6-b7c8-08cb1e3152f5", dead("01a22154-0001-7000-8000-000000000001", "refused")),
  of("later", pending("01a22154-0002-7000-8000-000000000002")),
  of("5a3d4b0d-2190-4ce6-b7c8-08cb1e3152f6", dead("01a22159-0003-7000-8000-000000000003", "expired")),
];

Deno.test("an event is found by the beginning of its id, and by Coder's message id", async (t) => {
  const [first, second, third] = TWINS.map(({ id }) => id) as [string, string, string];
  const both = (one: string, other: string) => `fits several events, so name one of them: ${one}, ${other}`;
  const rows: [name: string, dropped: string | undefined, err: string][] = [
    ["01a22154-0001", first, ""],
    ["01a22159", third, ""],
    ["01a22154", undefined, both(second, first)],
    ["01a2215", undefined, "is not there"],
    ["5a3d4b0d-2190-4ce6-b7c8-08cb1e3152f6", third, ""],
    ["5a3d4b0d", undefined, both(first, third)],
    ["later", second, ""],
    ["late", undefined, "is not there"],
    ["0001-7000-8000-000000000001", undefined, "is not there"],
    ["2190-4ce6-b7c8", undefined, "is not there"],
  ];
  for (const [name, dropped, err] of rows) {
    await t.step(name, async () => {
      const found = await outbox(`drop ${name}`, TWINS);
      assert.deepEqual(found.ids, [first, second, third].filter((id) => id !== dropped));
      assert.ok(found.err.startsWith(err && `'${name}' ${err}`), found.err);
      assert.equal(found.code, dropped === undefined ? 1 : 0);
    });
  }
  await t.step("show and replay take the same", async () => {
    assert.equal(JSON.parse((await outbox("show later", TWINS)).out).id, second);
    assert.equal((await outbox("replay 01a22159 5a3d4b0d-2190-4ce6-b7c8-08cb1e3152f5", TWINS)).code, 0);
  });
  await t.step("many that begin alike are not all told", async () => {
    const many = Array.from({ length: 9 }, (_, n) => dead(`01a22154-000${n}`, "refused"));
    const alike = many.map((record) => of("5a3d4b0d", record));
    for (const name of ["01a22154", "5a3d4b0d"]) {
      assert.match((await outbox(`show ${name}`, alike)).err, /: (?:01a22154-000\d, ){3}01a22154-000\d …$/);
    }
  });
});

Deno.test("the whole outbox is read for message ids only, and once for all of them", async () => {
  const many = Array.from({ length: 2_000 }, (_, n) => dead(`01a22154-${1_000 + n}`, "refused"));
  assert.equal((await outbox("drop 01a22154-1000", many)).reads, 0);
  assert.equal((await outbox("drop 01a22154-100", many)).reads, 2);
  assert.equal((await outbox("drop message-1 message-2", many)).reads, 2 * 2 + 1 + 5);
});

Deno.test("replay and drop do what they can, and say of the rest what it is", async (t) => {
  const rows: [line: string, code: number, out: string, err: RegExp, ids?: string][] = [
    ["replay r e", 0, `2 replayed${PENDING}`, /^$/],
    ["replay --all", 0, `2 replayed${PENDING}`, /^$/],
    ["replay --reason outcome_unknown", 0, `1 replayed${PENDING}`, /^$/],
    [
      "replay p",
      1,
      "0 replayed",
      /^'p' waits for its turn and is no dead letter: it is sent by itself, next try in 1 min$/,
    ],
    [
      "replay r p x",
      1,
      `1 replayed${PENDING}`,
      /^'p' waits .*\n'x' is not there: 'coder-platformx outbox list' tells what is$/,
    ],
    ["replay s", 1, "0 replayed", /^'s' is being sent at this moment/],
    ["replay n", 1, "0 replayed", /^'n' was stored by a newer version and is left alone: run that version$/],
    ["replay b", 1, "0 replayed", /^'b' cannot be read and is left alone/],
    ["drop r p", 0, "2 dropped", /^$/, "s e u n b"],
    ["drop s", 1, "0 dropped", /^'s' is being sent at this moment: look again in half a minute$/],
    ["drop x", 1, "0 dropped", /^'x' is not there/],
    ["drop n", 1, "0 dropped", /newer version/],
    ["show x", 1, "", /^'x' is not there/],
    ["show b", 1, "", /cannot be read/],
    ["show \x1b[2J\u202e", 1, "", /^'\\u\{1b\}\[2J\\u\{202e\}' is not there/],
  ];
  for (const [line, code, out, err, ids] of rows) {
    await t.step(line, async () => {
      const found = await outbox(line, [...ALL, SENDING, { id: "b", leftAlone: "unreadable" }]);
      assert.deepEqual([found.code, found.out], [code, out]);
      assert.match(found.err, err);
      if (ids !== undefined) assert.deepEqual(found.ids.toSorted(), ids.split(" ").toSorted());
    });
  }
});
