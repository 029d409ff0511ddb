import assert from "node:assert/strict";
import fc from "fast-check";
import { Semaphore } from "../../lib/platformx/semaphore.ts";
import { settled } from "../support/fakes.ts";

const NEVER = new AbortController().signal;

Deno.test("there are as many places as were asked for", () => {
  const semaphore = new Semaphore(2);
  assert.deepEqual([semaphore.tryTake(), semaphore.tryTake(), semaphore.tryTake()], [true, true, false]);
  semaphore.release();
  assert.deepEqual([semaphore.tryTake(), semaphore.tryTake()], [true, false]);
});

Deno.test("a place that becomes free goes to the one who waits longest", async () => {
  const semaphore = new Semaphore(1);
  const order: string[] = [];
  semaphore.tryTake();
  for (const name of ["first", "second"]) void semaphore.take(NEVER).then(() => order.push(name));
  semaphore.release();
  await settled();
  assert.deepEqual(order, ["first"]);
  assert.equal(semaphore.tryTake(), false, "somebody came in before those who wait");
  semaphore.release();
  await settled();
  assert.deepEqual(order, ["first", "second"]);
  semaphore.release();
  assert.equal(semaphore.tryTake(), true);
});

Deno.test("who gives up has no place, and takes none from those behind", async () => {
  const semaphore = new Semaphore(1);
  semaphore.tryTake();
  const impatient = new AbortController();
  const first = semaphore.take(impatient.signal);
  const second = semaphore.take(NEVER);
  impatient.abort();
  assert.equal(await first, false);
  semaphore.release();
  assert.equal(await second, true);
});

Deno.test("who was given a place keeps it, though he gives up in the same moment", async () => {
  const semaphore = new Semaphore(1);
  semaphore.tryTake();
  const impatient = new AbortController();
  const taken = semaphore.take(impatient.signal);
  semaphore.release();
  impatient.abort();
  assert.equal(await taken, true);
  assert.equal(semaphore.tryTake(), false);
});

Deno.test("who has given up before he asks takes a free place, but does not wait for one", async () => {
  const semaphore = new Semaphore(1);
  assert.equal(await semaphore.take(AbortSignal.abort()), true);
  assert.equal(await semaphore.take(AbortSignal.abort()), false);
  semaphore.release();
  assert.equal(semaphore.tryTake(), true);
});

Deno.test("whatever happens, no place is lost and none is given twice", async () => {
  const steps = fc.array(fc.constantFrom("try", "take", "giveUp", "release"), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), steps, async (places, steps) => {
      const semaphore = new Semaphore(places);
      const waiting: AbortController[] = [];
      let taken = 0;
      for (const step of steps) {
        if (step === "try" && semaphore.tryTake()) taken++;
        if (step === "take") {
          const gaveUp = new AbortController();
          waiting.push(gaveUp);
          void semaphore.take(gaveUp.signal).then((had) => {
            if (had) taken++;
            waiting.splice(waiting.indexOf(gaveUp), 1);
          });
        }
        if (step === "giveUp") waiting[0]?.abort();
        if (step === "release" && taken > 0) {
          taken--;
          semaphore.release();
        }
        await settled();
        assert.ok(taken <= places, `${taken} of ${places} places are taken`);
        assert.ok(waiting.length === 0 || taken === places, "somebody waits though a place is free");
      }
      for (const gaveUp of [...waiting]) gaveUp.abort();
      for (; taken > 0; taken--) semaphore.release();
      for (let i = 0; i < places; i++) assert.ok(semaphore.tryTake(), "a place was lost");
      assert.equal(semaphore.tryTake(), false, "a place came from nowhere");
    }),
  );
});
