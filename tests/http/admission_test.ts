import assert from "node:assert/strict";
import { InFlight } from "../../lib/http/admission.ts";

/** Whether a promise has settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol();
  return await Promise.race([promise, Promise.resolve(pending)]) !== pending;
}

Deno.test("a thousand may be in flight; the next one is told, and counted until it leaves", () => {
  const inFlight = new InFlight();
  for (let i = 1; i <= 1_000; i++) assert.ok(inFlight.enter(), `number ${i}`);
  assert.equal(inFlight.enter(), false);
  assert.equal(inFlight.enter(), false);
  assert.equal(inFlight.count, 1_002);
});

Deno.test("a place that became free is given to the next one", () => {
  const inFlight = new InFlight();
  for (let i = 0; i < 1_001; i++) inFlight.enter();
  inFlight.leave();
  assert.equal(inFlight.enter(), false, "there are still a thousand");
  inFlight.leave();
  inFlight.leave();
  assert.equal(inFlight.enter(), true);
});

Deno.test("with nothing in flight it is idle at once", async () => {
  const inFlight = new InFlight();
  assert.equal(inFlight.count, 0);
  assert.ok(await isSettled(inFlight.idle()));
  inFlight.enter();
  inFlight.leave();
  assert.ok(await isSettled(inFlight.idle()));
});

Deno.test("who waits for idleness is told when the last one leaves, everybody and once", async () => {
  const inFlight = new InFlight();
  inFlight.enter();
  inFlight.enter();
  const waits = [inFlight.idle(), inFlight.idle()];
  inFlight.leave();
  for (const wait of waits) assert.ok(!await isSettled(wait));
  inFlight.leave();
  for (const wait of waits) assert.ok(await isSettled(wait));

  inFlight.enter();
  const later = inFlight.idle();
  assert.ok(!await isSettled(later), "idleness of before does not count");
  inFlight.leave();
  assert.ok(await isSettled(later));
});

Deno.test("bodies may have 64 MiB together, and what one took is there again when it has left", () => {
  const inFlight = new InFlight();
  for (let i = 0; i < 64; i++) assert.ok(inFlight.reserve(1_048_576), `body ${i}`);
  assert.equal(inFlight.reserve(1), false);
  inFlight.giveBack(1_048_576);
  assert.equal(inFlight.reserve(1_048_577), false);
  assert.ok(inFlight.reserve(1_048_576));
});
