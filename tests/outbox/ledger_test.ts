import assert from "node:assert/strict";
import { type DeadReason, RECORD_VERSION } from "../../lib/outbox/settlement.ts";
import { type Claim, DEAD_KEPT, OutboxLedger } from "../../lib/outbox/ledger.ts";
import {
  assertConsistent,
  DAY,
  entriesOf,
  HOUR,
  openOutbox,
  openStore,
  put,
  putDead,
  recordWith,
} from "./fakes.ts";

const NOW = Date.UTC(2026, 0, 2);
const LEASE = 30_000;

/** A claim that must succeed. */
async function claimed(ledger: OutboxLedger, id: string, now: number): Promise<Claim> {
  const claim = await ledger.claim(id, now);
  assert.ok(typeof claim === "object", `not claimed: ${id}`);
  return claim;
}

const deadRecord = (id: string, at: number, reason: DeadReason = "refused") =>
  recordWith({ id, since: at, dead: { reason, at } });

async function idsOf(ledger: OutboxLedger, kind: "pending" | "dead"): Promise<string[]> {
  return (await Array.fromAsync(ledger.list(kind))).map(({ id }) => id);
}

Deno.test("due events come the longest due first, and with them when the next one will be", async () => {
  await using test = await openOutbox();
  for (const [id, due] of [["c", 30], ["a", 10], ["d", 40], ["b", 20]] as const) {
    await put(test.store, recordWith({ id, since: NOW, due: NOW + due }));
  }
  const { ledger } = test;
  assert.deepEqual(await ledger.due(NOW + 25, 10), { ids: ["a", "b"], next: NOW + 30 });
  assert.deepEqual(await ledger.due(NOW + 9, 10), { ids: [], next: NOW + 10 });
  assert.deepEqual(await ledger.due(NOW + 30, 3), { ids: ["a", "b", "c"], next: NOW + 40 });
  // The next one is out of sight: never a time that is over.
  assert.deepEqual(await ledger.due(NOW + 40, 2), { ids: ["a", "b"], next: undefined });
  assert.deepEqual(await ledger.due(NOW + 40, 10), { ids: ["a", "b", "c", "d"], next: undefined });
});

Deno.test("a claimed event is due again when the lease is over, and not before", async () => {
  await using test = await openOutbox();
  const { ledger, store } = test;
  await put(store, recordWith({ id: "e", since: NOW }));
  assert.equal(await ledger.claim("e", NOW - 1), undefined);
  const { record } = await claimed(ledger, "e", NOW);
  assert.deepEqual(record, recordWith({ id: "e", since: NOW, due: NOW + LEASE }));
  assert.equal(await ledger.claim("e", NOW + LEASE - 1), undefined);
  assert.deepEqual(await ledger.due(NOW, 10), { ids: [], next: NOW + LEASE });
  await claimed(ledger, "e", NOW + LEASE);
  await assertConsistent(store);
});

Deno.test("of ten claims at once, by two processes, one succeeds", async () => {
  await using test = await openOutbox();
  const other = await openStore(test.path);
  try {
    await put(test.store, recordWith({ id: "e", since: NOW }));
    const ledgers = [test.ledger, new OutboxLedger(other)];
    const claims = await Promise.all(
      Array.from({ length: 10 }, (_, n) => ledgers[n % 2]!.claim("e", NOW)),
    );
    assert.equal(claims.filter((claim) => claim !== undefined).length, 1);
    await assertConsistent(test.store);
  } finally {
    other.close();
  }
});

for (const id of ["missing", "dead"]) {
  Deno.test(`a ${id} event cannot be claimed`, async () => {
    await using test = await openOutbox();
    await putDead(test.store, deadRecord("dead", NOW));
    assert.equal(await test.ledger.claim(id, NOW + DAY), undefined);
  });
}

Deno.test("who lost the lease settles nothing", async () => {
  await using test = await openOutbox();
  const { ledger, store } = test;
  await put(store, recordWith({ id: "e", since: NOW }));
  const first = await claimed(ledger, "e", NOW);
  const second = await claimed(ledger, "e", NOW + LEASE);
  const before = await entriesOf(store);
  for (const kind of ["delivered", "pending", "dead"] as const) {
    const record = kind === "dead" ? deadRecord("e", NOW) : { ...first.record, due: NOW + 1 };
    assert.equal(await ledger.settle(first, kind === "delivered" ? { kind } : { kind, record }), false);
  }
  assert.deepEqual(await entriesOf(store), before);
  assert.equal(await ledger.settle(second, { kind: "delivered" }), true);
  assert.equal(await ledger.settle(second, { kind: "delivered" }), false);
  assert.deepEqual(await assertConsistent(store), []);
});

Deno.test("settled events are gone, pending or dead, and counted so", async () => {
  await using test = await openOutbox();
  const { ledger, store } = test;
  for (const id of ["a", "b", "c"]) await put(store, recordWith({ id, since: NOW }));
  const [a, b, c] = [
    await claimed(ledger, "a", NOW),
    await claimed(ledger, "b", NOW),
    await claimed(ledger, "c", NOW),
  ];
  const later = { ...b.record, due: NOW + 5_000, attempts: 1, seen: "status 500" };
  const dead = { ...c.record, dead: { reason: "refused", at: NOW + 1 } } as const;
  assert.equal(await ledger.settle(a, { kind: "delivered" }), true);
  assert.equal(await ledger.settle(b, { kind: "pending", record: later }), true);
  assert.equal(await ledger.settle(c, { kind: "dead", record: dead }), true);
  assert.deepEqual(await assertConsistent(store), [later, dead]);
  assert.deepEqual(await ledger.summary(), { pending: 1, dead: 1, oldestPending: NOW, oldestDead: NOW + 1 });
});

Deno.test("events of the full age are buried, the oldest first and a few at a time", async () => {
  await using test = await openOutbox();
  const { ledger, store } = test;
  for (const [id, age] of [["a", 3], ["b", 2], ["c", 1], ["d", 0]] as const) {
    await put(store, recordWith({ id, since: NOW - age * HOUR, attempts: 4, seen: "status 500" }));
  }
  const expired = await ledger.expire(NOW, { maxAge: HOUR, limit: 2, except: new Set() });
  assert.deepEqual(expired.map(({ id, dead }) => [id, dead]), [
    ["a", { reason: "expired", at: NOW }],
    ["b", { reason: "expired", at: NOW }],
  ]);
  assert.deepEqual(expired.map(({ attempts, seen }) => [attempts, seen]), [[4, "status 500"], [
    4,
    "status 500",
  ]]);
  assert.deepEqual(
    (await ledger.expire(NOW, { maxAge: HOUR, limit: 2, except: new Set() })).map(({ id }) => id),
    ["c"],
  );
  assert.deepEqual(await ledger.expire(NOW, { maxAge: HOUR, limit: 2, except: new Set() }), []);
  await assertConsistent(store);
});

Deno.test("what expiry leaves alone does not stand in the way of what comes after it", async () => {
  await using test = await openOutbox();
  const { ledger, store } = test;
  for (const [i, id] of ["a", "b", "c"].entries()) {
    await put(store, recordWith({ id, since: NOW + i, version: RECORD_VERSION + 1 }));
  }
  for (const id of ["d", "e"]) await put(store, recordWith({ id, since: NOW + 10 }));
  const rules = { maxAge: HOUR, limit: 2, except: new Set(["d"]) };
  assert.deepEqual((await ledger.expire(NOW + DAY, rules)).map(({ id }) => id), ["e"]);
  assert.deepEqual(await idsOf(ledger, "dead"), ["e"]);
});

Deno.test("an event that is being sent is not buried under its sender: the attempt decides", async () => {
  await using test = await openOutbox();
  const { ledger, store } = test;
  await put(store, recordWith({ id: "e", since: NOW }));
  const claim = await claimed(ledger, "e", NOW + HOUR - 1);
  assert.deepEqual(await ledger.expire(NOW + HOUR, { maxAge: HOUR, limit: 10, except: new Set() }), []);
  assert.equal(await ledger.settle(claim, { kind: "delivered" }), true);
  assert.deepEqual(await assertConsistent(store), []);
});

Deno.test("a dead letter is kept for 30 days, and then forgotten", async () => {
  await using test = await openOutbox();
  const { ledger, store } = test;
  for (const [id, at] of [["a", 0], ["b", 1], ["c", HOUR]] as const) {
    await putDead(store, deadRecord(id, NOW + at));
  }
  assert.equal(DEAD_KEPT, 30 * DAY);
  await ledger.forgetDead(NOW + DEAD_KEPT - 1, 10);
  assert.deepEqual(await idsOf(ledger, "dead"), ["a", "b", "c"]);
  await ledger.forgetDead(NOW + DEAD_KEPT + 1, 1);
  assert.deepEqual(await idsOf(ledger, "dead"), ["b", "c"]);
  await ledger.forgetDead(NOW + DEAD_KEPT + 1, 10);
  assert.deepEqual(await idsOf(ledger, "dead"), ["c"]);
  await assertConsistent(store);
});

Deno.test("replay makes a dead letter a new event; of what is not dead there is nothing to replay or drop", async () => {
  await using test = await openOutbox();
  const { ledger, store } = test;
  await putDead(store, {
    ...deadRecord("d", NOW, "outcome_unknown"),
    attempts: 5,
    unknown: 3,
    seen: "timed_out",
  });
  await put(store, recordWith({ id: "p", since: NOW }));
  assert.deepEqual(
    [
      await ledger.replay("p", NOW),
      await ledger.drop("p"),
      await ledger.replay("x", NOW),
      await ledger.drop("x"),
    ],
    [false, false, false, false],
  );
  assert.equal(await ledger.replay("d", NOW + DAY), true);
  assert.equal(await ledger.replay("d", NOW + DAY), false);
  assert.deepEqual(
    (await ledger.get("d"))?.record,
    recordWith({ id: "d", since: NOW + DAY, seen: "timed_out" }),
  );
  await claimed(ledger, "d", NOW + DAY);
  await assertConsistent(store);
});

Deno.test("a dropped dead letter is gone", async () => {
  await using test = await openOutbox();
  await putDead(test.store, deadRecord("d", NOW));
  assert.equal(await test.ledger.drop("d"), true);
  assert.equal(await test.ledger.drop("d"), false);
  assert.deepEqual(await assertConsistent(test.store), []);
});

Deno.test("of ten replays and drops at once, by two processes, one succeeds", async () => {
  await using test = await openOutbox();
  const other = await openStore(test.path);
  try {
    await putDead(test.store, deadRecord("d", NOW));
    const ledgers = [test.ledger, new OutboxLedger(other)];
    const results = await Promise.all(
      Array.from(
        { length: 10 },
        (_, n) => n % 3 === 0 ? ledgers[n % 2]!.drop("d") : ledgers[n % 2]!.replay("d", NOW),
      ),
    );
    assert.equal(results.filter((done) => done).length, 1);
    await assertConsistent(test.store);
  } finally {
    other.close();
  }
});

Deno.test("lists of more than a page are whole and in order of age", async () => {
  await using test = await openOutbox();
  const { ledger, store } = test;
  const expected: string[] = [];
  // Several of the same time: the id decides.
  for (let n = 0; n < 250; n++) {
    const id = `e${String(n).padStart(3, "0")}`;
    expected.push(id);
    await put(store, recordWith({ id, since: NOW + Math.floor(n / 7) }));
    await putDead(store, deadRecord(`d${id}`, NOW + Math.floor(n / 7)));
  }
  assert.deepEqual(await idsOf(ledger, "pending"), expected);
  assert.deepEqual(await idsOf(ledger, "dead"), expected.map((id) => `d${id}`));
});

Deno.test("a record of a newer version is neither claimed, buried, replayed, dropped nor forgotten", async () => {
  await using test = await openOutbox();
  const { ledger, store } = test;
  const version = RECORD_VERSION + 1;
  await put(store, { ...recordWith({ id: "p", since: NOW }), version });
  await putDead(store, { ...deadRecord("d", NOW), version });
  const before = await entriesOf(store);
  assert.equal(await ledger.claim("p", NOW), "newer");
  assert.equal(await ledger.replay("d", NOW), "newer");
  assert.equal(await ledger.drop("d"), "newer");
  assert.deepEqual(await ledger.expire(NOW + DAY, { maxAge: HOUR, limit: 10, except: new Set() }), []);
  await ledger.forgetDead(NOW + 2 * DEAD_KEPT, 10);
  assert.deepEqual(await entriesOf(store), before);
});
