import assert from "node:assert/strict";
import type { Held } from "../../lib/platformx/gate.ts";
import { deliverToLog } from "../../lib/delivery/dry_run.ts";
import type { Fulfilled } from "../../lib/delivery/single_flight.ts";
import { RecordingLog, settled, watched } from "../support/fakes.ts";
import { DELIVERED, FAILED, oneDeliveryWith, REFUSED } from "./single_flight_fakes.ts";

const DUPLICATE: Fulfilled = { kind: "duplicate", attempts: 0 };
const HOLDS: Held["reason"][] = ["platformx", "rate_limit", "key", "url", "draining"];

Deno.test("a pause or a shutdown releases those that wait at once; the delivery under way still counts", async (t) => {
  for (const reason of HOLDS) {
    await t.step(reason, async () => {
      const { clock, deliveries, holds, fulfil } = oneDeliveryWith();
      const leader = watched(fulfil("tina", "1"));
      const waiting = [watched(fulfil("omar", "2")), watched(fulfil("uma", "3"))];
      await settled();
      holds.begin(reason);
      await settled();
      const held: Fulfilled = { kind: "unavailable", reason, retryAfterMs: 1_000, attempts: 0 };
      for (const { value } of waiting) assert.deepEqual(value, held);
      assert.equal(leader.value, undefined);
      assert.equal(clock.sleepers, 0, "somebody sleeps on");
      assert.deepEqual(await fulfil("bob", "4"), held, "who comes now does not wait");

      await deliveries.only.end(DELIVERED);
      assert.deepEqual(leader.value, DELIVERED);
      assert.deepEqual(await fulfil("omar", "2"), DUPLICATE, "Coder's retry");
      assert.equal(deliveries.begun, 1);
    });
  }
});

Deno.test("in a hold a delivery that failed is handed over to nobody, and tried again by Coder's retry", async () => {
  const { deliveries, holds, fulfil } = oneDeliveryWith();
  const leader = watched(fulfil("tina", "1"));
  holds.begin("platformx");
  await deliveries.only.end(FAILED);
  assert.deepEqual(leader.value, FAILED);
  assert.equal((await fulfil("omar", "2")).kind, "unavailable");
  assert.equal(deliveries.begun, 1);

  holds.end();
  const retry = watched(fulfil("omar", "2"));
  assert.equal(deliveries.only.event.metadata["first"], "1");
  await deliveries.only.end(DELIVERED);
  assert.deepEqual(retry.value, DELIVERED);
  assert.deepEqual(await fulfil("tina", "1"), DUPLICATE);
});

Deno.test("who gives up in the moment in which the lead is free is not handed it", async (t) => {
  for (const order of ["gives up, then is free", "is free, then gives up"]) {
    await t.step(order, async () => {
      const { deliveries, holds, fulfil } = oneDeliveryWith();
      const copies = [watched(fulfil("tina", "1")), watched(fulfil("omar", "2"))];
      await settled();
      const giveUp = () => {
        holds.begin("key");
        holds.end();
      };
      if (order.startsWith("gives up")) giveUp();
      const ended = deliveries.only.end(FAILED);
      if (order.startsWith("is free")) giveUp();
      await ended;
      // Whoever was quicker: the lead is with somebody who is here, or with nobody.
      for (const { end } of [...deliveries.sending]) await end(FAILED);
      assert.deepEqual(copies.map(({ value }) => value?.kind), ["unavailable", "unavailable"]);
      const retry = watched(fulfil("tina", "1"));
      await deliveries.only.end(DELIVERED);
      assert.deepEqual(retry.value, DELIVERED);
    });
  }
});

Deno.test("copies wait again after a pause", async () => {
  const { deliveries, holds, fulfil } = oneDeliveryWith();
  holds.begin("key");
  holds.end();
  const copies = [watched(fulfil("tina", "1")), watched(fulfil("omar", "2"))];
  await settled();
  assert.deepEqual(copies.map(({ value }) => value), [undefined, undefined]);
  await deliveries.only.end(DELIVERED);
  assert.deepEqual(copies.map(({ value }) => value?.kind), ["delivered", "duplicate"]);
});

Deno.test("a copy that leads in a hold is answered at once, without a delivery", async () => {
  const { deliveries, holds, fulfil } = oneDeliveryWith();
  holds.begin("url");
  const held: Fulfilled = { kind: "unavailable", reason: "url", retryAfterMs: 1_000, attempts: 0 };
  assert.deepEqual(await fulfil("tina", "1"), held);
  holds.end();
  void fulfil("tina", "1");
  assert.equal(deliveries.only.event.metadata["first"], "1");
});

Deno.test("Coder's retry of a failed message is tried again, as a copy of the same occurrence", async () => {
  const { clock, deliveries, fulfil } = oneDeliveryWith();
  for (let attempt = 1; attempt <= 5; attempt++) {
    const copy = watched(fulfil("tina", "1"));
    await deliveries.only.end(FAILED);
    assert.deepEqual(copy.value, FAILED);
    await clock.advance(315_000);
  }
  const other = watched(fulfil("omar", "2"));
  await deliveries.only.end(DELIVERED);
  assert.deepEqual(other.value, DELIVERED);
  assert.deepEqual(await fulfil("tina", "1"), DUPLICATE);
  assert.equal(deliveries.begun, 6);
});

Deno.test("a message that is repeated while it is being sent waits for itself", async () => {
  const { deliveries, fulfil } = oneDeliveryWith();
  const copies = [watched(fulfil("tina", "1")), watched(fulfil("tina", "1"))];
  await deliveries.only.end(DELIVERED);
  assert.deepEqual(copies.map(({ value }) => value?.kind), ["delivered", "duplicate"]);
});

Deno.test("a fault of the leading copy is its own: the others are asked to come again, and one of them can", async (t) => {
  await t.step("while it delivers", async () => {
    const { deliveries, fulfil } = oneDeliveryWith();
    const leader = assert.rejects(fulfil("tina", "1"), { message: "a fault" });
    const waiting = watched(fulfil("omar", "2"));
    await deliveries.only.fail();
    await leader;
    assert.equal(waiting.value?.kind, "unavailable");
    void fulfil("omar", "2");
    assert.equal(deliveries.begun, 2);
  });
  await t.step("while it makes the event", async () => {
    const { deliveries, oneDelivery, order, fulfil } = oneDeliveryWith();
    const faulty = {
      ...order("tina", "1"),
      eventFor: () => {
        throw new Error("a fault");
      },
    };
    await assert.rejects(oneDelivery.fulfil(faulty), { message: "a fault" });
    void fulfil("omar", "2");
    assert.equal(deliveries.only.event.metadata["first"], "1");
  });
});

Deno.test("an occurrence that is being sent is not forgotten, however long that lasts", async (t) => {
  for (const end of [DELIVERED, REFUSED, FAILED]) {
    await t.step(end.kind, async () => {
      const { clock, deliveries, fulfil } = oneDeliveryWith({ window: 1_000, deadline: 100_000 });
      const leader = watched(fulfil("tina", "1"));
      await clock.advance(5_000);
      void fulfil("omar", "other", "another happening");
      const waiting = watched(fulfil("omar", "2"));
      await settled();
      assert.equal(deliveries.begun, 2, "a copy was taken for another occurrence");
      await deliveries.sending[0]!.end(end);
      assert.deepEqual(leader.value, end);
      if (end === FAILED) await deliveries.sending[1]!.end(DELIVERED);
      assert.ok(waiting.value !== undefined);
      assert.equal(deliveries.begun, end === FAILED ? 3 : 2);
    });
  }
});

Deno.test("an occurrence is forgotten after the window: its copies are then another one", async () => {
  const { clock, deliveries, fulfil } = oneDeliveryWith({ window: 60_000 });
  void fulfil("tina", "1");
  await deliveries.only.end(DELIVERED);
  await clock.advance(59_999);
  assert.deepEqual(await fulfil("tina", "1"), DUPLICATE);
  await clock.advance(1);
  void fulfil("tina", "1");
  assert.equal(deliveries.begun, 2);
});

Deno.test("setting the machine's clock changes no deadline, no window and no refusal", async (t) => {
  const day = 86_400_000;
  for (const jump of [-2 * day, 2 * day]) {
    await t.step(`by ${jump / day} days`, async () => {
      const { clock, deliveries, fulfil } = oneDeliveryWith({ deadline: 10_000 });
      const leader = watched(fulfil("tina", "1"));
      const waiting = watched(fulfil("omar", "2"));
      clock.setBy(jump);
      await clock.advance(9_999);
      assert.deepEqual([waiting.value], [undefined]);
      await clock.advance(1);
      assert.equal(waiting.value?.kind, "unavailable");
      await deliveries.only.end(REFUSED);
      assert.deepEqual(leader.value, REFUSED);
      clock.setBy(-jump);
      await clock.advance(59_999);
      assert.equal((await fulfil("omar", "2")).kind, "refused");
      await clock.advance(1);
      const retry = watched(fulfil("omar", "2"));
      await deliveries.only.end(DELIVERED);
      assert.deepEqual(retry.value, DELIVERED);
      clock.setBy(jump);
      assert.deepEqual(await fulfil("tina", "1"), DUPLICATE);
    });
  }
});

Deno.test("an event logged by a dry run counts as done", async () => {
  const log = new RecordingLog();
  const { fulfil } = oneDeliveryWith({ deliver: deliverToLog(log) });
  const answers = [
    ...await Promise.all([fulfil("tina", "1"), fulfil("omar", "2")]),
    await fulfil("tina", "1"),
    await fulfil("tina", "3"),
  ];
  assert.deepEqual(answers.map(({ kind }) => kind), ["delivered", "duplicate", "duplicate", "delivered"]);
  assert.equal(log.of("event").length, 2);
});
