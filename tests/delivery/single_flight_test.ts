import assert from "node:assert/strict";
import type { Fulfilled } from "../../lib/delivery/single_flight.ts";
import { settled, watched } from "../support/fakes.ts";
import { DELIVERED, FAILED, oneDeliveryWith, REFUSED } from "./single_flight_fakes.ts";

const DUPLICATE: Fulfilled = { kind: "duplicate", attempts: 0 };

function kinds(copies: readonly { value: Fulfilled | undefined }[]): (string | undefined)[] {
  return copies.map(({ value }) => value?.kind);
}

/** `count` copies at once, each to a recipient of its own. */
async function copiesAtOnce(
  fulfil: (recipient: string, messageId: string) => Promise<Fulfilled>,
  count: number,
) {
  const copies = Array.from({ length: count }, (_, i) => watched(fulfil(`recipient ${i}`, `message ${i}`)));
  await settled();
  return copies;
}

Deno.test("ten copies at once are one delivery, and its success answers all", async () => {
  const { clock, deliveries, fulfil } = oneDeliveryWith();
  const copies = await copiesAtOnce(fulfil, 10);
  assert.equal(deliveries.sending.length, 1);
  assert.deepEqual(kinds(copies), Array(10).fill(undefined));

  await deliveries.only.end(DELIVERED);
  const [leader, ...others] = copies;
  assert.deepEqual(leader?.value, DELIVERED);
  for (const { value } of others) assert.deepEqual(value, DUPLICATE);

  assert.deepEqual(await fulfil("recipient 3", "message 3"), DUPLICATE, "Coder's retry");
  assert.deepEqual(await fulfil("recipient 10", "message 10"), DUPLICATE, "one recipient more");
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
      const { deliveries, fulfil } = oneDeliveryWith();
      const copies = recipients.split(" ").map((name, i) => watched(fulfil(name, `message ${i}`)));
      await settled();
      assert.equal(deliveries.sending.length, occurrences);
      for (const { end } of [...deliveries.sending]) await end(DELIVERED);
      const answers = kinds(copies).sort();
      const expected = [...Array(occurrences).fill("delivered"), ...Array(copies.length).fill("duplicate")];
      assert.deepEqual(answers, expected.slice(0, copies.length));
    });
    await t.step(`${recipients}, one after the other`, async () => {
      const { deliveries, fulfil } = oneDeliveryWith({ deliver: () => Promise.resolve(DELIVERED) });
      const answers: string[] = [];
      for (const [i, name] of recipients.split(" ").entries()) {
        answers.push((await fulfil(name, `message ${i}`)).kind);
      }
      assert.equal(answers.filter((kind) => kind === "delivered").length, occurrences);
      assert.equal(deliveries.begun, 0);
    });
  }
});

Deno.test("happenings do not wait for each other", async () => {
  const { deliveries, fulfil } = oneDeliveryWith();
  const copies = ["x", "y", "z"].map((key) => watched(fulfil("tina", key, key)));
  assert.equal(deliveries.sending.length, 3);
  await deliveries.sending[1]!.end(DELIVERED);
  assert.deepEqual(kinds(copies), [undefined, "delivered", undefined]);
});

Deno.test("the event is made from the occurrence's first copy, whichever copy sends it", async () => {
  const { clock, deliveries, fulfil } = oneDeliveryWith();
  const arrived = String(clock.now());
  void fulfil("tina", "first");
  await clock.advance(500);
  void fulfil("omar", "second");
  await deliveries.only.end(FAILED);
  assert.deepEqual(deliveries.only.event.metadata, {
    key: "happening",
    first: "first",
    arrived,
    sentBy: "second",
  });
  await deliveries.only.end(FAILED);
  await clock.advance(60_000);
  void fulfil("uma", "third");
  assert.deepEqual(deliveries.only.event.metadata, {
    key: "happening",
    first: "first",
    arrived,
    sentBy: "third",
  });
});

Deno.test("a delivery that failed for now is handed over to exactly one waiting copy at a time", async () => {
  const { clock, deliveries, fulfil } = oneDeliveryWith();
  const copies = await copiesAtOnce(fulfil, 4);
  const answered = () => kinds(copies).filter((kind) => kind !== undefined);
  for (let failed = 1; failed <= 3; failed++) {
    const { sentBy } = deliveries.only.event.metadata;
    await deliveries.only.end(FAILED);
    assert.deepEqual(answered(), Array(failed).fill("unavailable"));
    assert.notEqual(deliveries.only.event.metadata["sentBy"], sentBy);
  }
  await deliveries.only.end(FAILED);
  assert.deepEqual(answered(), Array(4).fill("unavailable"));
  assert.equal(deliveries.begun, 4);
  assert.equal(clock.sleepers, 0, "somebody sleeps on");
});

Deno.test("what comes of the delivery that was handed over answers those that still wait", async (t) => {
  for (const [end, others] of [[DELIVERED, "duplicate"], [REFUSED, "refused"]] as const) {
    await t.step(end.kind, async () => {
      const { deliveries, fulfil } = oneDeliveryWith();
      const copies = await copiesAtOnce(fulfil, 4);
      await deliveries.only.end(FAILED);
      await deliveries.only.end(end);
      assert.deepEqual(kinds(copies).sort(), [end.kind, others, others, "unavailable"].sort());
      assert.equal(deliveries.begun, 2);
    });
  }
});

Deno.test("each copy waits until its own deadline, and attempts of a copy end by its own", async () => {
  const { clock, deliveries, fulfil } = oneDeliveryWith({ deadline: 10_000 });
  const begun = clock.monotonic();
  const leader = watched(fulfil("tina", "1"));
  await clock.advance(2_000);
  const second = watched(fulfil("omar", "2"));
  await clock.advance(3_000);
  const third = watched(fulfil("uma", "3"));
  assert.equal(deliveries.only.deadline, begun + 10_000);

  await clock.advance(6_999);
  assert.equal(second.value, undefined);
  await clock.advance(1);
  assert.deepEqual(second.value, {
    kind: "unavailable",
    reason: "platformx",
    retryAfterMs: 1_000,
    attempts: 0,
  });
  assert.deepEqual(kinds([leader, third]), [undefined, undefined]);

  await deliveries.only.end(FAILED);
  const { deadline, event } = deliveries.only;
  assert.deepEqual([event.metadata["sentBy"], deadline], ["3", begun + 15_000], "handed to who gave up");
  await deliveries.only.end(DELIVERED);
  assert.deepEqual(kinds([leader, second, third]), ["unavailable", "unavailable", "delivered"]);
  assert.deepEqual(await fulfil("omar", "2"), DUPLICATE);
});

Deno.test("a refusal answers all copies, and for a minute those that come later", async () => {
  const { clock, deliveries, fulfil } = oneDeliveryWith();
  const copies = await copiesAtOnce(fulfil, 3);
  await deliveries.only.end(REFUSED);
  const [leader, ...others] = copies;
  const remembered: Fulfilled = { kind: "refused", words: "no", attempts: 0 };
  assert.deepEqual(leader?.value, REFUSED);
  for (const { value } of others) assert.deepEqual(value, remembered);

  await clock.advance(59_999);
  assert.deepEqual(await fulfil("recipient 0", "message 0"), remembered, "Coder's retry");
  assert.deepEqual(await fulfil("somebody else", "another"), remembered, "a further copy");
  assert.equal(deliveries.begun, 1);

  await clock.advance(1);
  const retry = watched(fulfil("recipient 0", "message 0"));
  await deliveries.only.end(DELIVERED);
  assert.deepEqual(retry.value, DELIVERED);
  assert.deepEqual(await fulfil("somebody else", "another"), DUPLICATE);
});

Deno.test("a refusal is remembered for its occurrence only", async (t) => {
  await t.step("the next occurrence of the happening is asked about", async () => {
    const { deliveries, fulfil } = oneDeliveryWith();
    void fulfil("tina", "1");
    await deliveries.only.end(REFUSED);
    void fulfil("tina", "2");
    await deliveries.only.end(REFUSED);
    void fulfil("tina", "1", "another");
    assert.equal(deliveries.only.event.metadata["first"], "1");
  });
  await t.step("so is the one that comes after it was forgotten", async () => {
    const { clock, deliveries, fulfil } = oneDeliveryWith({ window: 1_000 });
    void fulfil("tina", "1");
    await deliveries.only.end(REFUSED);
    await clock.advance(1_000);
    void fulfil("tina", "2");
    assert.equal(deliveries.begun, 2);
  });
});
