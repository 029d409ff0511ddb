/** What both stores promise: run against SQLite by `sqlite/contract_test.ts`, against PostgreSQL by `tests/postgres`. */
import { constant, scrub } from "../../lib/base/redact.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { assign, type Occurrences } from "../../lib/coder/occurrence.ts";
import { isLeftAlone, type LeftAlone, type OutboxRecord } from "../../lib/outbox/record.ts";
import { type Claim, LEASE, type OutboxStore, type Settlement } from "../../lib/outbox/store.ts";
import type { StoreOptions } from "../../lib/outbox/store_options.ts";
import { StoreError, type StoreFault } from "../../lib/outbox/store_fault.ts";
import type { FakeClock } from "../support/fakes.ts";
import { EVENT } from "../support/fakes.ts";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** A place for stores, whose time a test moves. */
export interface Scene extends AsyncDisposable {
  readonly clock: FakeClock;
  /** Told by any of its stores. */
  readonly leftAlone: LeftAlone[];
  /** Opens one more store on the same data. */
  open(options?: Partial<StoreOptions>, access?: "serve" | "change" | "look"): Promise<OutboxStore>;
  /** Lets time pass. */
  advance(ms: number): Promise<void>;
  /** Sets the store's clock. */
  setBy(ms: number): Promise<void>;
  /** Runs SQL by hand; returns the first column of the rows. */
  sql(text: string): Promise<readonly string[]>;
}

/** One promise. */
export interface Promised {
  readonly name: string;
  run(scene: Scene): Promise<void>;
}

const ALL = { within: 365 * DAY, first: true } as const;
const OLDEST_FIRST = { within: 0, first: false } as const;
const DEAD = {
  kind: "dead",
  reason: "refused",
  attempts: 1,
  failures: 1,
  ambiguous: 0,
  detail: constant("status 400"),
} as const satisfies Settlement;
const PENDING = {
  kind: "pending",
  delayMs: 5_000,
  attempts: 1,
  failures: 1,
  ambiguous: 0,
  detail: constant("status 503"),
} as const satisfies Settlement;

/** The draft of a webhook: what happened, whom it was told to, its message. */
export function draftOf(key: string, recipient = "tina", messageId: string = key) {
  return { key, recipient, messageId, event: { ...EVENT, metadata: { workspace: key } } };
}

/** What `promise` is rejected with. */
export async function faultOf(promise: Promise<unknown>): Promise<StoreFault | "none"> {
  try {
    await promise;
    return "none";
  } catch (error) {
    assert.ok(error instanceof StoreError, `not a StoreError: ${error}`);
    return error.fault;
  }
}

const nameOf = ({ event }: OutboxRecord) => event.metadata["workspace"];

async function accepted(store: OutboxStore, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) assert.equal(await store.accept(draftOf(key)), "queued", key);
}

async function claimed(store: OutboxStore, limit = 64, fresh: { within: number; first: boolean } = ALL) {
  const claims = await store.claim(limit, fresh);
  return { claims, names: claims.map(({ record }) => nameOf(record)) };
}

async function listed(store: OutboxStore, state: "pending" | "dead") {
  const records: OutboxRecord[] = [];
  for (let after = "";;) {
    const page = await store.list(state, after, 3);
    for (const stored of page) if (!isLeftAlone(stored)) records.push(stored);
    if (page.length === 0) return records;
    after = page.at(-1)!.id;
  }
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

async function buryOne(scene: Scene, store: OutboxStore, key: string): Promise<string> {
  await accepted(store, key);
  await scene.advance(1);
  const { claims: [claim] } = await claimed(store, 1);
  assert.ok(claim && await store.settle(claim, DEAD));
  return claim.record.id;
}

/** Recipient and message of each webhook of one happening, and the new events among them. */
const COPIES: readonly { readonly copies: string; readonly kinds: string }[] = [
  { copies: "a1", kinds: "q" },
  { copies: "a1 a1 a1", kinds: "qdd" },
  { copies: "a1 b2 c3", kinds: "qdd" },
  { copies: "a1 a2 b3 b4", kinds: "qqdd" },
  { copies: "a1 b2 a3 b4 c5", kinds: "qdqdd" },
  { copies: "a1 a2 a3 b4 b4 b5 b6 b7", kinds: "qqqddddq" },
  { copies: "a1 b1 a1 b1", kinds: "qddd" },
];

export const CONTRACT: readonly Promised[] = [
  ...COPIES.flatMap(({ copies, kinds }) =>
    [false, true].map((isReopened): Promised => ({
      name: `of the copies ${copies}${
        isReopened ? ", each after a restart," : ""
      } the new events are ${kinds}`,
      async run(scene) {
        let store = await scene.open();
        let seen = "";
        for (const [recipient = "", message] of copies.split(" ")) {
          if (isReopened) await store.close();
          if (isReopened) store = await scene.open();
          seen += String(await store.accept(draftOf("h", recipient, message)))[0];
        }
        assert.equal(seen, kinds);
        assert.equal(store.known.pending, kinds.replaceAll("d", "").length);
      },
    }))
  ),
  {
    name: "what is accepted comes back as it was, whatever its texts hold",
    async run(scene) {
      const store = await scene.open();
      const texts = [
        "\0",
        "\ud800",
        "'; DROP TABLE event; --",
        '\\"',
        "$1",
        '"now"',
        "…𝒳\u2028",
        "${x} $& $$",
      ];
      for (const text of texts) {
        const event = { ...EVENT, metadata: { workspace: "w", text }, test_data: true } as const;
        const draft = { key: `k${texts.indexOf(text)}`, recipient: "r", messageId: "m", event };
        assert.equal(await store.accept(draft), "queued");
        assert.equal(await store.accept(draft), "duplicate");
        const { claims: [claim] } = await claimed(store, 1, OLDEST_FIRST);
        assert.deepEqual(claim?.record.event, event);
        assert.deepEqual(
          await store.get(claim.record.id).then((stored) => "event" in stored! && stored.event),
          event,
        );
      }
    },
  },
  {
    name: "copies at the same time that reach several instances are one event for each occurrence",
    async run(scene) {
      const stores = await Promise.all([scene.open(), scene.open(), scene.open()]);
      const kinds = await Promise.all(
        Array.from(
          { length: 60 },
          (_, n) => stores[n % 3]!.accept(draftOf(`h${n % 4}`, `r${n % 5}`, `m${n % 10}`)),
        ),
      );
      // Happenings and recipients: h(n % 4), r(n % 5), m(n % 10): each recipient has two messages of two happenings each.
      const ids = new Set((await listed(stores[0]!, "pending")).map(({ id }) => id));
      assert.equal(kinds.filter((kind) => kind === "queued").length, ids.size);
      const perHappening = Array.from({ length: 60 }, (_, n) => [n % 4, n % 5, n % 10] as const);
      const expected = [0, 1, 2, 3].reduce((sum, key) => {
        const messages = Map.groupBy(
          perHappening.filter(([of]) => of === key),
          ([, recipient]) => recipient,
        );
        return sum +
          Math.max(...[...messages.values()].map((some) => new Set(some.map(([, , m]) => m)).size));
      }, 0);
      assert.equal(ids.size, expected);
    },
  },
  {
    name: "accepting agrees with assign(), whatever comes in whatever order, also after a restart",
    async run(scene) {
      let round = 0;
      const step = fc.oneof(
        { weight: 5, arbitrary: fc.record({ who: fc.nat(2), message: fc.nat(5), at: fc.constant(false) }) },
        { weight: 1, arbitrary: fc.record({ who: fc.nat(2), message: fc.nat(5), at: fc.constant(true) }) },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          let store = await scene.open({ window: 3 * HOUR });
          const key = `round${++round}`;
          let occurrences: Occurrences = [];
          for (const { who, message, at } of steps) {
            if (at) {
              await scene.advance(HOUR);
              await store.close();
              store = await scene.open({ window: 3 * HOUR });
            }
            const now = scene.clock.now();
            const copy = { recipient: `r${who}`, messageId: `m${message}`, arrivedAt: now };
            const assigned = assign(occurrences, copy, { now, window: 3 * HOUR, isHeld: () => false });
            occurrences = assigned.occurrences;
            const expected = assigned.kind === "new" ? "queued" : "duplicate";
            assert.equal(await store.accept(draftOf(key, copy.recipient, copy.messageId)), expected);
          }
          await store.close();
        }),
        { numRuns: 12 },
      );
    },
  },
  {
    name: "due events are claimed the longest due first; new ones and old ones take turns",
    async run(scene) {
      const store = await scene.open();
      for (const key of ["a", "b", "c", "d", "e", "f"]) {
        await accepted(store, key);
        await scene.advance(1_000);
      }
      assert.deepEqual((await claimed(store, 2, OLDEST_FIRST)).names, ["a", "b"]);
      // New are those of the last two seconds: e and f.
      assert.deepEqual((await claimed(store, 3, { within: 2_500, first: true })).names, ["e", "c", "f"]);
      assert.deepEqual((await claimed(store, 1, { within: 2_500, first: true })).names, ["d"]);
      assert.deepEqual((await claimed(store)).names, []);
    },
  },
  {
    name:
      "a claimed event belongs to its claimer for the lease, and then to the next one, whose fence is another",
    async run(scene) {
      const [one, other] = [await scene.open(), await scene.open()];
      await accepted(one, "a");
      await scene.advance(2_000);
      const { claims: [first] } = await claimed(one);
      assert.equal(first?.age, 2_000);
      await scene.advance(LEASE - 1);
      assert.deepEqual([(await claimed(one)).names, (await claimed(other)).names], [[], []]);
      await scene.advance(1);
      const { claims: [second] } = await claimed(other);
      assert.ok(second && second.fence > first.fence);
      for (const settlement of [{ kind: "delivered" }, { kind: "released" }, PENDING, DEAD] as const) {
        assert.equal(await one.settle(first, settlement), false, settlement.kind);
      }
      assert.equal(await other.settle(second, { kind: "delivered" }), true);
      assert.equal(await other.get(second.record.id), undefined);
    },
  },
  {
    name: "an event that is taken when it is accepted is claimed as any other is, by the same commit",
    async run(scene) {
      const [one, other] = [await scene.open(), await scene.open()];
      // A new one, a second occurrence of a known one, and a copy, which is none.
      const first = await one.accept(draftOf("a", "bob", "m1"), true);
      const second = await one.accept(draftOf("a", "bob", "m2"), true);
      assert.equal(await one.accept(draftOf("a", "tina", "m3"), true), "duplicate");
      assert.equal(one.known.pending, 2);
      assert.ok(typeof first === "object" && typeof second === "object");
      const stored = await other.get(first.record.id);
      assert.ok(stored && !isLeftAlone(stored));
      assert.equal(stored.claimedAt, stored.enqueuedAt);
      assert.equal(stored.nextAttemptAt, stored.enqueuedAt + LEASE);
      assert.deepEqual(
        plain(first),
        plain({
          record: { ...stored, nextAttemptAt: stored.enqueuedAt, claimedAt: undefined },
          fence: 1,
          age: 0,
        }),
      );
      assert.deepEqual(first.record.event, draftOf("a").event);
      assert.deepEqual([(await claimed(one)).names, (await claimed(other)).names], [[], []]);
      assert.equal(await other.drop(first.record.id), false, "it is being sent");

      assert.equal(await one.settle(first, { kind: "delivered" }), true);
      assert.equal(await one.get(first.record.id), undefined);
      assert.equal(await one.settle(second, { kind: "released" }), true);
      const { claims: [again] } = await claimed(other);
      assert.deepEqual([again?.record.id, again?.fence], [second.record.id, 2]);

      const third = await one.accept(draftOf("b"), true);
      assert.ok(typeof third === "object");
      await scene.advance(LEASE);
      assert.deepEqual((await claimed(other)).names.toSorted(), ["a", "b"], "its claimer was killed");
      assert.equal(await one.settle(third, { kind: "delivered" }), false);
    },
  },
  {
    name: "of many claims at once by several dispatchers no event is had by two",
    async run(scene) {
      const stores = await Promise.all([scene.open(), scene.open(), scene.open()]);
      const keys = Array.from({ length: 40 }, (_, n) => `k${n}`);
      await Promise.all(keys.map((key) => stores[0]!.accept(draftOf(key))));
      const claims = await Promise.all(Array.from({ length: 12 }, (_, n) => claimed(stores[n % 3]!, 7)));
      const names = claims.flatMap(({ names }) => names);
      assert.equal(new Set(names).size, names.length);
      // Who looks while others take may find less than there is: the next look finds the rest.
      for (const { names: more } of [await claimed(stores[0]!)]) names.push(...more);
      assert.deepEqual(names.toSorted(), keys.toSorted());
    },
  },
  {
    name:
      "what is settled is gone, waits for its time, or is dead; released, it is back at its place in the line",
    async run(scene) {
      const store = await scene.open();
      await accepted(store, "a", "b", "c", "d");
      await scene.advance(10);
      const { claims } = await claimed(store);
      const byName = new Map(claims.map((claim) => [nameOf(claim.record), claim]));
      const settle = async (name: string, settlement: Settlement) =>
        assert.equal(await store.settle(byName.get(name)!, settlement), true);
      await settle("a", { kind: "delivered" });
      await settle("b", { kind: "released" });
      await settle("c", PENDING);
      await settle("d", DEAD);
      await accepted(store, "e");
      assert.deepEqual((await claimed(store, 9, OLDEST_FIRST)).names, ["b", "e"]);
      await scene.advance(4_999);
      assert.deepEqual((await claimed(store)).names, []);
      assert.equal((await store.tidy()).nextDueIn, 1);
      await scene.advance(1);
      const { claims: [c] } = await claimed(store);
      const { attempts, ambiguous, detail, lastAttemptAt } = c!.record;
      assert.deepEqual([nameOf(c!.record), attempts, ambiguous, detail], ["c", 1, 0, "status 503"]);
      assert.equal(lastAttemptAt, scene.clock.now() - 5_000);
      const [d] = await listed(store, "dead");
      assert.deepEqual(d!.dead, { reason: "refused", at: scene.clock.now() - 5_000 });
    },
  },
  {
    name: "settling twice has no second effect",
    async run(scene) {
      const store = await scene.open();
      await accepted(store, "a", "b", "c");
      const { claims } = await claimed(store);
      const [a, b, c] = claims as [Claim, Claim, Claim];
      for (const expected of [true, false]) {
        assert.equal(await store.settle(a, { kind: "delivered" }), expected);
        assert.equal(await store.settle(b, { kind: "released" }), expected);
      }
      for (const _ of [1, 2]) assert.equal(await store.settle(c, DEAD), true);
      assert.equal(await store.replay(c.record.id), true);
      assert.equal(await store.settle(c, DEAD), false, "it is another event now");
      await assertKnown(scene, store);
    },
  },
  {
    name: "an event that was delivered after all is no dead letter, whatever became of it meanwhile",
    async run(scene) {
      const store = await scene.open();
      await accepted(store, "a", "b");
      const { claims } = await claimed(store);
      for (const claim of claims) assert.equal(await store.settle(claim, DEAD), true);
      assert.equal(await store.settle(claims[0]!, { kind: "delivered" }), true);
      assert.deepEqual((await listed(store, "dead")).map(nameOf), ["b"]);
      await assertKnown(scene, store);
    },
  },
  {
    name:
      "no delay leads past the end of an event's age, and of the full age it is not sent any more but buried",
    async run(scene) {
      const store = await scene.open({ maxAge: HOUR });
      await accepted(store, "a");
      await scene.advance(HOUR - 1_000);
      await accepted(store, "b");
      const { claims } = await claimed(store, 2, OLDEST_FIRST);
      await store.settle(claims[0]!, { ...PENDING, delayMs: HOUR });
      assert.equal((await store.tidy()).nextDueIn, 1_000);
      await scene.advance(999);
      assert.deepEqual((await store.tidy()).buried, []);
      await scene.advance(1);
      assert.deepEqual((await claimed(store)).names, []);
      assert.deepEqual((await store.tidy()).buried.map(nameOf), ["a"]);
      assert.deepEqual((await listed(store, "dead")).map(({ dead }) => dead?.reason), ["expired"]);
      await assertKnown(scene, store);
    },
  },
  {
    name: "an event that is being sent is not buried under its sender, nor dropped",
    async run(scene) {
      const store = await scene.open({ maxAge: HOUR });
      await accepted(store, "a");
      await scene.advance(HOUR - 1);
      const { claims: [claim] } = await claimed(store);
      await scene.advance(1);
      assert.deepEqual((await store.tidy()).buried, []);
      assert.equal(await store.drop(claim!.record.id), false);
      assert.equal(await store.settle(claim!, { kind: "delivered" }), true);
    },
  },
  {
    name:
      "a lease that is over does not keep an event from being buried or dropped, and who sent it may still say so",
    async run(scene) {
      const store = await scene.open({ maxAge: HOUR });
      await accepted(store, "a", "b");
      await scene.advance(HOUR - LEASE);
      const { claims } = await claimed(store);
      await scene.advance(LEASE);
      assert.equal(await store.drop(claims.find(({ record }) => nameOf(record) === "b")!.record.id), true);
      assert.equal((await store.tidy()).buried.length, 1);
      assert.equal(await store.settle(claims.find(({ record }) => nameOf(record) === "a")!, PENDING), false);
      const delivered = { kind: "delivered" } as const;
      assert.equal(await store.settle(claims.find(({ record }) => nameOf(record) === "a")!, delivered), true);
      assert.deepEqual(await listed(store, "dead"), []);
    },
  },
  {
    name: "a dead letter is kept for 30 days, and then forgotten",
    async run(scene) {
      const store = await scene.open();
      const id = await buryOne(scene, store, "a");
      await scene.advance(30 * DAY - 1);
      await store.tidy();
      assert.ok(await store.get(id));
      await scene.advance(DAY);
      await store.tidy();
      assert.equal(await store.get(id), undefined);
      await assertKnown(scene, store);
    },
  },
  {
    name:
      "an occurrence is remembered for the window from its first copy, not from its last, and then forgotten",
    async run(scene) {
      const store = await scene.open({ window: HOUR });
      await accepted(store, "a");
      await scene.advance(HOUR - 1);
      assert.equal(await store.accept(draftOf("a", "bob", "m2")), "duplicate");
      await scene.advance(1);
      assert.equal(await store.accept(draftOf("a", "carol", "m3")), "queued", "tidied or not");
      await scene.advance(HOUR);
      await store.tidy();
      assert.deepEqual(await scene.sql("SELECT key FROM dedup"), []);
      assert.equal(await store.accept(draftOf("a", "bob", "m4")), "queued");
    },
  },
  {
    name: "a delivered, dead, dropped or replayed event's copies are duplicates",
    async run(scene) {
      const store = await scene.open();
      await accepted(store, "delivered");
      const { claims: [claim] } = await claimed(store);
      await store.settle(claim!, { kind: "delivered" });
      for (const what of ["dead", "dropped", "replayed"]) {
        const id = await buryOne(scene, store, what);
        if (what === "dropped") assert.equal(await store.drop(id), true);
        if (what === "replayed") assert.equal(await store.replay(id), true);
        if (what === "replayed") await claimed(store);
      }
      for (const what of ["delivered", "dead", "dropped", "replayed"]) {
        assert.equal(await store.accept(draftOf(what, "bob", "m")), "duplicate", what);
      }
    },
  },
  {
    name:
      "replay makes a dead letter a new event; of what is not dead, or not there, there is none to replay or drop",
    async run(scene) {
      const store = await scene.open();
      const id = await buryOne(scene, store, "a");
      assert.equal(await store.drop("nobody"), false);
      assert.equal(await store.replay("nobody"), false);
      await scene.advance(DAY);
      assert.equal(await store.replay(id), true);
      assert.equal(await store.replay(id), false);
      const record = await store.get(id);
      assert.ok(record && !isLeftAlone(record));
      assert.deepEqual(
        [record.enqueuedAt, record.attempts, record.detail, record.dead],
        [scene.clock.now(), 0, "status 400", undefined],
      );
      assert.deepEqual((await claimed(store)).names, ["a"]);
    },
  },
  {
    name: "of ten replays and drops at once, by two instances, one succeeds",
    async run(scene) {
      const stores = [await scene.open(), await scene.open()];
      const id = await buryOne(scene, stores[0]!, "a");
      const done = await Promise.all(
        Array.from({ length: 10 }, (_, n) => n < 5 ? stores[n % 2]!.replay(id) : stores[n % 2]!.drop(id)),
      );
      // A replayed event is pending, and may be dropped then.
      const [replays, drops] = [done.slice(0, 5), done.slice(5)].map((some) => some.filter(Boolean).length);
      assert.ok(replays! <= 1 && drops! <= 1 && replays! + drops! >= 1, `${done}`);
    },
  },
  {
    name:
      "beyond OUTBOX_MAX_PENDING no new event is accepted, dead letters count too, and copies are still duplicates",
    async run(scene) {
      const store = await scene.open({ maxPending: 3 });
      await buryOne(scene, store, "dead");
      await accepted(store, "a", "b");
      const results = await Promise.all(["a", "c", "b", "d"].map((key) => {
        const accepting = store.accept(draftOf(key, "bob", "m"));
        return accepting.catch((error: StoreError) => error.fault);
      }));
      assert.deepEqual(results, ["duplicate", "overfull", "duplicate", "overfull"]);
      assert.equal(
        await faultOf(store.accept(draftOf("a", "bob", "second"))),
        "overfull",
        "a second occurrence",
      );
      const { claims: [claim] } = await claimed(store, 1);
      await store.settle(claim!, { kind: "delivered" });
      const more = await Promise.all(["e", "f"].map((key) => faultOf(store.accept(draftOf(key)))));
      assert.deepEqual(more.toSorted(), ["none", "overfull"]);
    },
  },
  {
    name: "no more notifications are remembered than may be; what is known goes on to be",
    async run(scene) {
      const store = await scene.open({ maxKeys: 3, window: HOUR });
      await store.tidy();
      await accepted(store, "a", "b", "c");
      assert.equal(await faultOf(store.accept(draftOf("d"))), "keys_overfull");
      assert.equal(await store.accept(draftOf("a", "bob", "m")), "duplicate");
      await scene.advance(HOUR);
      await store.tidy();
      assert.equal(await store.accept(draftOf("d")), "queued");
    },
  },
  {
    name: "the copies that are noted of one happening are bounded, and further ones are still duplicates",
    async run(scene) {
      const store = await scene.open();
      const crowd = Array.from({ length: 3_000 }, (_, n) => draftOf("k", `r${n}`, `m${n}`));
      const kinds = await Promise.all(crowd.map((draft) => store.accept(draft)));
      assert.equal(kinds.filter((kind) => kind === "queued").length, 1);
      const [length] = await scene.sql("SELECT length(occurrences) FROM dedup");
      assert.ok(Number(length) < 90_000, length);
      assert.equal(await store.accept(draftOf("k", "r2999", "m2999")), "duplicate");
      assert.equal(await store.accept(draftOf("k", "r1", "another")), "queued");
    },
  },
  {
    name: "lists of more than a page are whole and in the order of acceptance",
    async run(scene) {
      const store = await scene.open();
      const keys = Array.from({ length: 10 }, (_, n) => `k${n}`);
      await accepted(store, ...keys);
      assert.deepEqual((await listed(store, "pending")).map(nameOf), keys);
      const { claims } = await claimed(store);
      for (const claim of claims.toReversed()) await store.settle(claim, DEAD);
      assert.deepEqual((await listed(store, "dead")).map(nameOf), keys);
      assert.deepEqual(await listed(store, "pending"), []);
    },
  },
  {
    name: "a list after the beginning of an id starts with the ids that begin so",
    async run(scene) {
      const store = await scene.open();
      for (const key of ["k0", "k1", "k2", "k3"]) {
        await accepted(store, key);
        await scene.advance(100_000);
      }
      const ids = (await listed(store, "pending")).map(({ id }) => id);
      for (const id of ids) {
        for (const length of [8, 9, 13, 14, 18, 35]) {
          const [first] = await store.list("pending", id.slice(0, length), 1);
          assert.equal(first?.id.slice(0, length), id.slice(0, length));
        }
      }
    },
  },
  {
    name: "what is known without asking agrees with what is there, whatever happened",
    async run(scene) {
      const kind = fc.constantFrom(
        "accept",
        "claim",
        "delivered",
        "dead",
        "pending",
        "replay",
        "drop",
        "tidy",
        "wait",
      );
      let round = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(kind, fc.nat(9)), { maxLength: 30 }), async (steps) => {
          const store = await scene.open({ maxAge: 2 * HOUR });
          const claims: Claim[] = [];
          round++;
          for (const [kind, which] of steps) {
            const claim = claims[which % Math.max(1, claims.length)];
            const all = [...await listed(store, "dead"), ...await listed(store, "pending")];
            const id = all[which % Math.max(1, all.length)]?.id ?? "none";
            if (kind === "accept") await store.accept(draftOf(`${round}-${which % 4}`, "tina", `m${which}`));
            else if (kind === "claim") claims.push(...await store.claim(which, ALL));
            else if (kind === "replay") await store.replay(id);
            else if (kind === "drop") await store.drop(id);
            else if (kind === "tidy") await store.tidy();
            else if (kind === "wait") await scene.advance(which < 5 ? LEASE : HOUR);
            else if (claim !== undefined) {
              const how: Settlement = kind === "dead"
                ? DEAD
                : kind === "pending"
                ? PENDING
                : { kind: "delivered" };
              await store.settle(claim, how);
            }
          }
          await assertKnown(scene, store);
          await store.tidy();
          await assertKnown(scene, store);
          await store.close();
        }),
        { numRuns: 15 },
      );
    },
  },
  {
    name: "the summary names dead letters by reason, with the newest one's words",
    async run(scene) {
      const store = await scene.open();
      const dead = async (reason: "refused" | "outcome_unknown", detail: string) => {
        await accepted(store, detail);
        await scene.advance(5);
        const { claims: [claim] } = await claimed(store);
        await store.settle(claim!, { ...DEAD, reason, detail: scrub(detail, []) });
        return scene.clock.now();
      };
      await dead("refused", "first");
      const lost = await dead("outcome_unknown", "lost");
      const last = await dead("refused", "second");
      const expected = [
        { reason: "refused", count: 2, newest: last, detail: "second" },
        { reason: "outcome_unknown", count: 1, newest: lost, detail: "lost" },
      ];
      assert.deepEqual([store.known.newestDead, store.known.deadByReason], [last, expected]);
      const other = await scene.open();
      assert.deepEqual(plain(other.known), plain(store.known));
    },
  },
  {
    name: "what another instance does is known after the next look",
    async run(scene) {
      const [one, other] = [await scene.open(), await scene.open()];
      await accepted(one, "a", "b");
      assert.equal(other.known.pending, 0);
      await scene.advance(1_000);
      await other.tidy();
      assert.deepEqual(plain(other.known), plain(one.known));
    },
  },
  ...["newer", "unreadable"].map((why): Promised => ({
    name:
      `a record that is ${why} is told of once, shown, and neither sent, buried, changed nor in the way of others`,
    async run(scene) {
      const store = await scene.open({ maxAge: HOUR });
      await accepted(store, "bad", "bad2", "good");
      const [bad] = await listed(store, "pending");
      const change = why === "newer"
        ? "version = 2, event = '{\"unheard\": 1}'"
        : 'event = \'{"name": 5, "metadata": []}\'';
      await scene.sql(`UPDATE event SET ${change} WHERE id IN (SELECT id FROM event ORDER BY id LIMIT 2)`);
      const before = await scene.sql(
        `SELECT id || version || enqueued_at || next_attempt_at || attempts FROM event`,
      );
      for (const _ of [1, 2]) assert.deepEqual((await claimed(store, 1)).names.length <= 1, true);
      await scene.advance(LEASE);
      assert.deepEqual((await claimed(store, 1, OLDEST_FIRST)).names, ["good"]);
      assert.deepEqual(await store.get(bad!.id), { id: bad!.id, leftAlone: why });
      assert.deepEqual((await store.list("pending")).map((stored) => isLeftAlone(stored)), [
        true,
        true,
        false,
      ]);
      assert.deepEqual([await store.replay(bad!.id), await store.drop(bad!.id)], [false, false]);
      await scene.advance(2 * HOUR);
      assert.deepEqual((await store.tidy()).buried.map(nameOf), ["good"]);
      // Nothing but their age makes health degraded, as a backlog: it must not be that of those that go.
      const { oldestPending = Infinity, pending } = store.known;
      assert.deepEqual([pending, scene.clock.now() - oldestPending >= 2 * HOUR], [2, true]);
      const after = await scene.sql(
        `SELECT id || version || enqueued_at || next_attempt_at || attempts FROM event`,
      );
      assert.deepEqual(after.filter((row) => before.includes(row)).length, 2);
      assert.deepEqual(scene.leftAlone.map(({ leftAlone }) => leftAlone), [why, why]);
    },
  })),
  {
    name: "a notification whose record cannot be read is an error of its own, and of no other in its group",
    async run(scene) {
      const store = await scene.open();
      await accepted(store, "a", "b");
      await scene.sql(`UPDATE dedup SET occurrences = '[[1, "later", {}]]' WHERE key = 'a'`);
      const results = await Promise.all(
        ["a", "b", "c"].map((key) =>
          store.accept(draftOf(key, "bob", "m")).catch((error: StoreError) => error.fault)
        ),
      );
      assert.deepEqual(results, ["unreadable", "duplicate", "queued"]);
    },
  },
  ...[31 * DAY, 3_650 * DAY].map((by): Promised => ({
    name: `a clock set ahead by ${
      by / DAY
    } days buries and forgets nothing, and ends no lease of this process`,
    async run(scene) {
      const store = await scene.open();
      const dead = await buryOne(scene, store, "dead");
      await accepted(store, "held", "waiting");
      const { claims: [held] } = await claimed(store, 1, OLDEST_FIRST);
      await scene.setBy(by);
      assert.deepEqual((await store.tidy()).buried, []);
      assert.ok(await store.get(dead));
      assert.equal(await store.accept(draftOf("waiting", "bob", "m")), "duplicate");
      assert.deepEqual((await claimed(store)).names, ["waiting"], "what waits is sent");
      assert.equal(await store.settle(held!, { kind: "delivered" }), true);
      await scene.advance(8 * DAY);
      assert.equal((await store.tidy()).buried.length, 1, "what is old by measured time is buried");
    },
  })),
  ...[-HOUR / 2, -DAY, -3_650 * DAY].map((by): Promised => ({
    name: `a clock set back by ${-by / HOUR} hours delays what waits by an hour at most, and doubles nothing`,
    async run(scene) {
      const store = await scene.open();
      await accepted(store, "retried", "held");
      const { claims } = await claimed(store);
      await store.settle(claims[0]!, PENDING);
      await scene.setBy(by);
      await store.tidy();
      assert.equal(await store.accept(draftOf("held", "bob", "m")), "duplicate");
      await accepted(store, "new");
      const names = (await claimed(store)).names;
      assert.ok(names.includes("new") && !names.includes(nameOf(claims[1]!.record)), `${names}`);
      assert.equal(await store.settle(claims[1]!, { kind: "delivered" }), true);
      await scene.advance(HOUR);
      await store.tidy();
      assert.ok([...names, ...(await claimed(store)).names].includes(nameOf(claims[0]!.record)));
    },
  })),
  {
    name: "a store that is closed says so, also to what was under way, and closing twice is nothing",
    async run(scene) {
      const store = await scene.open();
      await accepted(store, "a");
      await Promise.all([store.close(), store.close()]);
      assert.equal(await faultOf(store.accept(draftOf("b"))), "closed");
      assert.equal(await faultOf(store.tidy()), "closed");
    },
  },
  {
    name: "who only looks finds all, and makes nothing where there is nothing",
    async run(scene) {
      assert.equal(await faultOf(scene.open({}, "look")), "missing");
      assert.equal(await faultOf(scene.open({}, "change")), "missing");
      const store = await scene.open();
      const id = await buryOne(scene, store, "a");
      for (const isOpen of [true, false]) {
        if (!isOpen) await store.close();
        const look = await scene.open({}, "look");
        assert.deepEqual((await listed(look, "dead")).map(nameOf), ["a"]);
        assert.equal(look.known.dead, 1);
        await look.close();
      }
      const change = await scene.open({}, "change");
      assert.equal(await change.replay(id), true);
    },
  },
];

/** Holds what the store knows against what is there. */
async function assertKnown(scene: Scene, store: OutboxStore): Promise<void> {
  const [pending, dead] = [await listed(store, "pending"), await listed(store, "dead")];
  const { known } = store;
  assert.deepEqual([known.pending, known.dead], [pending.length, dead.length]);
  const counts = Map.groupBy(dead, ({ dead }) => dead!.reason);
  const expected = [...counts].map(([reason, records]) => [reason, records.length]);
  assert.deepEqual(
    Object.fromEntries(known.deadByReason.map(({ reason, count }) => [reason, count])),
    Object.fromEntries(expected),
  );
  const other = await scene.open({}, "look");
  assert.deepEqual([other.known.pending, other.known.dead], [pending.length, dead.length]);
  await other.close();
}
