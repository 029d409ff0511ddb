import assert from "node:assert/strict";
import { Change } from "../../lib/outbox/change.ts";

const counterAfter: { readonly amounts: readonly bigint[]; readonly expected: bigint }[] = [
  { amounts: [1n], expected: 1n },
  { amounts: [1n, 1n, 1n], expected: 3n },
  { amounts: [5n, -2n], expected: 3n },
  { amounts: [-1n, 1n], expected: 0n },
  { amounts: [2n, -1n, -1n], expected: 0n },
];

for (const { amounts, expected } of counterAfter) {
  Deno.test(`a counter to which ${amounts.join(", ")} is added holds ${expected}, in one commit or several`, async () => {
    using kv = await Deno.openKv(":memory:");
    const together = new Change();
    for (const amount of amounts) {
      together.sum(["together"], amount);
      await kv.atomic().mutate(...new Change().sum(["each"], amount).mutations).commit();
    }
    await kv.atomic().mutate(...together.mutations).commit();
    for (const key of ["together", "each"]) {
      assert.equal((await kv.get<Deno.KvU64>([key])).value?.value, expected, key);
    }
  });
}

Deno.test("a change holds what it was told, in that order", () => {
  const change = new Change().check({ key: ["a"], versionstamp: null }, { key: ["b"], versionstamp: "1" })
    .set(["a"], 1).delete(["b"]).set(["a"], 2, { expireIn: 5 });
  assert.deepEqual(change.checks.map(({ key }) => key), [["a"], ["b"]]);
  assert.deepEqual(change.mutations, [
    { type: "set", key: ["a"], value: 1 },
    { type: "delete", key: ["b"] },
    { type: "set", key: ["a"], value: 2, expireIn: 5 },
  ]);
  assert.equal(change.mustBeInPlace, false);
  assert.equal(change.inPlace().mustBeInPlace, true);
});
