import assert from "node:assert/strict";
import { Shutdown } from "../../lib/base/shutdown.ts";
import { FakeClock, settled, watched } from "../support/fakes.ts";

Deno.test("a signal asks, and neither drains nor cuts by itself", async () => {
  const shutdown = new Shutdown(new FakeClock());
  const requested = watched(shutdown.requested.then(() => "asked"));
  await settled();
  assert.deepEqual([requested.value], [undefined]);
  shutdown.request();
  await settled();
  assert.equal(requested.value, "asked");
  assert.deepEqual([shutdown.draining.aborted, shutdown.cut.aborted], [false, false]);
});

Deno.test("first no new work, then an end of work in progress", () => {
  const shutdown = new Shutdown(new FakeClock());
  shutdown.drain();
  assert.deepEqual([shutdown.draining.aborted, shutdown.cut.aborted], [true, false]);
  shutdown.end();
  assert.deepEqual([shutdown.draining.aborted, shutdown.cut.aborted], [true, true]);
});

Deno.test("a second signal ends work in progress, unless it is the first one delivered again", async (t) => {
  const rows: [waits: number[], isCut: boolean][] = [
    [[0], false],
    [[499], false],
    [[500], true],
    [[5_000], true],
    [[0, 499], false],
    [[100, 400], true],
    // From the first one on, however many come.
    [[300, 199, 1], true],
  ];
  for (const [waits, isCut] of rows) {
    await t.step(`after ${waits.join(" + ")} ms`, async () => {
      const clock = new FakeClock();
      const shutdown = new Shutdown(clock);
      shutdown.request();
      for (const ms of waits) {
        assert.equal(shutdown.cut.aborted, false);
        await clock.advance(ms);
        clock.setBy(-3_600_000);
        shutdown.request();
      }
      assert.equal(shutdown.cut.aborted, isCut);
    });
  }
});
