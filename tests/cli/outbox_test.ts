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

/** A store that holds these, in this order. */
function storeWith(records: readonly Stored[]) {
  const held = new Map<string, Stored>(records.map((record) => [record.id, record]));
  const isDead = (stored: Stored) => !("leftAlone" in stored) && stored.dead !== undefined;
  const of = (state: "pending" | "dead") =>
    [...held.values()].filter((record) => isDead(record) === (state === "dead"));
  return {
    held,
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
    list: (state: "pending" | "dead", after?: string, limit = 100) => {
      const rows = of(state);
      const from = after === undefined ? 0 : rows.findIndex(({ id }) => id === after) + 1;
      return Promise.resolve(rows.slice(from, from + limit));
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
  return { code, out: out.join("\n"), err: err.join("\n"), ids: [...store.held.keys()] };
}

const NEWER: LeftAlone = { id: "n", leftAlone: "newer" };
const SENDING = pending("s", { claimedAt: NOW - 1_000, nextAttemptAt: NOW + 29_000 });
const ALL = [pending("p"), dead("r", "refused"), dead("e", "expired"), dead("u", "outcome_unknown"), NEWER];

Deno.test("list shows what waits and what is dead, one page of the store after the other", async () => {
  const all = await outbox("list", ALL);
  assert.equal(all.code, 0);
  assert.match(
    all.out,
    /^ID +STATE .*\np +pending .* in 1 min +status 503 \(1 min ago\)\nn +newer\nr +refused /,
  );
  assert.match(all.out, /\n2 pending, the oldest for 1 min, 3 dead$/);
  assert.doesNotMatch(all.out, /alice/);
  const ids = async (line: string, records: readonly Stored[] = ALL) =>
    JSON.parse((await outbox(`${line} --json`, records)).out).map(({ id }: { id: string }) => id);
  assert.deepEqual(await ids("list --dead"), ["r", "e", "u"]);
  assert.deepEqual(await ids("list --pending"), ["p", "n"]);
  const many = Array.from({ length: 1_201 }, (_, i) => dead(`${i}`, "refused"));
  assert.deepEqual(await ids("list", many), many.map(({ id }) => id));
  assert.equal((await outbox("list", [])).out, "0 pending, 0 dead");
});

Deno.test("show prints one event, its address too", async () => {
  const { code, out } = await outbox("show p", ALL);
  const { event, id } = JSON.parse(out);
  assert.deepEqual([code, id, event], [0, "p", EVENT]);
});

Deno.test("replay and drop do what they can, and say of the rest what it is", async (t) => {
  const rows: [line: string, code: number, out: string, err: RegExp, ids?: string][] = [
    ["replay r e", 0, "2 replayed", /^$/],
    ["replay --all", 0, "2 replayed", /^$/],
    ["replay --reason outcome_unknown", 0, "1 replayed", /^$/],
    [
      "replay p",
      1,
      "0 replayed",
      /^'p' waits for its turn and is no dead letter: it is sent by itself, next try in 1 min$/,
    ],
    [
      "replay r p x",
      1,
      "1 replayed",
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
