/** Events that are claimed when they are accepted: nobody has to look for them. */
import assert from "node:assert/strict";
import { EVENT, settled } from "../support/fakes.ts";
import { DELIVERED, DispatcherScene, LATER, LIMITED, numbered } from "./dispatcher_scene.ts";

/** A scene whose dispatcher has looked, and found nothing. */
async function resting(options?: Parameters<typeof DispatcherScene.open>[0]): Promise<DispatcherScene> {
  const test = await DispatcherScene.open(options);
  await test.pass(1);
  return test;
}

Deno.test("an event before which nothing waits is sent at once, without a look at the store", async () => {
  await using test = await resting();
  const looks = test.calls.claim;
  for (const name of numbered("e", 5)) assert.ok(await test.take(name), name);
  await settled();
  assert.deepEqual([test.names, await test.records()], [numbered("e", 5), []]);
  assert.equal(test.calls.claim, looks);
  assert.deepEqual(test.log.of("delivered").map(({ fields }) => fields?.["age_ms"]), [0, 0, 0, 0, 0]);
});

Deno.test("an event that fails is tried again on its own schedule, and what comes meanwhile waits in line", async () => {
  await using test = await resting({ answer: (name, n) => name === "e" && n === 1 ? LATER : DELIVERED });
  assert.ok(await test.take("e"));
  await settled();
  assert.equal((await test.records())[0]?.attempts, 1);
  await test.pass(2_000);
  assert.deepEqual([test.names, await test.records()], [["e", "e"], []]);
  assert.ok(await test.take("f"), "nothing waits any more");
});

Deno.test("nothing is promised before the start, to what waits behind others, in a pause, or when the end begins", async () => {
  await using later = await DispatcherScene.open({ later: true });
  assert.equal(await later.take("e"), false, "it was not started");
  later.start();
  await later.pass(1);
  assert.deepEqual(later.names, ["e"]);
  later.draining.abort();
  assert.equal(later.dispatcher.promise(), undefined, "it drains");

  await using full = await resting({ ratePerMinute: 60 }); // a burst of 6
  const names = numbered("e", 9);
  for (const name of names) assert.equal(await full.take(name), name < names[6]!, name);
  await full.pass(1);
  assert.equal(await full.take("behind"), false, "others wait");
  await full.pass(10_000);
  assert.deepEqual([full.names.toSorted(), await full.records()], [["behind", ...names], []]);

  let up = false;
  await using pausing = await resting({ answer: () => up ? DELIVERED : LIMITED });
  assert.ok(await pausing.take("e"));
  await settled();
  assert.ok(pausing.gate.isPaused);
  assert.equal(pausing.dispatcher.promise(), undefined, "a pause");
  up = true;
  pausing.clock.stall(60_000);
  assert.equal(pausing.gate.room().free, 1, "a probe is due");
  assert.equal(await pausing.take("after it"), false, "it waits behind the first");
  await pausing.pass(1_000);
  assert.deepEqual(pausing.names.toSorted(), ["after it", "e", "e"], "new and old ones in turn");
});

Deno.test("what a look has found comes first, and goes out as fast as it is taken, whoever has put it there", async () => {
  let sleep = (_: number) => Promise.resolve();
  await using test = await resting({ answer: () => sleep(10).then(() => DELIVERED) });
  sleep = (ms) => test.clock.sleep(ms, test.cut.signal);
  await test.put(...numbered("e", 640));
  await test.pass(1_001);
  assert.equal(test.dispatcher.promise(), undefined, "others wait");
  await test.pass(1_000);
  assert.equal(test.delivered, 640);
});

Deno.test("no more are promised than can be sent at once, and what is not kept is free again", async () => {
  await using test = await resting();
  const promised = Array.from({ length: 64 }, () => test.dispatcher.promise());
  assert.ok(promised.every((one) => one !== undefined));
  assert.equal(test.dispatcher.promise(), undefined);
  promised[0]?.end();
  assert.ok(test.dispatcher.promise());
});

Deno.test("what is accepted when the end has begun is given back: another process can have it at once", async () => {
  await using test = await resting();
  const promised = test.dispatcher.promise();
  test.draining.abort();
  await test.ended();
  const claim = await test.whole.accept(
    { key: "k", recipient: "r", messageId: "m", event: EVENT },
    promised !== undefined,
  );
  assert.ok(typeof claim === "object");
  promised?.keep(claim);
  promised?.end();
  await test.dispatcher.finish();
  assert.deepEqual([test.names, (await test.records()).map(({ claimedAt }) => claimedAt)], [[], [undefined]]);
  assert.equal((await test.whole.claim(1, { within: 0, first: false })).length, 1);
});

Deno.test("what comes while it is looked whether something waits is not overlooked", async () => {
  await using test = await resting();
  const { claim } = test.store;
  test.store.claim = async (...args) => {
    const claims = await claim(...args);
    test.store.claim = claim;
    await test.accept("meanwhile");
    return claims;
  };
  await test.pass(1_000);
  assert.deepEqual([test.names, await test.records()], [["meanwhile"], []]);
});
