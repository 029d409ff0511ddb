import assert from "node:assert/strict";
import { Lane } from "../../../lib/outbox/postgres/lane.ts";
import { settled, watched } from "../../support/fakes.ts";

Deno.test("one group is at work at a time; what comes meanwhile is the next one, of a bounded size", async () => {
  const groups: (readonly number[])[] = [];
  let done = () => {};
  const lane = new Lane<number, number>(3, (items) => {
    groups.push(items);
    return new Promise((resolve) => done = () => resolve(items.map((item) => -item)));
  });
  const results = watched(Promise.all([1, 2].map((item) => lane.add(item))));
  await settled();
  const later = watched(Promise.all([3, 4, 5, 6].map((item) => lane.add(item))));
  for (let n = 0; n < 3; n++) {
    done();
    await settled();
  }
  assert.deepEqual(groups, [[1, 2], [3, 4, 5], [6]]);
  assert.deepEqual([results.value, later.value], [[-1, -2], [-3, -4, -5, -6]]);
});

Deno.test("a fault is told to the group and to all that have gathered, and to nobody later", async () => {
  let fail = (_: Error) => {};
  let isWell = false;
  const lane = new Lane<number, number>(1, (items) => {
    if (isWell) return Promise.resolve(items);
    return new Promise((_, reject) => fail = reject);
  });
  const failing = Promise.allSettled([1, 2, 3].map((item) => lane.add(item)));
  await settled();
  fail(new Error("away"));
  assert.deepEqual((await failing).map(({ status }) => status), ["rejected", "rejected", "rejected"]);
  isWell = true;
  assert.equal(await lane.add(4), 4);
});
