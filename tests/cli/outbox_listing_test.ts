import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import { listedRow, listingText } from "../../lib/cli/outbox_listing.ts";
import type { OutboxRecord, Stored } from "../../lib/outbox/record.ts";
import { EVENT } from "../support/fakes.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000];

function stored(changes: Partial<OutboxRecord> = {}): OutboxRecord {
  return {
    id: "01abc",
    event: { ...EVENT, metadata: { coder_message_id: "m-1" } },
    enqueuedAt: NOW - 3 * HOUR,
    nextAttemptAt: NOW,
    attempts: 0,
    failures: 0,
    ambiguous: 0,
    detail: undefined,
    lastAttemptAt: undefined,
    claimedAt: undefined,
    dead: undefined,
    ...changes,
  };
}

const TRIED = { attempts: 2, detail: constant("status 503"), lastAttemptAt: NOW - 2 * MINUTE };

Deno.test("a row tells state, age, what was sent, the next try and the last answer", async (t) => {
  const rows: [what: string, stored: Stored, cells: string[]][] = [
    ["new", stored({ enqueuedAt: NOW - SECOND }), ["pending", "Workspace Created", "1 s", "0", "now", ""]],
    ["waiting", stored({ ...TRIED, nextAttemptAt: NOW + 5 * MINUTE }), [
      ...["pending", "Workspace Created", "3 h", "2", "in 5 min", "status 503 (2 min ago)"],
    ]],
    ["being sent", stored({ claimedAt: NOW - SECOND, nextAttemptAt: NOW + 29 * SECOND }), [
      ...["pending", "Workspace Created", "3 h", "0", "being sent", ""],
    ]],
    ["a lease that is over", stored({ claimedAt: NOW - MINUTE, nextAttemptAt: NOW - 30 * SECOND }), [
      ...["pending", "Workspace Created", "3 h", "0", "now", ""],
    ]],
    ["dead", stored({ ...TRIED, dead: { reason: "refused", at: NOW } }), [
      ...["refused", "Workspace Created", "3 h", "2", "", "status 503 (2 min ago)"],
    ]],
    [
      "sent three times without an answer",
      stored({ attempts: 3, ambiguous: 3, lastAttemptAt: NOW, dead: { reason: "outcome_unknown", at: NOW } }),
      [
        ...["outcome_unknown", "Workspace Created", "3 h", "3", "", "none (just now)"],
      ],
    ],
    [
      "of a clock set back",
      stored({ enqueuedAt: NOW + HOUR, lastAttemptAt: NOW + HOUR, detail: constant("x") }),
      [
        ...["pending", "Workspace Created", "0 s", "0", "now", "x (just now)"],
      ],
    ],
    ["newer", { id: "01abc", leftAlone: "newer" }, ["newer", "", "", "", "", ""]],
    ["unreadable", { id: "01abc", leftAlone: "unreadable" }, ["unreadable", "", "", "", "", ""]],
  ];
  for (const [what, record, cells] of rows) {
    await t.step(what, () => {
      const [head, line] = listingText([listedRow(record, NOW)], NOW).split("\n");
      const columns = [...head!.matchAll(/\S+(?: \S+)*/g)].map(({ index }) => index);
      assert.deepEqual(head!.split(/ {2,}/), [
        "ID",
        "STATE",
        "NOTIFICATION",
        "AGE",
        "ATTEMPTS",
        "NEXT TRY",
        "LAST ANSWER",
      ]);
      assert.deepEqual(columns.map((from, i) => line!.slice(from, columns[i + 1]).trim()), [
        "01abc",
        ...cells,
      ]);
    });
  }
  assert.equal(listingText([], NOW), "");
});

Deno.test("for programs a row has times, and no person", () => {
  const row = listedRow(stored({ ...TRIED, nextAttemptAt: NOW + MINUTE }), NOW);
  assert.deepEqual(row, {
    id: "01abc",
    state: "pending",
    notification: "Workspace Created",
    coder_message_id: "m-1",
    since: "2026-01-02T00:04:05.000Z",
    due: "2026-01-02T03:05:05.000Z",
    being_sent: false,
    dead_at: null,
    attempts: 2,
    unknown_outcomes: 0,
    last_attempt: "2026-01-02T03:02:05.000Z",
    seen: "status 503",
  });
  const keys = Object.keys(listedRow({ id: "x", leftAlone: "newer" }, NOW));
  assert.deepEqual(keys, Object.keys(row));
});

Deno.test("texts of others are escaped, and hold no address", () => {
  const event = {
    ...EVENT,
    name: "for bob@example.com\x1b[2J",
    metadata: { coder_message_id: "a@b.example\u202e" },
  };
  const row = listedRow(stored({ event, detail: constant("no user carol@example.com\u009b31m") }), NOW);
  const text = listingText([row], NOW) + JSON.stringify(row);
  for (const unfit of ["@", "\x1b", "\u202e", "\u009b"]) assert.ok(!text.includes(unfit), text);
});
