import assert from "node:assert/strict";
import { pack, unpack } from "../../lib/outbox/stored.ts";
import { RECORD_VERSION } from "../../lib/outbox/settlement.ts";
import { Outbox } from "../../lib/outbox/outbox.ts";
import { OUTBOX_KEYS } from "../../lib/outbox/outbox_keys.ts";
import { OutboxLedger } from "../../lib/outbox/ledger.ts";
import { StoreError } from "../../lib/outbox/store_error.ts";
import { EVENT } from "../support/fakes.ts";
import {
  assertConsistent,
  DAY,
  entriesOf,
  HOUR,
  inFolder,
  openOutbox,
  openStore,
  orderOf,
  put,
  recordWith,
} from "./fakes.ts";
import { systemClock } from "../../lib/runtime/system_clock.ts";

const fault = (kind: string) => (error: unknown) => error instanceof StoreError && error.fault === kind;

/** Copies as "recipient + message", and which of them are new events. */
const sequences: { readonly copies: string; readonly kinds: string }[] = [
  { copies: "A1", kinds: "new" },
  { copies: "A1 A1", kinds: "new dup" },
  { copies: "A1 B1 C1", kinds: "new dup dup" },
  { copies: "A1 A2 B1 B2", kinds: "new new dup dup" },
  { copies: "A1 B1 A2 B2 C1", kinds: "new dup new dup dup" },
  { copies: "A1 B1 A2 B2 C1 C2 C3", kinds: "new dup new dup dup dup new" },
  { copies: "A1 B1 A1 B1", kinds: "new dup dup dup" },
  { copies: "A1 A2 A1 B1 A2", kinds: "new new dup dup dup" },
  { copies: "A1 A2 B1 A1 C1 C1 B2 B3", kinds: "new new dup dup dup dup dup new" },
];

const kindsOf = (text: string) =>
  text.split(" ").map((word) => ({ new: "queued", dup: "duplicate" })[word] ?? word);

for (const { copies, kinds } of sequences) {
  Deno.test(`of the copies ${copies}, the new events are ${kinds}`, async () => {
    await using test = await openOutbox();
    const accepted: string[] = [];
    for (const copy of copies.split(" ")) {
      accepted.push((await test.outbox.accept(orderOf("h", copy[0]!, copy))).kind);
    }
    assert.deepEqual(accepted, kindsOf(kinds));
    assert.equal((await assertConsistent(test.store)).length, kinds.split("new").length - 1);
  });

  Deno.test(`of the copies ${copies}, each after a restart, the new events are ${kinds}`, async () => {
    await inFolder(async (folder) => {
      const accepted: string[] = [];
      for (const [n, copy] of copies.split(" ").entries()) {
        const store = await openStore(`${folder}/outbox.db`);
        const options = { window: DAY, maxPending: 100, newId: () => `e${n}` };
        const outbox = new Outbox({ store, clock: systemClock, ...options });
        accepted.push((await outbox.accept(orderOf("h", copy[0]!, copy))).kind);
        store.close();
      }
      assert.deepEqual(accepted, kindsOf(kinds));
    });
  });
}

Deno.test("what is accepted is stored as it is, made from the first copy", async () => {
  await using test = await openOutbox();
  const accepted = await test.outbox.accept(orderOf("h", "A", "m1"));
  await test.outbox.accept(orderOf("h", "B", "m2"));
  const now = test.clock.now();
  const record = recordWith({
    id: "e1",
    since: now,
    event: { ...EVENT, metadata: { workspace: "h", coder_message_id: "m1" } },
  });
  const { versionstamp } = (await test.ledger.get("e1"))!;
  assert.deepEqual(accepted, { kind: "queued", record, versionstamp });
  assert.deepEqual(await assertConsistent(test.store), [record]);
});

Deno.test("of ten copies at once exactly one is a new event", async () => {
  await using test = await openOutbox();
  const copies = Array.from({ length: 10 }, (_, n) => orderOf("h", `recipient ${n}`, `m${n}`));
  const kinds = (await Promise.all(copies.map((order) => test.outbox.accept(order)))).map(({ kind }) => kind);
  assert.equal(kinds.filter((kind) => kind === "queued").length, 1);
  assert.equal((await assertConsistent(test.store)).length, 1);
});

Deno.test("of the same message ten times at once exactly one is a new event", async () => {
  await using test = await openOutbox();
  const copies = Array.from({ length: 10 }, () => orderOf("h", "A", "m1"));
  const kinds = (await Promise.all(copies.map((order) => test.outbox.accept(order)))).map(({ kind }) => kind);
  assert.equal(kinds.filter((kind) => kind === "queued").length, 1);
  assert.equal((await assertConsistent(test.store)).length, 1);
});

Deno.test("two processes' copies at once are one event for each occurrence", async () => {
  await using test = await openOutbox();
  const other = await openStore(test.path);
  try {
    let ids = 0;
    const options = { clock: test.clock, window: DAY, maxPending: 1_000, newId: () => `other${++ids}` };
    const outboxes = [test.outbox, new Outbox({ store: other, ...options })];
    // Two administrators are told twice of each of five happenings, by both processes.
    const orders = [1, 2, 3, 4, 5].flatMap((h) =>
      ["A", "B"].flatMap((who) => [1, 2].map((n) => orderOf(`h${h}`, who, `${h}${who}${n}`)))
    );
    await Promise.all(orders.map((order, n) => outboxes[n % 2]!.accept(order)));
    assert.equal((await assertConsistent(other)).length, 10);
    const again = await Promise.all(orders.map((order, n) => outboxes[(n + 1) % 2]!.accept(order)));
    assert.deepEqual(new Set(again.map(({ kind }) => kind)), new Set(["duplicate"]));
  } finally {
    other.close();
  }
});

Deno.test("different happenings are different events", async () => {
  await using test = await openOutbox();
  for (const key of ["h1", "h2"]) {
    assert.equal((await test.outbox.accept(orderOf(key, "A", "m"))).kind, "queued");
  }
});

Deno.test("an occurrence is remembered for the window from its first copy, not from its last", async () => {
  await using test = await openOutbox();
  const accept = async (who: string, message: string) =>
    (await test.outbox.accept(orderOf("h", who, message))).kind;
  assert.equal(await accept("A", "a1"), "queued");
  await test.clock.advance(DAY - 1);
  assert.equal(await accept("B", "b1"), "duplicate");
  assert.equal(await accept("A", "a1"), "duplicate");
  await test.clock.advance(1);
  assert.equal(await accept("A", "a1"), "queued");
});

Deno.test("what a recipient was told of a forgotten occurrence does not double the next one", async () => {
  await using test = await openOutbox();
  const accept = async (who: string, message: string) =>
    (await test.outbox.accept(orderOf("h", who, message))).kind;
  assert.equal(await accept("A", "a1"), "queued");
  await test.clock.advance(2 * HOUR);
  assert.equal(await accept("B", "b1"), "duplicate");
  // The occurrence is forgotten, B's record is not: it was written later, and stores sweep late.
  await test.clock.advance(23 * HOUR);
  assert.equal(await accept("A", "a2"), "queued");
  assert.equal(await accept("B", "b2"), "duplicate");
});

Deno.test("a delivered, dead, dropped or replayed event's copies are duplicates", async () => {
  await using test = await openOutbox();
  const { clock, ledger, outbox } = test;
  const accept = async (who: string) => (await outbox.accept(orderOf("h", who, who))).kind;
  assert.equal(await accept("A"), "queued");
  const claim = await ledger.claim("e1", clock.now());
  assert.ok(typeof claim === "object");
  const dead = { ...claim.record, dead: { reason: "refused", at: clock.now() } } as const;
  await ledger.settle(claim, { kind: "dead", record: dead });
  assert.equal(await accept("B"), "duplicate");
  assert.equal(await ledger.replay("e1", clock.now()), true);
  assert.equal(await accept("C"), "duplicate");
  const again = await ledger.claim("e1", clock.now());
  assert.ok(typeof again === "object");
  await ledger.settle(again, { kind: "dead", record: dead });
  assert.equal(await ledger.drop("e1"), true);
  assert.equal(await accept("D"), "duplicate");
  assert.equal(await accept("A"), "duplicate");
  assert.deepEqual(await assertConsistent(test.store), []);
});

Deno.test("beyond OUTBOX_MAX_PENDING new events are not accepted, but copies are, and so is the next after a delivery", async () => {
  await using test = await openOutbox({ maxPending: 2 });
  const { clock, ledger, outbox } = test;
  await outbox.accept(orderOf("h1", "A", "m1"));
  await outbox.accept(orderOf("h2", "A", "m2"));
  const before = await entriesOf(test.store);
  await assert.rejects(outbox.accept(orderOf("h3", "A", "m3")), fault("overfull"));
  assert.deepEqual(await entriesOf(test.store), before);
  assert.equal((await outbox.accept(orderOf("h1", "A", "m1"))).kind, "duplicate");
  assert.equal((await outbox.accept(orderOf("h1", "B", "m4"))).kind, "duplicate");

  const claim = await ledger.claim("e1", clock.now());
  assert.ok(typeof claim === "object");
  await assert.rejects(outbox.accept(orderOf("h3", "A", "m3")), fault("overfull"));
  await ledger.settle(claim, { kind: "delivered" });
  assert.equal((await outbox.accept(orderOf("h3", "A", "m3"))).kind, "queued");
  await assertConsistent(test.store);
});

Deno.test("a commit that worked and was reported as failed is an accepted event", async () => {
  await using test = await openOutbox();
  const commit = test.store.commit.bind(test.store);
  test.store.commit = async (build) => {
    await commit(build);
    throw new StoreError("unreachable");
  };
  assert.equal((await test.outbox.accept(orderOf("h", "A", "m1"))).kind, "queued");
  assert.equal((await assertConsistent(test.store)).length, 1);
  assert.equal((await test.outbox.accept(orderOf("h", "A", "m1"))).kind, "duplicate");
});

Deno.test("a commit that failed accepts nothing, and the next try does", async () => {
  await using test = await openOutbox();
  const commit = test.store.commit;
  const before = await entriesOf(test.store);
  test.store.commit = () => Promise.reject(new StoreError("full"));
  await assert.rejects(test.outbox.accept(orderOf("h", "A", "m1")), fault("full"));
  assert.deepEqual(await entriesOf(test.store), before);
  test.store.commit = commit;
  assert.equal((await test.outbox.accept(orderOf("h", "A", "m1"))).kind, "queued");
});

for (const kind of ["happening", "copies"]) {
  Deno.test(`a ${kind} record of a newer version is left alone, and nothing is accepted`, async () => {
    await using test = await openOutbox();
    await test.outbox.accept(orderOf("h", "A", "m1"));
    const entry = (await entriesOf(test.store)).find(({ key }) => key[0] === kind);
    assert.ok(entry !== undefined);
    const value = { ...unpack<object>(entry.value), version: RECORD_VERSION + 1, more: "unknown" };
    await test.store.commit((atomic) => atomic.set(entry.key, pack(value)));
    const before = await entriesOf(test.store);
    await assert.rejects(test.outbox.accept(orderOf("h", "A", "m2")), fault("newer"));
    assert.deepEqual(await entriesOf(test.store), before);
  });
}

Deno.test("nothing is accepted while the file is not at its place, and nothing is lost when it comes back", {
  ignore: Deno.build.os === "windows", // an open file cannot be moved there
}, async () => {
  await using test = await openOutbox();
  await test.outbox.accept(orderOf("h1", "A", "m1"));
  await Deno.rename(test.path, `${test.path}.away`);
  await assert.rejects(test.outbox.accept(orderOf("h2", "A", "m2")), fault("gone"));
  await Deno.rename(`${test.path}.away`, test.path);
  assert.equal((await test.outbox.accept(orderOf("h2", "A", "m2"))).kind, "queued");
  assert.equal((await test.outbox.accept(orderOf("h1", "A", "m1"))).kind, "duplicate");
});

/** The longest that the parser lets through, in characters of three bytes. */
const WIDE = { id: "漢".repeat(200), name: "語".repeat(1_000), email: "字".repeat(1_000) };

Deno.test("the largest notifications that are accepted fit into the store, however often they come", async () => {
  await using test = await openOutbox();
  const event = {
    name: WIDE.name,
    email: WIDE.email,
    metadata: { workspace: "w".repeat(975), coder_message_id: WIDE.id },
  };
  const messages = Array.from({ length: 520 }, (_, n) => WIDE.id.slice(4) + String(n).padStart(4, "0"));
  for (const message of messages) {
    assert.equal((await test.outbox.accept(orderOf("h", WIDE.email, message, event))).kind, "queued");
  }
  const ledger = new OutboxLedger(test.store);
  assert.deepEqual((await ledger.get("e520"))?.record.event, { ...EVENT, ...event });
  // 500 are remembered.
  for (const message of [messages.at(-500)!, messages.at(-1)!]) {
    assert.equal((await test.outbox.accept(orderOf("h", WIDE.email, message, event))).kind, "duplicate");
  }
});

Deno.test("texts of the sender's choice are no part of a key or of what is remembered", async () => {
  await using test = await openOutbox();
  await test.outbox.accept(orderOf("h", "tina@example.com", "told tina@example.com"));
  const remembered = (await entriesOf(test.store)).filter(({ key }) => key[0] !== "event");
  assert.ok(!JSON.stringify(remembered, (_, v) => typeof v === "bigint" ? String(v) : v).includes("tina"));
});

Deno.test("a fault in making the event is not taken for the store's, and nothing is stored", async () => {
  await using test = await openOutbox();
  const order = {
    ...orderOf("h", "A", "m1"),
    eventFor: () => {
      throw new RangeError("a bug");
    },
  };
  await assert.rejects(test.outbox.accept(order), RangeError);
  assert.equal((await test.outbox.accept(orderOf("h", "A", "m1"))).kind, "queued");
});

Deno.test("an event that is stored without a happening, as after a restore, is still delivered", async () => {
  await using test = await openOutbox();
  await put(test.store, recordWith({ id: "restored", since: test.clock.now() }));
  assert.ok(typeof await test.ledger.claim("restored", test.clock.now()) === "object");
  assert.deepEqual(
    await test.store.read(async (kv) => (await kv.get(OUTBOX_KEYS.happening("h"))).value),
    null,
  );
});
