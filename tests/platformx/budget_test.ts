import assert from "node:assert/strict";
import fc from "fast-check";
import { fitMetadata, METADATA_LIMIT } from "../../lib/platformx/budget.ts";
import type { Field } from "../../lib/platformx/metadata.ts";
import { anyText } from "../support/fakes.ts";

const UUID = "42d265a4-65c6-48b8-8464-94382de8de3a";

/** Bytes of compact UTF-8 JSON, measured and not counted. */
function sizeOf(metadata: Readonly<Record<string, string>>): number {
  return new TextEncoder().encode(JSON.stringify(metadata)).length;
}

/** The rule, by brute force: the fewest fields dropped, then the greatest common length of at least 36. */
function reference(fields: readonly Field[], limit: number): Record<string, string> {
  const whole = Object.fromEntries(fields);
  if (sizeOf(whole) <= limit) return whole;
  for (let kept = fields.length; kept > 0; kept--) {
    const head = fields.slice(0, kept).map(([key, value]) => [key, [...value]] as const);
    // A value of more code points than the limit fits only when it is cut to fewer.
    const longest = Math.min(limit + 1, Math.max(36, ...head.map(([, points]) => points.length)));
    for (let length = longest; length >= 36; length--) {
      const metadata = Object.fromEntries(head.map(([key, points]) => {
        return [key, points.length <= length ? points.join("") : points.slice(0, length - 1).join("") + "…"];
      }));
      if (sizeOf(metadata) <= limit) return metadata;
    }
  }
  return {};
}

Deno.test("the limit is 1000 bytes", () => assert.equal(METADATA_LIMIT, 1000));

Deno.test("metadata is cut only when it is a byte too long, whatever a byte is", async (t) => {
  // {"a":""} is 8 bytes.
  const rows: [what: string, value: string, cut: boolean][] = [
    ["992 letters", "x".repeat(992), false],
    ["993 letters", "x".repeat(993), true],
    ["496 letters of two bytes", "é".repeat(496), false],
    ["496 and a half", "é".repeat(496) + "x", true],
    ["330 letters of three bytes", "€".repeat(330) + "xx", false],
    ["248 letters of four bytes", "𝒳".repeat(248), false],
    ["248 and a quarter", "𝒳".repeat(248) + "x", true],
    ["496 quotation marks", '"'.repeat(496), false],
    ["497 quotation marks", '"'.repeat(497), true],
    ["165 bells", "\x07".repeat(165) + "xx", false],
    ["166 bells", "\x07".repeat(166), true],
  ];
  for (const [what, value, cut] of rows) {
    await t.step(what, () => {
      const fitted = fitMetadata([["a", value]]);
      assert.deepEqual(fitted.cut, cut ? ["a"] : []);
      assert.equal(fitted.metadata["a"] === value, !cut);
      assert.equal(fitted.bytes, sizeOf(fitted.metadata));
      assert.ok(fitted.bytes <= 1000);
    });
  }
});

Deno.test("metadata is cut to a common length, and keys go from the end only when 36 does not fit", async (t) => {
  // Cut to `length`, they have 1 + count × (length + 11) bytes.
  const long = (count: number): Field[] =>
    Array.from({ length: count }, (_, i) => [`k${String(i).padStart(2, "0")}`, "x".repeat(99)]);
  const rows: [what: string, fields: Field[], lengths: number[]][] = [
    ["nothing", [], []],
    ["one value", [["a", "x".repeat(2000)]], [990]],
    ["a short value stays", [["a", "s"], ["b", "x".repeat(900)], ["c", "x".repeat(700)]], [1, 486, 486]],
    ["a UUID stays", [...long(19), ["z", UUID]], [...Array(19).fill(39), 36]],
    ["36 just fits", [...long(21), ["z", "y".repeat(5)]], [...Array(21).fill(36), 5]],
    ["36 is a byte too long", [...long(21), ["z", "y".repeat(6)]], Array(21).fill(36)],
    ["36 is far too long", long(100), Array(21).fill(36)],
    ["a key alone is too long", [["k".repeat(990), UUID], ["z", "y"]], []],
    ["a key alone is too long, in the middle", [["a", "x"], ["k".repeat(990), "y"], ["z", "y"]], [1]],
  ];
  for (const [what, fields, lengths] of rows) {
    await t.step(what, () => {
      const { metadata, bytes, cut, dropped } = fitMetadata(fields);
      const values = Object.values(metadata);
      assert.deepEqual(values.map((value) => [...value].length), lengths);
      assert.deepEqual(
        cut,
        fields.filter(([, value], i) => i < values.length && values[i] !== value).map(([key]) => key),
      );
      assert.deepEqual(dropped, fields.slice(lengths.length).map(([key]) => key));
      assert.equal(bytes, sizeOf(metadata));
      assert.deepEqual(metadata, reference(fields, 1000));
    });
  }
});

Deno.test("no key goes while a common length fits, though a cut value is longer than an uncut one of 37", () => {
  // At 36, each value of 37 letters becomes 35 and … (38 bytes); at 37 it stays (37 bytes), and all fits.
  const fields: Field[] = Array.from(
    { length: 20 },
    (_, i) => [`k${String(i).padStart(2, "0")}`, "x".repeat(37)],
  );
  fields.unshift(["long", "x".repeat(50)]);
  fields.push(["z", "y".repeat(23)]);
  const fitted = fitMetadata(fields);
  assert.deepEqual(fitted.dropped, []);
  assert.deepEqual(fitted.metadata, reference(fields, 1000));
});

Deno.test("for any fields and any limit, metadata is what the rule says", () => {
  const value = fc.oneof(
    anyText(80),
    fc.tuple(fc.constantFrom("x", "é", "€", "𝒳", '"', "\n", "\x07"), fc.integer({ min: 30, max: 45 }))
      .map(([character, times]) => character.repeat(times)),
    fc.constant(UUID),
  ).map((text) => text.toWellFormed());
  const field: fc.Arbitrary<Field> = fc.tuple(anyText(8).map((text) => text.toWellFormed()), value);
  const fields = fc.uniqueArray(field, { selector: ([key]) => key, maxLength: 12 });
  fc.assert(
    fc.property(fields, fc.integer({ min: 50, max: 500 }), (all, limit) => {
      const { metadata, bytes, cut, dropped } = fitMetadata(all, limit);
      assert.equal(bytes, sizeOf(metadata));
      assert.ok(bytes <= limit, `${bytes} bytes, not ${limit}`);
      assert.deepEqual(Object.entries(metadata).sort(), Object.entries(reference(all, limit)).sort());
      const kept = all.slice(0, all.length - dropped.length);
      assert.deepEqual(Object.keys(metadata).sort(), kept.map(([key]) => key).sort());
      assert.deepEqual(dropped, all.slice(kept.length).map(([key]) => key));
      for (const [key, whole] of kept) {
        assert.equal(cut.includes(key), metadata[key] !== whole);
        if ([...whole].length <= 36) assert.equal(metadata[key], whole);
        if (cut.includes(key)) assert.match(metadata[key]!, /…$/);
        assert.ok(metadata[key]!.isWellFormed());
      }
    }),
    { numRuns: 400 },
  );
});

Deno.test("2,000 fields and values of a megabyte are cut like others", () => {
  const rows: Field[][] = [
    Array.from({ length: 2_000 }, (_, i) => [`key ${i}`, "€".repeat(100)]),
    Array.from({ length: 20 }, (_, i) => [`${i}`, "𝒳".repeat(500_000)]),
    [["__proto__", "x".repeat(1_000_000)], ["constructor", UUID], ["1", UUID], ["0", UUID]],
  ];
  for (const fields of rows) {
    const { metadata, bytes, dropped } = fitMetadata(fields);
    assert.equal(bytes, sizeOf(metadata));
    assert.ok(bytes <= 1000 && bytes > 900, `${bytes} bytes`);
    assert.equal(Object.keys(metadata).length + dropped.length, fields.length);
    assert.ok(Object.hasOwn(metadata, fields[0]![0]));
  }
});

Deno.test("a key of a megabyte does not fit, and is given up without being read for every length", () => {
  const long = "k".repeat(1_000_000);
  for (let times = 0; times < 20; times++) {
    assert.deepEqual(fitMetadata([[long, UUID], ["coder_message_id", UUID]]), {
      metadata: {},
      bytes: 2,
      cut: [],
      dropped: [long, "coder_message_id"],
    });
  }
});
