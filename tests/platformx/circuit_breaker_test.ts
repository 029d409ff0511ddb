import assert from "node:assert/strict";
import { constant } from "../../lib/base/redact.ts";
import fc from "fast-check";
import { abandonProbe, admit, observe, type Pause, SENDING } from "../../lib/platformx/circuit_breaker.ts";
import type { LaterCause, Verdict } from "../../lib/platformx/verdict.ts";

const DELIVERED: Verdict = { kind: "delivered" };
const REFUSED: Verdict = { kind: "refused", words: constant("") };
const UNKNOWN: Verdict = { kind: "unknown", seen: constant("timed_out") };

function later(cause: LaterCause, retryAfterMs?: number): Verdict {
  return {
    kind: "later",
    cause,
    seen: constant(""),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

const FAILED = later("platformx");

/** The state after these verdicts of ordinary attempts, all at time 0. */
function after(...verdicts: Verdict[]): Pause {
  return verdicts.reduce<Pause>(
    (pause, verdict) => observe(pause, verdict, { now: 0, probe: false }),
    SENDING,
  );
}

/** The state after a probe that was admitted at `now` and judged at once. */
function probed(pause: Pause, verdict: Verdict, now: number): Pause {
  const admission = admit(pause, now);
  assert.ok(admission.admitted && admission.probe, `no probe at ${now}`);
  return observe(admission.pause, verdict, { now, probe: true });
}

Deno.test("a pause begins with three bad answers in a row, or with one refused key or rate limit", async (t) => {
  const rows: [what: string, verdicts: Verdict[], cause: LaterCause | "sending"][] = [
    ["nothing yet", [], "sending"],
    ["one failure", [FAILED], "sending"],
    ["two failures", [FAILED, FAILED], "sending"],
    ["three failures", [FAILED, FAILED, FAILED], "platformx"],
    ["three lost answers", [UNKNOWN, UNKNOWN, UNKNOWN], "platformx"],
    ["failures and lost answers mixed", [FAILED, UNKNOWN, FAILED], "platformx"],
    ["one wrong URL", [later("url")], "sending"],
    ["three wrong URLs", [later("url"), later("url"), later("url")], "url"],
    ["the third one names the cause", [FAILED, FAILED, later("url")], "url"],
    ["a success between", [FAILED, FAILED, DELIVERED, FAILED, FAILED], "sending"],
    ["a refusal between", [FAILED, FAILED, REFUSED, FAILED, FAILED], "sending"],
    ["three after a success", [FAILED, DELIVERED, FAILED, FAILED, FAILED], "platformx"],
    ["many refusals", [REFUSED, REFUSED, REFUSED, REFUSED], "sending"],
    ["one rate limit", [later("rate_limit")], "rate_limit"],
    ["one refused key", [later("key")], "key"],
    ["a rate limit after a failure", [FAILED, later("rate_limit")], "rate_limit"],
  ];
  for (const [what, verdicts, cause] of rows) {
    await t.step(what, () => {
      const pause = after(...verdicts);
      assert.equal(pause.state === "sending" ? "sending" : pause.cause, cause);
    });
  }
});

Deno.test("without a pause everything is admitted, and nothing is a probe", () => {
  for (const pause of [SENDING, after(FAILED), after(FAILED, UNKNOWN)]) {
    assert.deepEqual(admit(pause, 5), { admitted: true, probe: false, pause });
  }
});

Deno.test("in a pause one probe at a time is admitted, and everybody else told the cause and how long", () => {
  const pause = after(later("key"));
  for (const now of [0, 500, 999]) {
    const early = admit(pause, now);
    assert.ok(!early.admitted, `admitted at ${now}`);
    assert.equal(early.cause, "key");
    assert.ok(now + early.waitMs >= 1_000);
  }

  const first = admit(pause, 1_000);
  assert.ok(first.admitted && first.probe);
  for (const now of [1_000, 2_000, 100_000]) {
    const second = admit(first.pause, now);
    assert.ok(!second.admitted, `a second probe at ${now}`);
    assert.ok(second.waitMs > 0);
  }
});

Deno.test("failed probes double the delay from 1 s up to 60 s", () => {
  let pause = after(FAILED, FAILED, FAILED);
  let now = 0;
  for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60, 60]) {
    assert.ok(!admit(pause, now + seconds * 1_000 - 1).admitted, `a probe before ${seconds} s`);
    now += seconds * 1_000;
    pause = probed(pause, seconds % 8 === 0 ? UNKNOWN : FAILED, now);
  }
  assert.ok(pause.state === "paused");
  assert.equal(pause.since, 0);
  assert.equal(pause.failedProbes, 9);
});

Deno.test("a longer Retry-After takes the place of the doubling delay, a shorter one does not", async (t) => {
  const rows: [what: string, pause: Pause, at: number][] = [
    ["at the beginning", after(later("rate_limit", 90_000)), 90_000],
    ["shorter at the beginning", after(later("rate_limit", 10)), 1_000],
    ["with the third failure", after(FAILED, FAILED, later("platformx", 5_000)), 5_000],
    ["an hour", after(later("key", 3_600_000)), 3_600_000],
    ["with a failed probe", probed(after(later("key")), later("key", 30_000), 1_000), 31_000],
    ["shorter with a failed probe", probed(after(later("key")), later("key", 10), 1_000), 3_000],
    ["with a lost answer", probed(after(later("key")), { ...UNKNOWN, retryAfterMs: 9_000 }, 1_000), 10_000],
  ];
  for (const [what, pause, at] of rows) {
    await t.step(what, () => {
      assert.ok(!admit(pause, at - 1).admitted, "too early");
      assert.ok(admit(pause, at).admitted, "too late");
    });
  }
});

Deno.test("the first answer that judges an event ends the pause, and the count begins anew", async (t) => {
  const paused = after(later("rate_limit", 60_000));
  const probing = admit(paused, 60_000);
  assert.ok(probing.admitted);
  const rows: [what: string, pause: Pause, verdict: Verdict, probe: boolean][] = [
    ["a delivered probe", probing.pause, DELIVERED, true],
    ["a refused probe", probing.pause, REFUSED, true],
    ["an earlier attempt that was delivered", paused, DELIVERED, false],
    ["an earlier attempt that was refused", paused, REFUSED, false],
  ];
  for (const [what, pause, verdict, probe] of rows) {
    await t.step(what, () => {
      const ended = observe(pause, verdict, { now: 60_000, probe });
      assert.equal(ended.state, "sending");
      const twoMore = [FAILED, FAILED].reduce<Pause>(
        (at, bad) => observe(at, bad, { now: 60_000, probe: false }),
        ended,
      );
      assert.equal(twoMore.state, "sending");
    });
  }
});

Deno.test("an earlier attempt that fails during a pause changes nothing but a longer Retry-After", () => {
  const pause = after(FAILED, FAILED, FAILED);
  for (const verdict of [FAILED, UNKNOWN, later("platformx", 10)]) {
    assert.deepEqual(observe(pause, verdict, { now: 500, probe: false }), pause);
  }
  const longer = observe(pause, later("rate_limit", 20_000), { now: 500, probe: false });
  assert.ok(!admit(longer, 20_499).admitted);
  assert.ok(admit(longer, 20_500).admitted);
});

Deno.test("an abandoned probe makes room for another one", () => {
  const first = admit(after(later("key")), 1_000);
  assert.ok(first.admitted);
  const next = admit(abandonProbe(first.pause), 1_000);
  assert.ok(next.admitted && next.probe);
  assert.equal(abandonProbe(SENDING).state, "sending");
});

Deno.test("a Retry-After that an earlier attempt brought outlives a probe that fails meanwhile", () => {
  const probing = admit(after(later("key")), 1_000);
  assert.ok(probing.admitted);
  const told = observe(probing.pause, later("rate_limit", 600_000), { now: 1_100, probe: false });
  const failed = observe(told, FAILED, { now: 1_200, probe: true });
  assert.ok(!admit(failed, 601_099).admitted);
  assert.ok(admit(failed, 601_100).admitted);
});

Deno.test("a probe of an earlier pause keeps its place until it is answered", () => {
  const probing = admit(after(later("key")), 1_000);
  assert.ok(probing.admitted);
  const ended = observe(probing.pause, DELIVERED, { now: 1_100, probe: false });
  const again = observe(ended, later("key"), { now: 1_200, probe: false });
  assert.ok(!admit(again, 10_000).admitted, "a second probe while the first is on its way");
});

/** What may happen, in any order: time passes, somebody asks for leave, an attempt under way ends. */
type Step =
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "ask" }
  | { readonly kind: "end"; readonly which: number; readonly verdict: Verdict | "abandoned" };

const anyVerdict = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(DELIVERED, REFUSED) },
  { weight: 3, arbitrary: fc.constantFrom(FAILED, UNKNOWN, later("url"), later("key"), later("rate_limit")) },
  { weight: 2, arbitrary: fc.constantFrom(1, 5_000, 600_000).map((ms) => later("rate_limit", ms)) },
);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.constantFrom(1, 999, 1_000, 60_000, 700_000).map((ms) => ({ kind: "wait", ms } as const)),
  },
  { weight: 3, arbitrary: fc.constant({ kind: "ask" } as const) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("end" as const),
      which: fc.nat(7),
      verdict: fc.oneof({ weight: 9, arbitrary: anyVerdict }, {
        weight: 1,
        arbitrary: fc.constant("abandoned" as const),
      }),
    }),
  },
);

interface Moment {
  readonly pause: Pause;
  readonly now: number;
  /** `probe` of each attempt under way. */
  readonly underWay: readonly boolean[];
}

/** Plays the steps; `onAdmitted` sees what was true before an admission, `onEnded` what a verdict led to. */
function play(steps: readonly Step[], watch: {
  readonly onAdmitted?: (before: Moment, probe: boolean) => void;
  readonly onEnded?: (before: Moment, verdict: Verdict, after: Pause) => void;
}): void {
  let pause: Pause = SENDING;
  let now = 0;
  const underWay: boolean[] = [];
  for (const step of steps) {
    const before = { pause, now, underWay: [...underWay] };
    if (step.kind === "wait") now += step.ms;
    if (step.kind === "ask") {
      const admission = admit(pause, now);
      if (!admission.admitted) continue;
      pause = admission.pause;
      underWay.push(admission.probe);
      watch.onAdmitted?.(before, admission.probe);
    }
    if (step.kind === "end" && underWay.length > 0) {
      const probe = underWay.splice(step.which % underWay.length, 1)[0]!;
      if (step.verdict === "abandoned") pause = probe ? abandonProbe(pause) : pause;
      else {
        pause = observe(pause, step.verdict, { now, probe });
        watch.onEnded?.(before, step.verdict, pause);
      }
    }
  }
}

/** Long enough runs for two pauses, with attempts under way across them. */
function always(check: (steps: readonly Step[]) => void): void {
  fc.assert(fc.property(fc.array(anyStep, { size: "large", maxLength: 80 }), check), { numRuns: 5_000 });
}

Deno.test("property: there are never two probes under way", () => {
  always((steps) =>
    play(steps, { onAdmitted: ({ underWay }, probe) => assert.ok(!probe || !underWay.includes(true)) })
  );
});

Deno.test("property: what is admitted during a pause is a probe, and nothing else is", () => {
  always((steps) =>
    play(steps, { onAdmitted: ({ pause }, probe) => assert.equal(probe, pause.state === "paused") })
  );
});

Deno.test("property: the first judged answer ends the pause, and nothing else does", () => {
  always((steps) =>
    play(steps, {
      onEnded: ({ pause }, verdict, next) => {
        const judged = verdict.kind === "delivered" || verdict.kind === "refused";
        if (judged) assert.ok(next.state === "sending" && next.badInARow === 0);
        else if (pause.state === "paused") assert.equal(next.state, "paused");
      },
    })
  );
});

Deno.test("property: no probe goes out before a Retry-After that was heard during its pause", () => {
  always((steps) => {
    let notBefore = 0;
    play(steps, {
      onEnded: ({ now }, verdict, next) => {
        const asked = "retryAfterMs" in verdict ? now + (verdict.retryAfterMs ?? 0) : 0;
        notBefore = next.state === "paused" ? Math.max(notBefore, asked) : 0;
      },
      onAdmitted: ({ pause, now }) => assert.ok(pause.state === "sending" || now >= notBefore),
    });
  });
});
