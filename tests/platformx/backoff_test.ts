import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Backoff,
  bound,
  delayAfter,
  DIRECT_BACKOFF,
  parseRetryAfter,
} from "../../lib/platformx/backoff.ts";

const OUTBOX_BACKOFF: Backoff = { first: 1_000, longest: 15 * 60_000 };
const ALMOST_ONE = 1 - Number.EPSILON;
const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 0, 2, 3, 0, 0);

Deno.test("the bound of the delay doubles with each attempt up to the longest", async (t) => {
  const rows: [what: string, backoff: Backoff, bounds: number[]][] = [
    ["direct: 0.5 s to 5 s", DIRECT_BACKOFF, [500, 1_000, 2_000, 4_000, 5_000, 5_000]],
    [
      "outbox: 1 s to 15 min",
      OUTBOX_BACKOFF,
      [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900].map((s) => s * 1_000),
    ],
  ];
  for (const [what, backoff, bounds] of rows) {
    await t.step(what, () => assert.deepEqual(bounds.map((_, i) => bound(i + 1, backoff)), bounds));
  }
  await t.step("the count of attempts may be anything", () => {
    for (const attempts of [0, -1]) assert.equal(bound(attempts, DIRECT_BACKOFF), 500);
    for (const attempts of [41, 1_100, Infinity]) assert.equal(bound(attempts, DIRECT_BACKOFF), 5_000);
  });
});

Deno.test("the jitter is full: from nothing to just below the bound, in proportion", () => {
  for (const attempts of [1, 2, 3, 4, 5, 6]) {
    const top = bound(attempts, DIRECT_BACKOFF);
    assert.equal(delayAfter(attempts, DIRECT_BACKOFF, { random: 0 }), 0);
    assert.equal(delayAfter(attempts, DIRECT_BACKOFF, { random: 0.5 }), top / 2);
    assert.equal(delayAfter(attempts, DIRECT_BACKOFF, { random: ALMOST_ONE }), top - 1);
  }
});

Deno.test("a delay is whole milliseconds within the bound, and never shorter than Retry-After", () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const asked = fc.option(fc.integer({ min: 0, max: HOUR }), { nil: undefined });
  const attempts = fc.integer({ min: 1, max: 100_000 });
  fc.assert(
    fc.property(
      attempts,
      random,
      asked,
      fc.constantFrom(DIRECT_BACKOFF, OUTBOX_BACKOFF),
      (n, r, ms, backoff) => {
        const delay = delayAfter(n, backoff, { random: r, retryAfterMs: ms });
        assert.ok(Number.isSafeInteger(delay) && delay >= 0);
        assert.ok(delay >= (ms ?? 0));
        assert.ok(delay < bound(n, backoff) || delay === ms);
      },
    ),
  );
});

Deno.test("Retry-After is read as seconds or as a date, and believed for an hour at most", async (t) => {
  const rows: [header: string | null, expected: number | undefined][] = [
    ["0", 0],
    ["1", 1_000],
    ["120", 120_000],
    [" 30 ", 30_000],
    ["007", 7_000],
    ["3600", HOUR],
    ["3601", HOUR],
    ["99999999999999999999999", HOUR],
    ["Fri, 02 Jan 2026 03:00:30 GMT", 30_000],
    ["fri, 02 jan 2026 03:00:30 gmt", 30_000],
    ["Friday, 02-Jan-26 03:00:30 GMT", 30_000],
    ["Fri Jan  2 03:00:30 2026", 30_000],
    ["Fri, 02 Jan 2026 03:00:00 GMT", 0],
    ["Fri, 02 Jan 2026 02:59:59 GMT", 0],
    ["Sun, 06 Nov 1994 08:49:37 GMT", 0],
    ["Fri, 02 Jan 2026 04:00:01 GMT", HOUR],
    ["Tue, 01 Jan 2999 00:00:00 GMT", HOUR],
    [null, undefined],
    ["", undefined],
    ["   ", undefined],
    ["-5", undefined],
    ["+5", undefined],
    ["1e3", undefined],
    ["0x10", undefined],
    ["5s", undefined],
    ["120 s", undefined],
    ["1,5", undefined],
    ["NaN", undefined],
    ["Infinity", undefined],
    ["soon", undefined],
    ["never", undefined],
    ["5, 10", undefined],
    ["Fri, 99 Jan 2026 03:00:30 GMT", undefined],
  ];
  for (const [header, expected] of rows) {
    await t.step(`'${header}'`, () => assert.equal(parseRetryAfter(header, NOW), expected));
  }
});

Deno.test("words with a number are no date, and ask for nothing", async (t) => {
  for (const header of ["retry 3600", "wait 2030", "soon 5", "Monday 5"]) {
    await t.step(`'${header}'`, () => assert.equal(parseRetryAfter(header, NOW), undefined));
  }
});

Deno.test("a date without a time zone is GMT wherever the service runs", () => {
  const zone = Deno.env.get("TZ");
  try {
    Deno.env.set("TZ", "America/New_York");
    assert.equal(new Date(NOW).getTimezoneOffset(), 300, "the time zone took effect");
    assert.equal(parseRetryAfter("Fri Jan  2 03:00:30 2026", NOW), 30_000);
  } finally {
    if (zone === undefined) Deno.env.delete("TZ");
    else Deno.env.set("TZ", zone);
  }
});

Deno.test("whatever the header says, the wait is between nothing and an hour", () => {
  const header = fc.oneof(fc.string(), fc.date().map((date) => date.toUTCString()), fc.double().map(String));
  fc.assert(fc.property(header, fc.integer({ min: 0, max: 4e12 }), (text, now) => {
    const wait = parseRetryAfter(text, now);
    assert.ok(wait === undefined || (wait >= 0 && wait <= HOUR));
  }));
});
