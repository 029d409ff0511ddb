import assert from "node:assert/strict";
import { listenerLost } from "../../lib/http/listener_watch.ts";
import { FakeClock, watched } from "../support/fakes.ts";

const OPEN = { [Symbol.dispose]: () => {} };
const REFUSED = new Deno.errors.ConnectionRefused("Connection refused (os error 111)");
const NO_DESCRIPTOR = new Error("Too many open files (os error 24)");
const OTHER = new Deno.errors.TimedOut("timed out");

/** A watch whose looks end like this, the last one again and again; whether it saw the end after each. */
async function looks(ends: readonly (Disposable | Error)[], hostname = "0.0.0.0") {
  const clock = new FakeClock();
  const draining = new AbortController();
  const targets: string[] = [];
  const connect = (address: { hostname: string; port: number }) => {
    const end = ends[Math.min(targets.length, ends.length - 1)]!;
    targets.push(`${address.hostname} ${address.port}`);
    return end instanceof Error ? Promise.reject(end) : Promise.resolve(end);
  };
  const address = { hostname, port: 8080 };
  const lost = watched(
    listenerLost({ address, clock, draining: draining.signal, connect }).then(() => true),
  );
  await clock.advance(0);
  return { clock, draining, targets, lost };
}

Deno.test("a listener that refuses is lost; what else goes wrong is not its fault", async (t) => {
  const rows: [what: string, ends: (Disposable | Error)[], lostAfterSeconds: number | undefined][] = [
    ["it stays open", [OPEN], undefined],
    ["it refuses", [OPEN, OPEN, REFUSED], 10],
    ["no descriptor for long", [OPEN, NO_DESCRIPTOR], 15],
    [
      "no descriptor now and then",
      [OPEN, NO_DESCRIPTOR, NO_DESCRIPTOR, OPEN, NO_DESCRIPTOR, OPEN],
      undefined,
    ],
    ["something else", [OPEN, OTHER], undefined],
    ["it cannot be reached from inside", [REFUSED], undefined],
  ];
  for (const [what, ends, seconds] of rows) {
    await t.step(what, async () => {
      const { clock, lost } = await looks(ends);
      if (seconds !== undefined) {
        await clock.advance(seconds * 1_000 - 1);
        assert.equal(lost.value, undefined);
        await clock.advance(1);
        assert.equal(lost.value, true);
      } else {
        await clock.advance(600_000);
        assert.equal(lost.value, undefined);
      }
    });
  }
});

Deno.test("it is looked for where it listens, from inside", async (t) => {
  for (
    const [hostname, inside] of [["0.0.0.0", "127.0.0.1"], ["::", "::1"], ["10.0.0.7", "10.0.0.7"]] as const
  ) {
    await t.step(hostname, async () => {
      assert.deepEqual((await looks([OPEN], hostname)).targets, [`${inside} 8080`]);
    });
  }
});

Deno.test("after a shutdown began, nothing is looked for and nothing is lost", async () => {
  const { clock, draining, targets, lost } = await looks([OPEN, REFUSED]);
  draining.abort();
  await clock.advance(60_000);
  assert.equal(lost.value, undefined);
  assert.ok(targets.length <= 2, `${targets.length} looks`);
});
