/** Every state of the service: page, public page and health say the same, and nothing bad is green. */
import { constant } from "../../lib/base/redact.ts";
import assert from "node:assert/strict";
import { ATTENTION_CODES, type AttentionCode, attentionOf, isDegraded } from "../../lib/status/attention.ts";
import { detailedHealth, publicHealth } from "../../lib/status/health.ts";
import { headlineOf, saidOf } from "../../lib/status/page/headline.ts";
import { detailsPage, publicPage } from "../../lib/status/page/page.ts";
import { metricsText } from "../../lib/status/metrics.ts";
import type { Mode, Status } from "../../lib/status/status.ts";
import {
  deadLetters,
  EMPTY,
  HOUR,
  MINUTE,
  NOW,
  outcomeOf,
  type Past,
  pausedFor,
  SENDING,
  statsOf,
  statusWith,
  USAGE,
} from "./states.ts";

const VIEW = { details: true, still: true, selection: undefined };
const ok = (ago: number): Past => ({ ago, outcome: outcomeOf({ status: "forwarded" }) });
const wrong = (reason: "unauthorized" | "redirected" | "too_slow", ...agos: readonly number[]): Past[] =>
  agos.map((ago) => ({ ago, outcome: outcomeOf({ status: "error", reason }) }));

/** One aspect: a name, what of the state it sets, the codes that follow, and whether something came to nothing of late. */
interface Aspect {
  readonly what: string;
  readonly set?: Partial<Status>;
  readonly past?: readonly Past[];
  readonly codes?: readonly AttentionCode[];
  /** An event was lost, refused, turned away or asked to come again within the hour. */
  readonly failed?: true;
  /** Only with these modes. */
  readonly only?: readonly Mode[];
}

const SENT: readonly Mode[] = ["direct", "outbox"];

const STORE: readonly Aspect[] = [
  { what: "the store works" },
  {
    what: "the store fails",
    set: { outbox: { ...EMPTY, failing: "full" } },
    codes: ["store_failing"],
    only: ["outbox"],
  },
  {
    what: "a young event waits",
    set: { outbox: { ...EMPTY, pending: 3, oldestPendingMs: 5 * MINUTE } },
    only: ["outbox"],
  },
  {
    what: "an old event waits",
    set: { outbox: { ...EMPTY, pending: 3, oldestPendingMs: 5 * MINUTE + 1 } },
    codes: ["backlog"],
    only: ["outbox"],
  },
  {
    what: "a dead letter of today",
    set: { outbox: deadLetters(7, 24 * HOUR) },
    codes: ["dead_letters"],
    only: ["outbox"],
  },
  { what: "a dead letter of long ago", set: { outbox: deadLetters(7, 24 * HOUR + 1) }, only: ["outbox"] },
];

const PAUSE: readonly Aspect[] = [
  { what: "sending" },
  ...(["platformx", "rate_limit"] as const).flatMap((cause): Aspect[] => [
    { what: `a minute's pause, ${cause}`, set: { platformx: pausedFor(MINUTE, cause) }, only: SENT },
    {
      what: `a longer pause, ${cause}`,
      set: { platformx: pausedFor(MINUTE + 1, cause) },
      codes: ["paused"],
      only: SENT,
    },
  ]),
  {
    what: "the key was refused just now",
    set: { platformx: pausedFor(0, "key") },
    codes: ["key_refused"],
    only: SENT,
  },
  {
    what: "the key is refused for long",
    set: { platformx: pausedFor(HOUR, "key") },
    codes: ["key_refused", "paused"],
    only: SENT,
  },
  {
    what: "somebody else answers",
    set: { platformx: { ...SENDING, trouble: "url" } },
    codes: ["wrong_url"],
    only: SENT,
  },
  {
    what: "paused, then somebody else answers",
    set: { platformx: { ...pausedFor(HOUR), trouble: "url" } },
    codes: ["wrong_url", "paused"],
    only: SENT,
  },
];

const WEBHOOKS: readonly Aspect[] = [
  { what: "no webhook" },
  { what: "one was taken", past: [ok(20 * MINUTE)] },
  {
    what: "one was refused",
    past: [ok(20 * MINUTE), { ago: HOUR, outcome: outcomeOf({ status: "refused", words: constant("no") }) }],
    codes: ["refused"],
    failed: true,
    only: ["direct"],
  },
  {
    what: "one was refused long ago",
    past: [
      { ago: HOUR + 1, outcome: outcomeOf({ status: "refused", words: constant("no") }) },
      ok(20 * MINUTE),
    ],
    only: ["direct"],
  },
  {
    what: "one was asked to come again",
    past: [{ ago: 9, outcome: outcomeOf({ status: "unavailable", reason: "busy", retryAfterMs: 1 }) }],
    failed: true,
  },
];

const TURNED_AWAY: readonly Aspect[] = [
  { what: "nobody turned away" },
  { what: "two turned away", past: wrong("unauthorized", MINUTE, MINUTE), failed: true },
  {
    what: "three turned away",
    past: wrong("unauthorized", 10 * MINUTE, MINUTE, 0),
    codes: ["turned_away"],
    failed: true,
  },
  {
    what: "three in more than ten minutes",
    past: wrong("redirected", 10 * MINUTE + 1, MINUTE, 0),
    failed: true,
  },
  { what: "three, then one was taken", past: [...wrong("unauthorized", 3, 2, 1), ok(0)], failed: true },
  { what: "three slow ones", past: wrong("too_slow", 3, 2, 1), failed: true },
  {
    what: "strangers turned away",
    past: wrong("unauthorized", 3, 2, 1).map((past) => ({ ...past, stranger: true })),
  },
  { what: "three turned away long ago", past: wrong("unauthorized", 3 * HOUR, 3 * HOUR, 3 * HOUR) },
];

const LOG: readonly Aspect[] = [
  { what: "the log is written" },
  { what: "lines were lost", set: { log: { lost: 9, lastLostMs: HOUR } }, codes: ["log_failing"] },
  { what: "lines were lost long ago", set: { log: { lost: 9, lastLostMs: HOUR + 1 } } },
];

const CODER: readonly Aspect[] = [
  { what: "Coder is not asked" },
  { what: "Coder answers", set: { coder: { failingMs: undefined } } },
  { what: "Coder does not answer", set: { coder: { failingMs: 5 } }, codes: ["coder_unreachable"] },
];

const DELIVERED: readonly Aspect[] = [
  { what: "nothing delivered yet" },
  {
    what: "events were delivered",
    set: { platformx: { ...SENDING, lastDelivered: NOW - 12_000 } },
    only: SENT,
  },
];

const MODES: readonly Aspect[] = [
  { what: "direct", set: { mode: "direct" } },
  { what: "outbox", set: { mode: "outbox", outbox: EMPTY } },
  { what: "dry_run", set: { mode: "dry_run" }, codes: ["dry_run"] },
];

interface Combination {
  readonly what: string;
  readonly status: Status;
  readonly codes: readonly AttentionCode[];
  readonly failed: boolean;
}

function* combinations(): Generator<Combination> {
  for (const picked of choices([MODES, STORE, PAUSE, WEBHOOKS, TURNED_AWAY, LOG, CODER, DELIVERED])) {
    const mode = picked[0]!.set!.mode!;
    if (picked.some(({ only }) => only !== undefined && !only.includes(mode))) continue;
    const past = picked.flatMap(({ past = [] }) => past);
    // Webhooks come in the order of time; the last table decides among equal ones.
    const stats = statsOf(past.toSorted((a, b) => b.ago - a.ago), { withOutbox: mode === "outbox" });
    const [pause, delivered] = [picked[2]!.set?.platformx, picked[7]!.set?.platformx];
    const platformx = { ...SENDING, ...delivered, ...pause, lastDelivered: delivered?.lastDelivered };
    const set = Object.assign({}, ...picked.map(({ set = {} }) => set));
    const codes = new Set(picked.flatMap(({ codes = [] }) => codes));
    yield {
      what: picked.map(({ what }) => what).join(", "),
      status: statusWith({ ...set, platformx, stats, uptimeMs: 30 * HOUR }),
      codes: ATTENTION_CODES.filter((code) => codes.has(code)),
      failed: picked.some(({ failed }) => failed === true),
    };
  }
}

function* choices(tables: readonly (readonly Aspect[])[]): Generator<readonly Aspect[]> {
  const [first, ...rest] = tables;
  if (first === undefined) return yield [];
  for (const aspect of first) for (const others of choices(rest)) yield [aspect, ...others];
}

/** Texts that are right in one mode only. */
const PROMISES: readonly (readonly [RegExp, readonly Mode[]])[] = [
  [/wait in the outbox|by outbox|outbox (?:list|replay)/, ["outbox"]],
  [/Coder is (?:asked|answered)/, ["direct"]],
  [/Delivering|forwarded/, SENT],
];

Deno.test("attention, headline, colour, public page and health agree in every state, and nothing bad is green", () => {
  let count = 0;
  const seen = new Set<AttentionCode>();
  for (const { what, status, codes, failed } of combinations()) {
    count++;
    const attention = attentionOf(status);
    assert.deepEqual(attention, codes, what);
    attention.forEach((code) => seen.add(code));
    const degraded = attention.some((code) => code !== "dry_run");
    assert.equal(isDegraded(attention), degraded, what);
    assert.equal(publicHealth(status).status, degraded ? "degraded" : "ok", what);
    assert.deepEqual(detailedHealth(status)["attention"], attention, what);

    const headline = headlineOf(status);
    if (attention.length > 0) assert.deepEqual(headline, saidOf(attention[0]!, status), what);
    assert.equal(headline.tone === "warn" || headline.tone === "bad", degraded, `${what}: ${headline.tone}`);
    if (failed || attention.length > 0 || status.platformx.paused !== undefined) {
      assert.notEqual(headline.tone, "good", what);
    }
    assert.ok(
      !/undefined|NaN|null/.test(headline.text + headline.more),
      `${what}: ${headline.text} ${headline.more}`,
    );
    if (headline.tone === "good") assert.match(headline.text, /^Delivering\./, what);
  }
  assert.deepEqual([...seen].toSorted(), ATTENTION_CODES.toSorted());
  assert.ok(count > 10_000, `${count}`);
});

Deno.test("details, public page and metrics show what the state is", () => {
  let index = 0;
  for (const { what, status } of combinations()) {
    // The pages take long to make: one in some, of every kind.
    if (index++ % 23 !== 0) continue;
    const { text, tone } = headlineOf(status);
    const page = detailsPage(status, VIEW);
    const box = /<section class="state (\w+)"><p class="say" role="status">([^<]*)<\/p>/;
    const [, shownTone, shown] = box.exec(page) ?? assert.fail(page);
    assert.deepEqual([shownTone, shown!.replaceAll("&#39;", "'")], [tone, text], what);
    const anyones = publicPage(status, { ...VIEW, details: false });
    assert.equal(box.exec(anyones)?.[1], tone, what);
    assert.equal(/operator is needed/.test(anyones), publicHealth(status).status === "degraded", what);
    assert.doesNotMatch(
      anyones,
      /lost|later|forwarded|delayed|outbox|PlatformX cannot/,
      "it promises or tells too much",
    );
    const words = page.replace(/<table[\s\S]*?<\/table>|<ul class="legend">[\s\S]*?<\/ul>/g, "");
    for (const [promise, modes] of PROMISES) {
      if (!modes.includes(status.mode)) assert.doesNotMatch(words, promise, what);
    }
    const metrics = metricsText(status, USAGE, "prometheus");
    const shownCodes = [...metrics.matchAll(/^coder_platformx_attention\{code="(\w+)"\} 1$/gm)].map((
      [, code],
    ) => code);
    assert.deepEqual(shownCodes, attentionOf(status), what);
  }
});

Deno.test("a pause says in each mode what becomes of events, and when the next try is", () => {
  for (const cause of ["platformx", "rate_limit", "key", "url"] as const) {
    const platformx = pausedFor(28 * MINUTE, cause);
    const direct = headlineOf(statusWith({ platformx }));
    assert.match(direct.text, /^Paused since 14:02: /);
    assert.match(direct.more, /The next webhook after 14:30:17 UTC, in 12 s, is tried;/);
    assert.match(direct.more, /Coder is asked to send again: it does so for about 21 minutes/);
    const outbox = headlineOf(
      statusWith({ mode: "outbox", outbox: EMPTY, platformx: pausedFor(90_000, cause, 0) }),
    );
    assert.match(outbox.more, /The next event is tried;.*events wait in the outbox/);
  }
});

Deno.test("a machine's clock that was set back hides nothing", () => {
  const refused = statsOf([{ ago: -HOUR, outcome: outcomeOf({ status: "refused", words: constant("no") }) }]);
  const away = statsOf(wrong("redirected", -HOUR, -HOUR, -HOUR));
  for (const [stats, code] of [[refused, "refused"], [away, "turned_away"]] as const) {
    const status = statusWith({ stats });
    assert.deepEqual(attentionOf(status), [code]);
    assert.doesNotMatch(detailsPage(status, VIEW), /undefined|NaN/);
  }
  assert.match(headlineOf(statusWith({ stats: away })).more, /A redirect turned/);
});
