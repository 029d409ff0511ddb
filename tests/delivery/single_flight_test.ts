import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import type { Outcome } from "../../lib/delivery/outcome.ts";
import { settled, watched } from "../support/fakes.ts";
import { FAILED, flightsWith, FORWARDED, REFUSED } from "./single_flight_fakes.ts";

const DUPLICATE: Outcome = { status: "duplicate", attempts: 0 };

function statuses(copies: readonly { value: Outcome | undefined }[]): (string | undefined)[] {
  return copies.map(({ value }) => value?.status);
}

/** `count` copies at once, each to a recipient of its own. */
async function copiesAtOnce(
  deliver: (recipient: string, messageId: string) => Promise<Outcome>,
  count: number,
) {
  const copies = Array.from({ length: count }, (_, i) => watched(deliver(`recipient ${i}`, `message ${i}`)));
  await settled();
  return copies;
}

Deno.test("ten copies at once are one delivery, and its success answers all", async () => {
  const { clock, deliveries, deliver } = flightsWith();
  const copies = await copiesAtOnce(deliver, 10);
  assert.equal(deliveries.sending.length, 1);
  assert.deepEqual(statuses(copies), Array(10).fill(undefined));

  await deliveries.only.end(FORWARDED);
  const [leader, ...others] = copies;
  assert.deepEqual(leader?.value, FORWARDED);
  for (const { value } of others) assert.deepEqual(value, DUPLICATE);

  assert.deepEqual(await deliver("recipient 3", "message 3"), DUPLICATE, "Coder's retry");
  assert.deepEqual(await deliver("recipient 10", "message 10"), DUPLICATE, "one recipient more");
  assert.equal(deliveries.begun, 1);
  assert.equal(clock.sleepers, 0, "somebody sleeps on");
});

Deno.test("a recipient's k-th message belongs to the k-th occurrence, at once or one after the other", async (t) => {
  const rows: [recipients: string, occurrences: number][] = [
    ["A", 1],
    ["A B C D", 1],
    ["A A", 2],
    ["A A B B", 2],
    ["A B A B C", 2],
    ["A A A B", 3],
    ["B A A C C A", 3],
  ];
  for (const [recipients, occurrences] of rows) {
    await t.step(`${recipients}, at once`, async () => {
      const { deliveries, deliver } = flightsWith();
      const copies = recipients.split(" ").map((name, i) => watched(deliver(name, `message ${i}`)));
      await settled();
      assert.equal(deliveries.sending.length, occurrences);
      for (const { end } of [...deliveries.sending]) await end(FORWARDED);
      const expected = Array.from(copies, (_, i) => i < occurrences ? "forwarded" : "duplicate");
      assert.deepEqual(statuses(copies).sort(), expected.sort());
    });
    await t.step(`${recipients}, one after the other`, async () => {
      const { deliveries, deliver } = flightsWith({ send: () => Promise.resolve(FORWARDED) });
      const answers: string[] = [];
      for (const [i, name] of recipients.split(" ").entries()) {
        answers.push((await deliver(name, `message ${i}`)).status);
      }
      assert.equal(answers.filter((status) => status === "forwarded").length, occurrences);
      assert.equal(deliveries.begun, 0);
    });
  }
});

Deno.test("happenings do not wait for each other", async () => {
  const { deliveries, deliver } = flightsWith();
  const copies = ["x", "y", "z"].map((key) => watched(deliver("tina", key, key)));
  assert.equal(deliveries.sending.length, 3);
  await deliveries.sending[1]!.end(FORWARDED);
  assert.deepEqual(statuses(copies), [undefined, "forwarded", undefined]);
});

Deno.test("the event is made from the occurrence's first copy, whichever copy sends it", async () => {
  const { clock, deliveries, deliver } = flightsWith();
  const arrived = String(clock.now() / 1_000);
  const tells = (sentBy: string) => {
    const { end: _, fail: __, deadline: ___, ...told } = deliveries.only;
    assert.deepEqual(told, { key: "happening", first: "first", arrived, sentBy });
  };
  void deliver("tina", "first");
  await clock.advance(2_000);
  void deliver("omar", "second");
  await deliveries.only.end(FAILED);
  tells("second");
  await deliveries.only.end(FAILED);
  await clock.advance(60_000);
  void deliver("uma", "third");
  tells("third");
});

Deno.test("a delivery that failed for now is handed over to exactly one waiting copy at a time", async () => {
  const { clock, deliveries, deliver } = flightsWith();
  const copies = await copiesAtOnce(deliver, 4);
  const answered = () => statuses(copies).filter((status) => status !== undefined);
  for (let failed = 1; failed <= 3; failed++) {
    const { sentBy } = deliveries.only;
    await deliveries.only.end(FAILED);
    assert.deepEqual(answered(), Array(failed).fill("unavailable"));
    assert.notEqual(deliveries.only.sentBy, sentBy);
  }
  await deliveries.only.end(FAILED);
  assert.deepEqual(answered(), Array(4).fill("unavailable"));
  assert.equal(deliveries.begun, 4);
  assert.equal(clock.sleepers, 0, "somebody sleeps on");
});

Deno.test("what comes of the delivery that was handed over answers those that still wait", async (t) => {
  for (const [end, others] of [[FORWARDED, "duplicate"], [REFUSED, "refused"]] as const) {
    await t.step(end.status, async () => {
      const { deliveries, deliver } = flightsWith();
      const copies = await copiesAtOnce(deliver, 4);
      await deliveries.only.end(FAILED);
      await deliveries.only.end(end);
      assert.deepEqual(statuses(copies).sort(), [end.status, others, others, "unavailable"].sort());
      assert.equal(deliveries.begun, 2);
    });
  }
});

Deno.test("each copy waits until its own deadline, and attempts of a copy end by its own", async () => {
  const { clock, deliveries, deliver } = flightsWith({ deadline: 10_000 });
  const begun = clock.monotonic();
  const leader = watched(deliver("tina", "1"));
  await clock.advance(2_000);
  const second = watched(deliver("omar", "2"));
  await clock.advance(3_000);
  const third = watched(deliver("uma", "3"));
  assert.equal(deliveries.only.deadline, begun + 10_000);

  await clock.advance(6_999);
  assert.equal(second.value, undefined);
  await clock.advance(1);
  assert.deepEqual(second.value, {
    status: "unavailable",
    reason: "platformx",
    retryAfterMs: 1_000,
    attempts: 0,
  });
  assert.deepEqual(statuses([leader, third]), [undefined, undefined]);

  await deliveries.only.end(FAILED);
  const { deadline, sentBy } = deliveries.only;
  assert.deepEqual([sentBy, deadline], ["3", begun + 15_000], "handed to who gave up");
  await deliveries.only.end(FORWARDED);
  assert.deepEqual(statuses([leader, second, third]), ["unavailable", "unavailable", "forwarded"]);
  assert.deepEqual(await deliver("omar", "2"), DUPLICATE);
});

Deno.test("a refusal answers all copies, and for a minute those that come later", async () => {
  const { clock, deliveries, deliver } = flightsWith();
  const copies = await copiesAtOnce(deliver, 3);
  await deliveries.only.end(REFUSED);
  const [leader, ...others] = copies;
  const remembered: Outcome = { status: "refused", words: constant("no"), attempts: 0 };
  assert.deepEqual(leader?.value, REFUSED);
  for (const { value } of others) assert.deepEqual(value, remembered);

  await clock.advance(59_999);
  assert.deepEqual(await deliver("recipient 0", "message 0"), remembered, "Coder's retry");
  assert.deepEqual(await deliver("somebody else", "another"), remembered, "a further copy");
  assert.equal(deliveries.begun, 1);

  await clock.advance(1);
  const retry = watched(deliver("recipient 0", "message 0"));
  await deliveries.only.end(FORWARDED);
  assert.deepEqual(retry.value, FORWARDED);
  assert.deepEqual(await deliver("somebody else", "another"), DUPLICATE);
});

Deno.test("a refusal is remembered for its occurrence only", async (t) => {
  await t.step("the next occurrence of the happening is asked about", async () => {
    const { deliveries, deliver } = flightsWith();
    void deliver("tina", "1");
    await deliveries.only.end(REFUSED);
    void deliver("tina", "2");
    await deliveries.only.end(REFUSED);
    void deliver("tina", "1", "another");
    assert.equal(deliveries.only.first, "1");
  });
  await t.step("so is the one that comes after it was forgotten", async () => {
    const { clock, deliveries, deliver } = flightsWith({ window: 1_000 });
    void deliver("tina", "1");
    await deliveries.only.end(REFUSED);
    await clock.advance(1_000);
    void deliver("tina", "2");
    assert.equal(deliveries.begun, 2);
  });
});
