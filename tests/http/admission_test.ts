import assert from "node:assert/strict";
import { Admission } from "../../lib/http/admission.ts";

/** Whether a promise has settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol();
  return await Promise.race([promise, Promise.resolve(pending)]) !== pending;
}

Deno.test("a thousand may be in flight; the next one is told, and counted until it leaves", () => {
  const admission = new Admission();
  for (let i = 1; i <= 1_000; i++) assert.ok(admission.enter(), `number ${i}`);
  assert.equal(admission.enter(), false);
  assert.equal(admission.enter(), false);
  assert.equal(admission.count, 1_002);
});

Deno.test("a place that became free is given to the next one", () => {
  const admission = new Admission();
  for (let i = 0; i < 1_001; i++) admission.enter();
  admission.leave();
  assert.equal(admission.enter(), false, "there are still a thousand");
  admission.leave();
  admission.leave();
  assert.equal(admission.enter(), true);
});

Deno.test("with nothing in flight it is idle at once", async () => {
  const admission = new Admission();
  assert.equal(admission.count, 0);
  assert.ok(await isSettled(admission.idle()));
  admission.enter();
  admission.leave();
  assert.ok(await isSettled(admission.idle()));
});

Deno.test("who waits for idleness is told when the last one leaves, everybody and once", async () => {
  const admission = new Admission();
  admission.enter();
  admission.enter();
  const waits = [admission.idle(), admission.idle()];
  admission.leave();
  for (const wait of waits) assert.ok(!await isSettled(wait));
  admission.leave();
  for (const wait of waits) assert.ok(await isSettled(wait));

  admission.enter();
  const later = admission.idle();
  assert.ok(!await isSettled(later), "idleness of before does not count");
  admission.leave();
  assert.ok(await isSettled(later));
});

Deno.test("bodies may have 64 MiB together, and what one took is there again when it has left", () => {
  const admission = new Admission();
  for (let i = 0; i < 64; i++) assert.ok(admission.reserve(1_048_576), `body ${i}`);
  assert.equal(admission.reserve(1), false);
  admission.giveBack(1_048_576);
  assert.equal(admission.reserve(1_048_577), false);
  assert.ok(admission.reserve(1_048_576));
});
