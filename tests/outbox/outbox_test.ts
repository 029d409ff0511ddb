import assert from "node:assert/strict";
import { attribute } from "../../lib/coder/attribution.ts";
import { parseTracking } from "../../lib/coder/tracking.ts";
import { Outbox } from "../../lib/outbox/outbox.ts";
import { type Claim, claimOfNew, type NewEvent } from "../../lib/outbox/store.ts";
import type { OutboxStore, Summary } from "../../lib/outbox/store.ts";
import { StoreError, type StoreFault } from "../../lib/outbox/store_fault.ts";
import { StoreWatch } from "../../lib/outbox/store_watch.ts";
import { ALICE, FakeClock, notificationWith, parsed, RecordingLog, TINA } from "../support/fakes.ts";

type Known = { -readonly [K in keyof Summary]: Summary[K] };

/** An outbox on a store that answers so, and says that it holds so many. */
function outboxOn(accept: OutboxStore["accept"], { promises = false } = {}) {
  const known: Known = {
    ...{ pending: 2, dead: 1, oldestPending: undefined, newestDead: undefined, deadByReason: [] },
  };
  const [clock, log] = [new FakeClock(), new RecordingLog()];
  const asked: NewEvent[] = [];
  let queued = 0;
  /** What became of promises to send at once. */
  const promised: (Claim | "promised" | "ended")[] = [];
  const outbox = new Outbox({
    store: { known, accept: (draft, take) => (asked.push(draft), accept(draft, take)) },
    watch: new StoreWatch(log),
    maxPending: 3,
    hash: (text) => Promise.resolve(`hash-of-${text}-and-much-more-than-is-kept`),
    clock,
    log,
    onQueued: () => queued++,
    promise() {
      if (!promises) return undefined;
      promised.push("promised");
      return { keep: (claim) => void promised.push(claim), end: () => void promised.push("ended") };
    },
  });
  const deliver = async () => {
    const { tracking } = parseTracking("Workspace Created");
    const attributed = attribute(parsed(notificationWith()), { tracking, domains: undefined });
    assert.ok(attributed.kind === "attributed");
    const copy = { recipient: TINA.email, messageId: "m1", arrivedAt: clock.now() };
    return await outbox.deliver({ key: "k", copy, attributed, testData: false });
  };
  return { asked, clock, deliver, known, log, outbox, promised, queued: () => queued };
}

const outboxRefusing = (fault: StoreFault) => outboxOn(() => Promise.reject(new StoreError(fault)));

for (const status of ["queued", "duplicate"] as const) {
  Deno.test(`what the store says is the outcome: ${status}`, async () => {
    const { asked, deliver, queued } = outboxOn(() => Promise.resolve(status));
    assert.deepEqual(await deliver(), { status, attempts: 0 });
    assert.equal(queued(), status === "queued" ? 1 : 0, "the dispatcher is told of new events only");
    assert.equal(asked[0]?.key, "k");
    assert.deepEqual([asked[0].event.email, asked[0].event.metadata["coder_message_id"]], [
      ALICE.email,
      "m1",
    ]);
  });
}

Deno.test("an event that may be sent at once is claimed with its acceptance, and handed over", async () => {
  const { deliver, promised, queued } = outboxOn(
    ({ event }, take) => Promise.resolve(take ? claimOfNew("id", event, 1) : "queued"),
    { promises: true },
  );
  assert.deepEqual(await deliver(), { status: "queued", attempts: 0 });
  assert.equal(queued(), 0, "nobody has to look for it");
  const [begun, claim, ended] = promised;
  assert.ok(typeof claim === "object");
  assert.deepEqual([begun, claim.record.id, ended, promised.length], ["promised", "id", "ended", 3]);
});

Deno.test("a promise to send at once ends with whatever the store says", async () => {
  for (const answer of ["queued", "duplicate"] as const) {
    const { deliver, promised, queued } = outboxOn(() => Promise.resolve(answer), { promises: true });
    await deliver();
    assert.deepEqual([promised, queued()], [["promised", "ended"], answer === "queued" ? 1 : 0], answer);
  }
  const failing = outboxOn(() => Promise.reject(new StoreError("slow")), { promises: true });
  assert.equal((await failing.deliver()).status, "unavailable");
  assert.deepEqual(failing.promised, ["promised", "ended"]);
});

Deno.test("whom a webhook was sent to, and its message, reach the store as the beginning of a hash", async () => {
  const { asked, deliver } = outboxOn(() => Promise.resolve("queued"));
  await deliver();
  assert.deepEqual([asked[0]?.recipient, asked[0]?.messageId], ["hash-of-tina@exa", "hash-of-m1-and-m"]);
});

Deno.test("a store that fails makes the webhook unavailable for half a minute, and is told of", async () => {
  const { deliver, log, outbox } = outboxRefusing("full");
  const unavailable = { status: "unavailable", reason: "outbox", retryAfterMs: 30_000, attempts: 0 };
  assert.deepEqual(await deliver(), unavailable);
  assert.deepEqual(log.of("outbox_unusable").map(({ fields }) => fields["fault"]), ["full"]);
  assert.match(outbox.status().failing ?? "", /its disk is full/);
});

Deno.test("a fault of the service is not taken for the store's", async () => {
  const { deliver, outbox } = outboxOn(() => Promise.reject(new RangeError("a bug")));
  await assert.rejects(deliver(), RangeError);
  assert.equal(outbox.status().failing?.includes("OUTBOX_MAX_PENDING"), true, "it is full, and nothing else");
});

Deno.test("a duplicate does not show that the store can be written again", async () => {
  let fault: StoreFault | undefined = "read_only";
  const { deliver, known, log } = outboxOn(() =>
    fault === undefined ? Promise.resolve("duplicate") : Promise.reject(new StoreError(fault))
  );
  known.dead = 0;
  await deliver();
  fault = undefined;
  await deliver();
  assert.deepEqual(log.of("outbox_unusable", "outbox_usable").length, 1);
});

Deno.test("an outbox that was full is none as soon as there is room, though nobody has tried since", async () => {
  const { deliver, known, outbox } = outboxRefusing("overfull");
  assert.equal((await deliver()).status, "unavailable");
  assert.match(outbox.status().failing ?? "", /OUTBOX_MAX_PENDING/);
  known.dead = 0;
  assert.equal(outbox.status().failing, undefined);
  known.dead = 1;
  assert.match(outbox.status().failing ?? "", /OUTBOX_MAX_PENDING/);
});

Deno.test("another fault lasts until the store has worked, whatever it holds", async () => {
  const { deliver, known, outbox } = outboxRefusing("full");
  await deliver();
  known.pending = known.dead = 0;
  assert.match(outbox.status().failing ?? "", /its disk is full/);
});

Deno.test("the age of the oldest event is never below zero, whatever becomes of the clock", () => {
  const { clock, known, outbox } = outboxRefusing("full");
  assert.equal(outbox.status().oldestPendingMs, undefined);
  known.oldestPending = clock.now() - 5;
  assert.equal(outbox.status().oldestPendingMs, 5);
  clock.setBy(-3_600_000);
  assert.equal(outbox.status().oldestPendingMs, 0);
});
