import assert from "node:assert/strict";
import { describeFault } from "../../lib/base/error_site.ts";

const SENTINEL = "alice@example.com has the key K-123";

class OddError extends RangeError {
  override readonly name = "OddError";
}

function thrownBy(fn: () => unknown): unknown {
  try {
    fn();
  } catch (error) {
    return error;
  }
}

Deno.test("a fault is told by its kind and by where it happened", async (t) => {
  const rows: [fault: unknown, kind: string][] = [
    [new Error(SENTINEL), "Error"],
    [new TypeError(SENTINEL), "TypeError"],
    [new OddError(SENTINEL), "OddError"],
    [new AggregateError([new Error(SENTINEL)], SENTINEL), "AggregateError"],
    [new DOMException(SENTINEL, "AbortError"), "AbortError"],
    [thrownBy(() => JSON.parse(SENTINEL)), "SyntaxError"],
    [thrownBy(() => (undefined as unknown as { x: object }).x), "TypeError"],
    [new Error(""), "Error"],
  ];
  for (const [fault, kind] of rows) {
    await t.step(kind, () => {
      const { error, at } = describeFault(fault);
      assert.equal(error, kind);
      assert.match(at, /error_site_test\.ts:\d+:\d+/);
      assert.ok(!at.includes("\n"));
    });
  }
});

Deno.test("what is thrown and is no error has a kind, but no place", async (t) => {
  for (
    const [fault, kind] of [[SENTINEL, "string"], [undefined, "undefined"], [null, "object"], [
      { SENTINEL },
      "object",
    ], [42, "number"]]
  ) {
    await t.step(JSON.stringify(fault) ?? "undefined", () => {
      assert.deepEqual(describeFault(fault), { error: kind, at: "unknown" });
    });
  }
});

Deno.test("at most three places are told, the innermost first", () => {
  const inner = () => {
    throw new Error(SENTINEL);
  };
  const places = describeFault(thrownBy(() => [1].forEach(() => [1].map(inner)))).at.split(" < ");
  assert.equal(places.length, 3);
  assert.match(places[0]!, /^inner /);
});

Deno.test("an error without a stack has no place", () => {
  const error = new Error(SENTINEL);
  delete error.stack;
  assert.deepEqual(describeFault(error), { error: "Error", at: "unknown" });
});

Deno.test("nothing of the error's text or of its cause is told, whatever it looks like", async (t) => {
  const texts = [
    SENTINEL,
    `first line\n${SENTINEL}`,
    `first line\n    at ${SENTINEL} (file:///x.ts:1:1)`,
    `\n    at ${SENTINEL}\n    at ${SENTINEL}\n    at ${SENTINEL}`,
    `$&$\`${SENTINEL}`,
  ];
  const faults = (text: string): [how: string, fault: unknown][] => {
    const changed = new Error(text);
    changed.message = "another text";
    return [
      ["thrown", new Error(text)],
      ["as a cause", new Error("outer", { cause: new Error(text) })],
      ["thrown without being an error", text],
      ["changed after it was made", changed],
    ];
  };
  for (const text of texts) {
    for (const [how, fault] of faults(text)) {
      await t.step(`${JSON.stringify(text)} ${how}`, () => {
        const told = JSON.stringify(describeFault(fault));
        assert.ok(!told.includes("alice") && !told.includes("K-123"), told);
      });
    }
  }
});
