import { constant } from "../../lib/base/redact.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Held } from "../../lib/platformx/gate.ts";
import type { Verdict } from "../../lib/platformx/verdict.ts";
import { EVENT, settled } from "../support/fakes.ts";
import { DELIVERED, FAILED, gateWith, KEY_REFUSED, LOST, RATE_LIMITED, WRONG_URL } from "./fakes.ts";

const PLACES = 64;

/** How an attempt ends. */
type End = Verdict | "fault";
const ENDS: readonly End[] = [
  ...[DELIVERED, DELIVERED, FAILED, LOST, KEY_REFUSED, RATE_LIMITED, WRONG_URL],
  { kind: "refused", words: constant("no") },
  { kind: "later", cause: "platformx", seen: constant("status 503"), retryAfterMs: 30_000 },
  "fault",
];

type Step =
  | { readonly kind: "send"; readonly count: number; readonly patience: number }
  | { readonly kind: "end"; readonly which: number; readonly how: End }
  | { readonly kind: "pass" | "stall"; readonly ms: number }
  | { readonly kind: "read" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("send"),
      count: fc.constantFrom(1, 1, 2, 5, 40),
      patience: fc.constantFrom(-1, 0, 500, 10_000, 120_000),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("end"), which: fc.nat(100), how: fc.constantFrom(...ENDS) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("pass", "pass", "stall"),
      ms: fc.constantFrom(1, 100, 1_000, 2_000, 60_000),
    }),
  },
  // The key's file has been read.
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("read") }) },
);

/** A gate to which events tell their deadlines, and whose rules are checked whenever an attempt begins. */
function checkedGate(ratePerMinute: number) {
  const underWay: { readonly end: (how: End) => void; readonly isProbe: boolean }[] = [];
  const begun: number[] = [];
  /** Rules that were not kept. */
  const broken: string[] = [];
  let reading = Promise.withResolvers<void>();
  const parts = gateWith({
    ratePerMinute,
    key: { reload: () => reading.promise },
    attempt: ({ timestamp: deadline }) => {
      const isProbe = gate.isPaused;
      // Thrown here they would be ends of attempts.
      const rules: Readonly<Record<string, boolean>> = {
        "begun after its deadline": clock.monotonic() <= Number(deadline),
        "begun in a shutdown": !draining.signal.aborted,
        "more than 64 at once": underWay.length < PLACES,
        "two probes at a time": !isProbe || underWay.every((each) => !each.isProbe),
        "a probe leaves room for another": (gate.held() !== undefined) === isProbe,
      };
      broken.push(...Object.keys(rules).filter((rule) => !rules[rule]));
      begun.push(clock.monotonic());
      const { promise, resolve, reject } = Promise.withResolvers<Verdict>();
      const end = (how: End) => how === "fault" ? reject(new Error("a fault")) : resolve(how);
      underWay.push({ end, isProbe });
      return promise;
    },
  });
  const { gate, clock, draining } = parts;
  const read = () => {
    reading.resolve();
    reading = Promise.withResolvers();
  };
  return { ...parts, underWay, begun, broken, read };
}

Deno.test("property: whatever comes between, the gate keeps to its limits, and loses neither places nor tokens nor probes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(0, 60, 600),
      fc.array(step, { maxLength: 60, size: "max" }),
      async (rate, steps) => {
        const { gate, clock, log, underWay, begun, broken, read } = checkedGate(rate);
        let waiting = 0;
        const send = async (patience: number) => {
          const deadline = clock.monotonic() + patience;
          waiting++;
          const event = { ...EVENT, timestamp: String(deadline) };
          const result: Verdict | Held | undefined = await gate.send(event, deadline).catch(() => undefined);
          waiting--;
          if (result?.kind === "held" && result.waitMs <= 0) broken.push("held for no time");
        };
        const end = (which: number, how: End) => {
          const [ended] = underWay.splice(which % underWay.length, 1);
          ended?.end(how);
        };
        for (const step of steps) {
          if (step.kind === "send") { for (let i = 0; i < step.count; i++) void send(step.patience); }
          if (step.kind === "end" && underWay.length > 0) end(step.which, step.how);
          if (step.kind === "pass") await clock.advance(step.ms);
          if (step.kind === "stall") clock.stall(step.ms);
          if (step.kind === "read") read();
          await settled();
        }
        assert.deepEqual(broken, []);
        if (rate > 0) {
          for (const [i, at] of begun.entries()) {
            const inAMinute = begun.slice(i).filter((other) => other < at + 60_000).length;
            assert.ok(inAMinute <= rate + rate / 10, `${inAMinute} in a minute`);
          }
        }

        // Then all goes well: nobody waits for ever, and all is there again.
        for (let i = 0; i < 100 && (waiting > 0 || gate.isPaused); i++) {
          while (underWay.length > 0) end(0, DELIVERED);
          await clock.advance(61_000);
          if (gate.isPaused && underWay.length === 0) void send(10_000);
          await clock.advance(1_000);
        }
        assert.deepEqual([waiting, underWay.length, gate.isPaused], [0, 0, false]);
        assert.equal(clock.sleepers, 0, "somebody sleeps on");
        await clock.advance(60_000);
        const most = Math.min(PLACES, rate === 0 ? PLACES : rate / 10);
        assert.equal(gate.room().free, most);
        for (let i = 0; i < PLACES + 5; i++) void send(0);
        await settled();
        assert.equal(underWay.length, most);
        const paused = log.of("paused").length;
        assert.equal(log.of("resumed").length, paused, "a pause and its end are told of in turn");
      },
    ),
    { numRuns: 300 },
  );
});
