import assert from "node:assert/strict";
import fc from "fast-check";
import { StoreError } from "../../lib/outbox/store_error.ts";
import { pack, unpack } from "../../lib/outbox/stored.ts";

Deno.test("a record comes back as it was stored, and is bytes of JSON that any version of Deno reads", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean())), (record) => {
      const stored = pack(record);
      assert.ok(stored instanceof Uint8Array);
      assert.deepEqual(unpack(stored), JSON.parse(JSON.stringify(record)));
      assert.equal(new TextDecoder().decode(stored), JSON.stringify(record));
    }),
  );
});

Deno.test("a missing entry stays missing", () => {
  assert.equal(unpack(null), null);
});

Deno.test("what is no record is damage, told without quoting it", async (t) => {
  for (const stored of ["{}", {}, 1, new Uint8Array([0xff]), pack("x").subarray(1), new Uint8Array()]) {
    await t.step(Deno.inspect(stored), () => {
      assert.throws(() => unpack(stored), (error) => error instanceof StoreError && error.fault === "broken");
    });
  }
});
