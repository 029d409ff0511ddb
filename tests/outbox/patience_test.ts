import assert from "node:assert/strict";
import { Patience } from "../../lib/outbox/patience.ts";
import { StoreError } from "../../lib/outbox/store_error.ts";
import { FakeClock, watched } from "../support/fakes.ts";

/** A KV service whose calls are answered when the test says so. */
function scene() {
  const clock = new FakeClock();
  const patience = new Patience(clock);
  const calls: PromiseWithResolvers<string>[] = [];
  return {
    clock,
    calls,
    /** What becomes of a call: its value, or the kind of fault. */
    ask: () =>
      watched(
        patience.wait(() => {
          calls.push(Promise.withResolvers());
          return calls.at(-1)!.promise;
        }).catch((error) => error instanceof StoreError ? error.fault : String(error)),
      ),
  };
}

Deno.test("a call is waited for, and brings its value or its error", async () => {
  const { ask, calls, clock } = scene();
  const [first, second] = [ask(), ask()];
  calls[0]!.resolve("value");
  calls[1]!.reject(new Error("wrong"));
  await clock.advance(0);
  assert.deepEqual([first.value, second.value], ["value", "Error: wrong"]);
  assert.equal(clock.sleepers, 0);
});

Deno.test("a call without an answer is given up after 5 s, and while it is overdue others fail at once, all but one in 30 s", async () => {
  const { ask, calls, clock } = scene();
  const first = ask();
  await clock.advance(4_999);
  assert.equal(first.value, undefined);
  await clock.advance(1);
  assert.equal(first.value, "unreachable");

  const second = ask();
  await clock.advance(24_999);
  assert.deepEqual([second.value, calls.length], ["unreachable", 1]);
  await clock.advance(1);
  const third = ask();
  await clock.advance(0);
  assert.deepEqual([third.value, calls.length], [undefined, 2]);
});

Deno.test("when the overdue call is answered after all, however, calls are made again", async (t) => {
  const rows: [string, (call: PromiseWithResolvers<string>) => void][] = [
    ["with a value", (call) => call.resolve("late")],
    ["with an error", (call) => call.reject(new Error("late"))],
  ];
  for (const [how, end] of rows) {
    await t.step(how, async () => {
      const { ask, calls, clock } = scene();
      ask();
      await clock.advance(5_000);
      end(calls[0]!);
      await clock.advance(0);
      const next = ask();
      calls[1]!.resolve("value");
      await clock.advance(0);
      assert.equal(next.value, "value");
    });
  }
});

Deno.test("an answer to a new call ends it too: the overdue one may hang on a dead connection", async () => {
  const { ask, calls, clock } = scene();
  ask();
  await clock.advance(30_000);
  ask();
  calls[1]!.resolve("value");
  await clock.advance(0);
  const next = ask();
  calls[2]!.resolve("next");
  await clock.advance(0);
  assert.equal(next.value, "next");
});
