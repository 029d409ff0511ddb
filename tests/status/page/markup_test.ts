/** What keeps texts from outside out of the page's markup, and the page small. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Status, STATUSES } from "../../../lib/delivery/outcome.ts";
import { detailsPage, drainingPage, publicPage } from "../../../lib/status/page/page.ts";
import { escapeText, markup } from "../../../lib/status/page/html.ts";
import type { PageState, PageView, RecentWebhook } from "../../../lib/status/page/state.ts";
import { LATER_CAUSES } from "../../../lib/platformx/verdict.ts";
import { anyText } from "../../support/fakes.ts";
import { busyState, NOW, stateWith } from "./states.ts";

const VIEW: PageView = { details: true, still: false };
const SEEN = NOW - 12_000;

Deno.test("one function escapes every text; markup goes in as it is, and undefined is nothing", () => {
  assert.equal(escapeText(`<a b='c' d="e">&\ud800`), "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;\ufffd");
  const inner = markup`<i>${"<"}</i>`;
  assert.equal(
    `${markup`<b>${inner}${[inner, inner]}${undefined}${"&"}${0}</b>`}`,
    "<b><i>&lt;</i><i>&lt;</i><i>&lt;</i>&amp;0</b>",
  );
});

const HOSTILE = `"><script>alert('x')</script><img src=x onerror=alert(1)>&\u202e`;

Deno.test("a hostile name is text wherever it stands, and an address in it is not shown", () => {
  const name = `eve@example.com ${HOSTILE}`;
  const recent: RecentWebhook[] = [{
    at: SEEN,
    notification: HOSTILE,
    status: "ignored",
    reason: HOSTILE,
    ms: 1,
  }];
  const lastSeen = { [name]: null, ["__proto__"]: null };
  const page = detailsPage(stateWith({ lastSeen, version: HOSTILE }, { recent }), VIEW, NOW);
  assert.doesNotMatch(page, /<script|<img|eve@/);
  assert.match(page, /&quot;&gt;&lt;script&gt;alert\(&#39;x&#39;\)/);
});

const anyStatus = fc.constantFrom<Status>(...STATUSES);
const anyTime = fc.integer({ min: 0, max: NOW + 86_400_000 });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const anySpans = (length: number) =>
  fc.array(fc.array(fc.nat(1_000_000), { minLength: STATUSES.length, maxLength: STATUSES.length }), {
    minLength: length,
    maxLength: length,
  });
const anyHostileText = fc.oneof(anyText(80), fc.constant(HOSTILE));

/** Every state, with texts of every kind where a text can come from outside. */
const anyState: fc.Arbitrary<PageState> = fc.record({
  health: fc.record({
    version: anyHostileText,
    uptimeSeconds: fc.nat(),
    mode: fc.constantFrom("direct", "outbox", "dry_run"),
    eventsTracked: fc.array(anyHostileText),
    lastSeen: fc.dictionary(
      anyHostileText,
      fc.option(anyTime.map((at) => new Date(at).toISOString())),
      { maxKeys: 40 },
    ),
    counts: fc.dictionary(anyStatus, fc.nat()),
    paused: maybe(fc.record({ cause: fc.constantFrom(...LATER_CAUSES), at: anyTime, forMs: fc.nat() })),
    lastDelivered: maybe(anyTime),
    outbox: fc.oneof(
      fc.constantFrom(undefined, "unreadable" as const),
      fc.record({
        pending: fc.nat(),
        dead: fc.nat(),
        oldestPendingMs: maybe(fc.integer()),
        oldestDeadMs: maybe(fc.integer()),
      }),
    ),
  }),
  hour: anySpans(60),
  day: anySpans(48),
  lastWebhook: maybe(anyTime),
  recent: fc.array(
    fc.record({
      at: anyTime,
      notification: maybe(anyHostileText),
      status: anyStatus,
      reason: maybe(anyHostileText),
      ms: fc.double({ min: 0, max: 1e9, noNaN: true }),
    }),
    { maxLength: 50 },
  ),
});

/** What a tag of the page looks like: no tag can come of a text, and none has a style or a handler. */
const TAG = /^<(?:!DOCTYPE html|\/[a-z0-9]+|[a-z0-9]+(?: [a-zA-Z-]+="[^"<>]*")*\/?)>$/;

function checkTags(page: string): void {
  const body = page.replace(/<style>[\s\S]*?<\/style>/, "");
  for (const [tag] of body.matchAll(/<[^>]*>?/g)) {
    assert.match(tag, TAG);
    assert.doesNotMatch(tag, /^<(?:script|style|iframe|form|base|object|link)| (?:style|src|on[a-z]+)=/i);
  }
  assert.doesNotMatch(body.replace(/<[^>]*>/g, ""), /[<>"']/);
  assert.doesNotMatch(body, /&(?!(?:amp|lt|gt|quot|#39);)/);
  const opened = [...body.matchAll(/<([a-z][a-z0-9]*)(?![^>]*\/>)[^>]*>/g)].map(([, tag]) => tag!)
    .filter((tag) => tag !== "meta");
  const closed = [...body.matchAll(/<\/([a-z][a-z0-9]*)>/g)].map(([, tag]) => tag!);
  assert.deepEqual(opened.sort(), closed.sort());
  assert.equal(page, page.toWellFormed());
}

Deno.test("property: whatever the state, the page holds no unescaped text and stays below 150 kB", () => {
  fc.assert(
    fc.property(anyState, fc.boolean(), (state, still) => {
      const page = detailsPage(state, { details: true, still }, NOW);
      checkTags(page);
      assert.ok(new TextEncoder().encode(page).length < 150_000);
    }),
    { numRuns: 150 },
  );
});

Deno.test("the largest page with every notification tracked is below 64 kB", () => {
  const bytes = new TextEncoder().encode(detailsPage(busyState(), VIEW, NOW)).length;
  assert.ok(bytes > 20_000 && bytes < 64_000, `${bytes} bytes`);
});

Deno.test("without a right to details a page tells a word and holds the link that asks", () => {
  for (const [status, words] of [["ok", /Running\./], ["degraded", /events are delayed/]] as const) {
    const page = publicPage(status, { details: false, still: false }, NOW);
    checkTags(page);
    assert.match(page, words);
    assert.match(page, /<a href="\/\?details">/);
    assert.doesNotMatch(page, /<table|<svg/);
  }
  checkTags(drainingPage(VIEW, NOW));
});
