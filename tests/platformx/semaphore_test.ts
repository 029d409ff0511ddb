import assert from "node:assert/strict";
import fc from "fast-check";
import { Slots } from "../../lib/platformx/semaphore.ts";
import { settled } from "../support/fakes.ts";

const NEVER = new AbortController().signal;

Deno.test("there are as many places as were asked for", () => {
  const slots = new Slots(2);
  assert.deepEqual([slots.tryTake(), slots.tryTake(), slots.tryTake()], [true, true, false]);
  slots.release();
  assert.deepEqual([slots.tryTake(), slots.tryTake()], [true, false]);
});

Deno.test("a place that becomes free goes to the one who waits longest", async () => {
  const slots = new Slots(1);
  const order: string[] = [];
  slots.tryTake();
  for (const name of ["first", "second"]) void slots.take(NEVER).then(() => order.push(name));
  slots.release();
  await settled();
  assert.deepEqual(order, ["first"]);
  assert.equal(slots.tryTake(), false, "somebody came in before those who wait");
  slots.release();
  await settled();
  assert.deepEqual(order, ["first", "second"]);
  slots.release();
  assert.equal(slots.tryTake(), true);
});

Deno.test("who gives up has no place, and takes none from those behind", async () => {
  const slots = new Slots(1);
  slots.tryTake();
  const impatient = new AbortController();
  const first = slots.take(impatient.signal);
  const second = slots.take(NEVER);
  impatient.abort();
  assert.equal(await first, false);
  slots.release();
  assert.equal(await second, true);
});

Deno.test("who was given a place keeps it, though he gives up in the same moment", async () => {
  const slots = new Slots(1);
  slots.tryTake();
  const impatient = new AbortController();
  const taken = slots.take(impatient.signal);
  slots.release();
  impatient.abort();
  assert.equal(await taken, true);
  assert.equal(slots.tryTake(), false);
});

Deno.test("who has given up before he asks takes a free place, but does not wait for one", async () => {
  const slots = new Slots(1);
  assert.equal(await slots.take(AbortSignal.abort()), true);
  assert.equal(await slots.take(AbortSignal.abort()), false);
  slots.release();
  assert.equal(slots.tryTake(), true);
});

Deno.test("whatever happens, no place is lost and none is given twice", async () => {
  const steps = fc.array(fc.constantFrom("try", "take", "giveUp", "release"), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), steps, async (places, steps) => {
      const slots = new Slots(places);
      const waiting: AbortController[] = [];
      let taken = 0;
      for (const step of steps) {
        if (step === "try" && slots.tryTake()) taken++;
        if (step === "take") {
          const gaveUp = new AbortController();
          waiting.push(gaveUp);
          void slots.take(gaveUp.signal).then((had) => {
            if (had) taken++;
            waiting.splice(waiting.indexOf(gaveUp), 1);
          });
        }
        if (step === "giveUp") waiting[0]?.abort();
        if (step === "release" && taken > 0) {
          taken--;
          slots.release();
        }
        await settled();
        assert.ok(taken <= places, `${taken} of ${places} places are taken`);
        assert.ok(waiting.length === 0 || taken === places, "somebody waits though a place is free");
      }
      for (const gaveUp of [...waiting]) gaveUp.abort();
      for (; taken > 0; taken--) slots.release();
      for (let i = 0; i < places; i++) assert.ok(slots.tryTake(), "a place was lost");
      assert.equal(slots.tryTake(), false, "a place came from nowhere");
    }),
  );
});
