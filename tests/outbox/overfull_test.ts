import assert from "node:assert/strict";
import { attribute } from "../../lib/coder/attribution.ts";
import { parseTracking } from "../../lib/coder/tracking.ts";
import { Outbox } from "../../lib/outbox/outbox.ts";
import { type OutboxStore, StoreError, type Summary } from "../../lib/outbox/store.ts";
import { StoreWatch } from "../../lib/outbox/store_watch.ts";
import { FakeClock, notificationWith, parsed, RecordingLog } from "../support/fakes.ts";

/** An outbox on a store that refuses events for one reason, and says that it holds so many. */
function outboxRefusing(fault: string) {
  const known: { -readonly [K in keyof Summary]: Summary[K] } = {
    pending: 2,
    dead: 1,
    oldestPending: undefined,
    deadLetters: [],
  };
  const unused = () => assert.fail("not asked for");
  const store: OutboxStore = {
    known,
    accept: () => Promise.reject(new StoreError(fault)),
    ...{
      claim: unused,
      settle: unused,
      tidy: unused,
      get: unused,
      list: unused,
      replay: unused,
      drop: unused,
    },
    close: unused,
  };
  const log = new RecordingLog();
  const outbox = new Outbox({
    store,
    watch: new StoreWatch(log),
    clock: new FakeClock(),
    log,
    onQueued: unused,
  });
  const deliver = async () => {
    const notification = parsed(notificationWith());
    const { tracking } = parseTracking("Workspace Created");
    const attributed = attribute(notification, { tracking, domains: undefined });
    assert.ok(attributed.kind !== "ignored");
    const copy = { recipient: "r", messageId: "m", arrivedAt: 0 };
    return await outbox.deliver({ key: "k", copy, notification, attributed, testData: false });
  };
  return { deliver, known, outbox };
}

Deno.test("an outbox that was full is none as soon as there is room, though nobody has tried since", async () => {
  const { deliver, known, outbox } = outboxRefusing("overfull");
  assert.equal((await deliver()).status, "unavailable");
  assert.equal(outbox.status().failing, "overfull");
  known.dead = 0;
  assert.equal(outbox.status().failing, undefined);
  known.dead = 1;
  assert.equal(outbox.status().failing, "overfull");
});

Deno.test("another fault lasts until the store has worked, whatever it holds", async () => {
  const { deliver, known, outbox } = outboxRefusing("full");
  await deliver();
  known.pending = known.dead = 0;
  assert.equal(outbox.status().failing, "full");
});
