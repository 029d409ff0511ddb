import assert from "node:assert/strict";
import { attribute } from "../../lib/coder/attribution.ts";
import { parseTracking } from "../../lib/coder/tracking.ts";
import type { Draft } from "../../lib/delivery/draft.ts";
import { Outbox } from "../../lib/outbox/outbox.ts";
import type { NewEvent, Summary } from "../../lib/outbox/store.ts";
import { StoreError, type StoreFault } from "../../lib/outbox/store_fault.ts";
import { StoreWatch } from "../../lib/outbox/store_watch.ts";
import { sha256 } from "../../lib/runtime/hashing.ts";
import { FakeClock, notificationWith, parsed, RecordingLog } from "../support/fakes.ts";

/** An outbox on a store that answers like this, and says that it holds so many. */
function outboxOn(answer: "queued" | "duplicate" | StoreFault | Error) {
  const known: { -readonly [K in keyof Summary]: Summary[K] } = {
    ...{ pending: 2, dead: 1, oldestPending: undefined, newestDead: undefined, deadByReason: [] },
  };
  const accepted: NewEvent[] = [];
  const accept = (event: NewEvent) => {
    accepted.push(event);
    if (answer === "queued" || answer === "duplicate") return Promise.resolve(answer);
    return Promise.reject(answer instanceof Error ? answer : new StoreError(answer));
  };
  const [clock, log] = [new FakeClock(), new RecordingLog()];
  let woken = 0;
  const outbox = new Outbox({
    store: { known, accept },
    watch: new StoreWatch(log),
    maxPending: 3,
    hash: sha256,
    onQueued: () => woken++,
    ...{ clock, log },
  });
  return { accepted, clock, known, log, outbox, woken: () => woken };
}

function draft(): Draft {
  const { tracking } = parseTracking("Workspace Created");
  const attributed = attribute(parsed(notificationWith()), { tracking, domains: undefined });
  assert.ok(attributed.kind === "attributed");
  const copy = { recipient: "tina@example.com", messageId: "m".repeat(500), arrivedAt: 0 };
  return { key: "k", copy, attributed, testData: false };
}

Deno.test("what the store says of a webhook is its outcome", async (t) => {
  const rows: [answer: "queued" | "duplicate" | StoreFault, outcome: object, woken: number][] = [
    ["queued", { status: "queued", attempts: 0 }, 1],
    ["duplicate", { status: "duplicate", attempts: 0 }, 0],
    ["full", { status: "unavailable", reason: "outbox", retryAfterMs: 30_000, attempts: 0 }, 0],
    ["overfull", { status: "unavailable", reason: "outbox", retryAfterMs: 30_000, attempts: 0 }, 0],
  ];
  for (const [answer, outcome, woken] of rows) {
    await t.step(answer, async () => {
      const test = outboxOn(answer);
      assert.deepEqual(await test.outbox.deliver(draft()), outcome);
      assert.equal(test.woken(), woken);
      assert.equal(test.log.of("outbox_unusable").length, "reason" in outcome ? 1 : 0);
    });
  }
});

Deno.test("a fault of the program is not taken for the store's", async () => {
  const { known, outbox } = outboxOn(new RangeError("a bug"));
  known.dead = 0;
  await assert.rejects(outbox.deliver(draft()), RangeError);
  assert.equal(outbox.status().failing, undefined);
});

Deno.test("recipients and message ids are stored as short hashes, the event as it is", async () => {
  const { accepted, outbox } = outboxOn("queued");
  await outbox.deliver(draft());
  const [{ event, key, ...copy }] = accepted as [NewEvent];
  assert.deepEqual([key, event.name, event.metadata["coder_message_id"]?.length], [
    "k",
    "Workspace Created",
    500,
  ]);
  for (const text of Object.values(copy)) assert.match(text, /^[\w-]{16}$/);
  assert.notEqual(copy.recipient, copy.messageId);
});

Deno.test("an outbox that was full is none as soon as there is room, though nobody has tried since", async () => {
  const { known, outbox } = outboxOn("overfull");
  await outbox.deliver(draft());
  assert.match(outbox.status().failing ?? "", /^OUTBOX_MAX_PENDING events/);
  known.dead = 0;
  assert.equal(outbox.status().failing, undefined);
  known.dead = 1;
  assert.match(outbox.status().failing ?? "", /^OUTBOX_MAX_PENDING events/);
});

Deno.test("another fault lasts until the store has worked, whatever it holds", async () => {
  const { known, outbox } = outboxOn("full");
  await outbox.deliver(draft());
  known.pending = known.dead = 0;
  assert.match(outbox.status().failing ?? "", /disk is full/);
});

Deno.test("the age of the oldest event is told by this machine's clock, and is never negative", () => {
  const { clock, known, outbox } = outboxOn("queued");
  assert.equal(outbox.status().oldestPendingMs, undefined);
  known.oldestPending = clock.now() - 5_000;
  assert.equal(outbox.status().oldestPendingMs, 5_000);
  known.oldestPending = clock.now() + 5_000;
  assert.equal(outbox.status().oldestPendingMs, 0);
});
