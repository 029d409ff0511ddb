import assert from "node:assert/strict";
import type { Held } from "../../lib/platformx/gate.ts";
import { deliverToLog } from "../../lib/delivery/dry_run.ts";
import type { Outcome } from "../../lib/delivery/outcome.ts";
import { RecordingLog, settled, watched } from "../support/fakes.ts";
import { FAILED, flightsWith, FORWARDED, REFUSED } from "./single_flight_fakes.ts";

const DUPLICATE: Outcome = { status: "duplicate", attempts: 0 };
const HOLDS: Held["reason"][] = ["platformx", "rate_limit", "key", "url", "draining"];

Deno.test("a pause or a shutdown releases those that wait at once; the delivery under way still counts", async (t) => {
  for (const reason of HOLDS) {
    await t.step(reason, async () => {
      const { clock, deliveries, gate, deliver } = flightsWith();
      const leader = watched(deliver("tina", "1"));
      const waiting = [watched(deliver("omar", "2")), watched(deliver("uma", "3"))];
      await settled();
      gate.begin(reason);
      await settled();
      const held: Outcome = { status: "unavailable", reason, retryAfterMs: 1_000, attempts: 0 };
      for (const { value } of waiting) assert.deepEqual(value, held);
      assert.equal(leader.value, undefined);
      assert.equal(clock.sleepers, 0, "somebody sleeps on");
      assert.deepEqual(await deliver("bob", "4"), held, "who comes now does not wait");

      await deliveries.only.end(FORWARDED);
      assert.deepEqual(leader.value, FORWARDED);
      assert.deepEqual(await deliver("omar", "2"), DUPLICATE, "Coder's retry");
      assert.equal(deliveries.begun, 1);
    });
  }
});

Deno.test("in a hold a delivery that failed is handed over to nobody, and tried again by Coder's retry", async () => {
  const { deliveries, gate, deliver } = flightsWith();
  const leader = watched(deliver("tina", "1"));
  gate.begin("platformx");
  await deliveries.only.end(FAILED);
  assert.deepEqual(leader.value, FAILED);
  assert.equal((await deliver("omar", "2")).status, "unavailable");
  assert.equal(deliveries.begun, 1);

  gate.end();
  const retry = watched(deliver("omar", "2"));
  assert.equal(deliveries.only.first, "1");
  await deliveries.only.end(FORWARDED);
  assert.deepEqual(retry.value, FORWARDED);
  assert.deepEqual(await deliver("tina", "1"), DUPLICATE);
});

Deno.test("who gives up in the moment in which the lead is free is not handed it", async (t) => {
  for (const order of ["gives up, then is free", "is free, then gives up"]) {
    await t.step(order, async () => {
      const { deliveries, gate, deliver } = flightsWith();
      const copies = [watched(deliver("tina", "1")), watched(deliver("omar", "2"))];
      await settled();
      const giveUp = () => {
        gate.begin("key");
        gate.end();
      };
      if (order.startsWith("gives up")) giveUp();
      const ended = deliveries.only.end(FAILED);
      if (order.startsWith("is free")) giveUp();
      await ended;
      // Whoever was quicker: the lead is with somebody who is here, or with nobody.
      for (const { end } of [...deliveries.sending]) await end(FAILED);
      assert.deepEqual(copies.map(({ value }) => value?.status), ["unavailable", "unavailable"]);
      const retry = watched(deliver("tina", "1"));
      await deliveries.only.end(FORWARDED);
      assert.deepEqual(retry.value, FORWARDED);
    });
  }
});

Deno.test("copies wait again after a pause", async () => {
  const { deliveries, gate, deliver } = flightsWith();
  gate.begin("key");
  gate.end();
  const copies = [watched(deliver("tina", "1")), watched(deliver("omar", "2"))];
  await settled();
  assert.deepEqual(copies.map(({ value }) => value), [undefined, undefined]);
  await deliveries.only.end(FORWARDED);
  assert.deepEqual(copies.map(({ value }) => value?.status), ["forwarded", "duplicate"]);
});

Deno.test("a copy that leads in a hold is answered at once, without a delivery", async () => {
  const { deliveries, gate, deliver } = flightsWith();
  gate.begin("url");
  const held: Outcome = { status: "unavailable", reason: "url", retryAfterMs: 1_000, attempts: 0 };
  assert.deepEqual(await deliver("tina", "1"), held);
  gate.end();
  void deliver("tina", "1");
  assert.equal(deliveries.only.first, "1");
});

Deno.test("Coder's retry of a failed message is tried again, as a copy of the same occurrence", async () => {
  const { clock, deliveries, deliver } = flightsWith();
  for (let attempt = 1; attempt <= 5; attempt++) {
    const copy = watched(deliver("tina", "1"));
    await deliveries.only.end(FAILED);
    assert.deepEqual(copy.value, FAILED);
    await clock.advance(315_000);
  }
  const other = watched(deliver("omar", "2"));
  await deliveries.only.end(FORWARDED);
  assert.deepEqual(other.value, FORWARDED);
  assert.deepEqual(await deliver("tina", "1"), DUPLICATE);
  assert.equal(deliveries.begun, 6);
});

Deno.test("a message that is repeated while it is being sent waits for itself", async () => {
  const { deliveries, deliver } = flightsWith();
  const copies = [watched(deliver("tina", "1")), watched(deliver("tina", "1"))];
  await deliveries.only.end(FORWARDED);
  assert.deepEqual(copies.map(({ value }) => value?.status), ["forwarded", "duplicate"]);
});

Deno.test("a fault of the leading copy is its own: the others are asked to come again, and one of them can", async (t) => {
  await t.step("while it delivers", async () => {
    const { deliveries, deliver } = flightsWith();
    const leader = assert.rejects(deliver("tina", "1"), { message: "a fault" });
    const waiting = watched(deliver("omar", "2"));
    await deliveries.only.fail();
    await leader;
    assert.equal(waiting.value?.status, "unavailable");
    void deliver("omar", "2");
    assert.equal(deliveries.begun, 2);
  });
  await t.step("while it makes the event", async () => {
    const { deliveries, flights, draft, deliver } = flightsWith();
    const faulty = {
      ...draft("tina", "1"),
      get attributed(): never {
        throw new Error("a fault");
      },
    };
    await assert.rejects(flights.deliver(faulty), { message: "a fault" });
    void deliver("omar", "2");
    assert.equal(deliveries.only.first, "1");
  });
});

Deno.test("an occurrence that is being sent is not forgotten, however long that lasts", async (t) => {
  for (const end of [FORWARDED, REFUSED, FAILED]) {
    await t.step(end.status, async () => {
      const { clock, deliveries, deliver } = flightsWith({ window: 1_000, deadline: 100_000 });
      const leader = watched(deliver("tina", "1"));
      await clock.advance(5_000);
      void deliver("omar", "other", "another happening");
      const waiting = watched(deliver("omar", "2"));
      await settled();
      assert.equal(deliveries.begun, 2, "a copy was taken for another occurrence");
      await deliveries.sending[0]!.end(end);
      assert.deepEqual(leader.value, end);
      if (end === FAILED) await deliveries.sending[1]!.end(FORWARDED);
      assert.ok(waiting.value !== undefined);
      assert.equal(deliveries.begun, end === FAILED ? 3 : 2);
    });
  }
});

Deno.test("an occurrence is forgotten after the window: its copies are then another one", async () => {
  const { clock, deliveries, deliver } = flightsWith({ window: 60_000 });
  void deliver("tina", "1");
  await deliveries.only.end(FORWARDED);
  await clock.advance(59_999);
  assert.deepEqual(await deliver("tina", "1"), DUPLICATE);
  await clock.advance(1);
  void deliver("tina", "1");
  assert.equal(deliveries.begun, 2);
});

Deno.test("setting the machine's clock changes no deadline, no window and no refusal", async (t) => {
  const day = 86_400_000;
  for (const jump of [-2 * day, 2 * day]) {
    await t.step(`by ${jump / day} days`, async () => {
      const { clock, deliveries, deliver } = flightsWith({ deadline: 10_000 });
      const leader = watched(deliver("tina", "1"));
      const waiting = watched(deliver("omar", "2"));
      clock.setBy(jump);
      await clock.advance(9_999);
      assert.deepEqual([waiting.value], [undefined]);
      await clock.advance(1);
      assert.equal(waiting.value?.status, "unavailable");
      await deliveries.only.end(REFUSED);
      assert.deepEqual(leader.value, REFUSED);
      clock.setBy(-jump);
      await clock.advance(59_999);
      assert.equal((await deliver("omar", "2")).status, "refused");
      await clock.advance(1);
      const retry = watched(deliver("omar", "2"));
      await deliveries.only.end(FORWARDED);
      assert.deepEqual(retry.value, FORWARDED);
      clock.setBy(jump);
      assert.deepEqual(await deliver("tina", "1"), DUPLICATE);
    });
  }
});

Deno.test("an event logged by a dry run counts as done", async () => {
  const log = new RecordingLog();
  const { deliver } = flightsWith({ send: deliverToLog(log) });
  const answers = [
    ...await Promise.all([deliver("tina", "1"), deliver("omar", "2")]),
    await deliver("tina", "1"),
    await deliver("tina", "3"),
  ];
  assert.deepEqual(answers.map(({ status }) => status), ["dry_run", "duplicate", "duplicate", "dry_run"]);
  assert.equal(log.of("event").length, 2);
});
