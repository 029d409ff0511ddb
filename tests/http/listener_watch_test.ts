import assert from "node:assert/strict";
import { listenerLost } from "../../lib/http/listener_watch.ts";
import type { Address, Runtime } from "../../lib/runtime/runtime.ts";
import { FakeClock, watched } from "../support/fakes.ts";

type Seen = Awaited<ReturnType<Runtime["tryToConnect"]>>;

/** A watch whose looks end like this, the last one again and again; whether it saw the end after each. */
async function looks(ends: readonly Seen[], host = "0.0.0.0") {
  const clock = new FakeClock();
  const draining = new AbortController();
  const targets: string[] = [];
  const connect = ({ host, port }: Address) => {
    const end = ends[Math.min(targets.length, ends.length - 1)]!;
    targets.push(`${host} ${port}`);
    return Promise.resolve(end);
  };
  const address = { host, port: 8080 };
  const lost = watched(
    listenerLost({ address, clock, draining: draining.signal, connect, settled: Promise.resolve() }).then(
      () => true,
    ),
  );
  await clock.advance(0);
  return { clock, draining, targets, lost };
}

Deno.test("a listener that refuses is lost; what else goes wrong is not its fault", async (t) => {
  const rows: [what: string, ends: Seen[], lostAfterSeconds: number | undefined][] = [
    ["it stays open", ["connected"], undefined],
    ["it refuses", ["connected", "connected", "refused"], 10],
    ["no descriptor for long", ["connected", "no_descriptor"], 15],
    [
      "no descriptor now and then",
      ["connected", "no_descriptor", "no_descriptor", "connected", "no_descriptor", "connected"],
      undefined,
    ],
    ["no descriptor from the first look on", ["no_descriptor"], 15],
    ["it could not be reached at first, and refuses later", ["failed", "connected", "refused"], 10],
    ["something else", ["connected", "failed"], undefined],
    ["it cannot be reached from inside", ["refused"], undefined],
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
    const [host, inside] of [["0.0.0.0", "127.0.0.1"], ["::", "::1"], ["10.0.0.7", "10.0.0.7"]] as const
  ) {
    await t.step(host, async () => {
      assert.deepEqual((await looks(["connected"], host)).targets, [`${inside} 8080`]);
    });
  }
});

Deno.test("after a shutdown began, nothing is looked for and nothing is lost", async () => {
  const { clock, draining, targets, lost } = await looks(["connected", "refused"]);
  draining.abort();
  await clock.advance(60_000);
  assert.equal(lost.value, undefined);
  assert.ok(targets.length <= 2, `${targets.length} looks`);
});
