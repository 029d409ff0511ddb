/** What keeps texts from outside out of the page's markup, and the page small. */
import { inFull } from "../../../lib/base/redact.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { LATER_CAUSES } from "../../../lib/platformx/verdict.ts";
import { escapeText, markup } from "../../../lib/status/page/html.ts";
import {
  detailsPage,
  drainingPage,
  notFoundPage,
  publicPage,
  unauthorizedPage,
} from "../../../lib/status/page/page.ts";
import { type PageView, viewOf } from "../../../lib/status/page/view.ts";
import { anyText } from "../../support/fakes.ts";
import {
  busyWith,
  deadLetters,
  EMPTY,
  NOW,
  outcomeOf,
  type Past,
  pausedFor,
  recordOf,
  settle,
} from "../states.ts";
import { STATES, statsOf, statusWith } from "../states.ts";

const VIEW: PageView = { details: true, still: false, selection: undefined };

Deno.test("one function escapes every text; markup goes in as it is, and undefined is nothing", () => {
  assert.equal(escapeText(`<a b='c' d="e">&\ud800`), "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;\ufffd");
  const inner = markup`<i>${"<"}</i>`;
  assert.equal(
    `${markup`<b>${inner}${[inner, inner]}${undefined}${"&"}${0}</b>`}`,
    "<b><i>&lt;</i><i>&lt;</i><i>&lt;</i>&amp;0</b>",
  );
});

const HOSTILE = `"><script>alert('x')</script><img src=x onerror=alert(1)>&\u202e`;

/** What a tag of the page looks like: no tag can come of a text, and none has a style or a handler. */
const TAG = /^<(?:!DOCTYPE html|\/[a-z0-9]+|[a-z0-9]+(?: [a-zA-Z-]+="[^"<>]*")*\/?)>$/;

function checkTags(page: string): void {
  const body = page.replace(/<style>[\s\S]*?<\/style>/, "");
  for (const [tag] of body.matchAll(/<[^>]*>?/g)) {
    assert.match(tag, TAG);
    assert.doesNotMatch(
      tag.replace(/"[^"]*"/g, ""),
      /^<(?:script|style|iframe|form|base|object|link)| (?:style|src|on[a-z]+)=/i,
    );
    // Whatever is in front of the service, a link stays below the path under which the page was opened.
    const [, href] = / href="([^"]*)"/.exec(tag) ?? [];
    assert.ok(href === undefined || /^(?:\?|(?:\.\.?\/)+$|https:\/\/coder\.com\/docs\/)/.test(href), tag);
  }
  assert.doesNotMatch(body.replace(/<[^>]*>/g, ""), /[<>"']/);
  assert.doesNotMatch(body, /&(?!(?:amp|lt|gt|quot|#39);)/);
  const opened = [...body.matchAll(/<([a-z][a-z0-9]*)(?![^>]*\/>)[^>]*>/g)].map(([, tag]) => tag!)
    .filter((tag) => tag !== "meta");
  const closed = [...body.matchAll(/<\/([a-z][a-z0-9]*)>/g)].map(([, tag]) => tag!);
  assert.deepEqual(opened.sort(), closed.sort());
  assert.equal(page, page.toWellFormed());
  assert.equal(body.match(/role="status"/g)?.length, 1);
}

const anyHostileText = fc.oneof(anyText(80), fc.constant(HOSTILE));

/** Webhooks with texts of every kind where a text can come from outside. */
const anyPast: fc.Arbitrary<Past> = fc.record({
  ago: fc.integer({ min: -1_000, max: 90_000_000 }),
  outcome: fc.tuple(
    fc.constantFrom("forwarded", "queued", "duplicate", "refused", "error", "secret"),
    anyHostileText,
    anyHostileText,
  ).map(([status, name, id]) => {
    if (status === "refused") return outcomeOf({ status, words: inFull(name) }, { name, id });
    if (status === "error") return outcomeOf({ status, reason: "not_found", detail: inFull(name) }, { id });
    if (status === "secret") {
      return { status: "ignored", reason: "secret", attempts: 0, messageId: inFull(id) };
    }
    return outcomeOf({ status }, { name, id });
  }),
  stranger: fc.boolean(),
});

Deno.test("property: whatever has come, the pages hold no unescaped text and stay below 150 kB", () => {
  fc.assert(
    fc.property(
      fc.array(anyPast, { maxLength: 60 }),
      fc.array(anyHostileText, { maxLength: 40 }),
      anyHostileText,
      fc.option(fc.constantFrom(...LATER_CAUSES), { nil: undefined }),
      (past, expected, text, cause) => {
        const stats = statsOf(past, { expected, withOutbox: true });
        past.forEach(({ outcome }) =>
          settle(stats, recordOf(outcome.messageId ?? "", 5, text), "refused", 1)
        );
        const status = statusWith({
          stats,
          version: text,
          ...cause === undefined ? {} : { platformx: pausedFor(9, cause) },
          ...past.length % 2 === 0 ? {} : {
            mode: "outbox" as const,
            outbox: {
              ...deadLetters(3, 9, "refused", inFull(text)),
              failing: past.length % 3 === 0 ? undefined : text,
            },
          },
        });
        const query = new URLSearchParams({ details: "" });
        for (const name of ["none", "only", "notification", "message"]) {
          const view = viewOf(new URLSearchParams({ ...Object.fromEntries(query), [name]: text }));
          const page = detailsPage(status, view);
          checkTags(page);
          assert.ok(new TextEncoder().encode(page).length < 150_000);
          checkTags(publicPage(status, view));
        }
        checkTags(detailsPage(status, viewOf(new URLSearchParams("only=failed"))));
        checkTags(notFoundPage(text, "../", NOW));
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("no page shows an address, wherever one came in", () => {
  const name = "eve@example.com";
  const status = statusWith({
    mode: "outbox",
    outbox: EMPTY,
    stats: statsOf([{ ago: 1, outcome: outcomeOf({ status: "forwarded" }) }], { expected: [name] }),
  });
  for (const query of ["", "only=failed", `notification=${name}`, `message=${name}`]) {
    assert.doesNotMatch(detailsPage(status, viewOf(new URLSearchParams(query))), /eve@/, query);
    assert.doesNotMatch(publicPage(status, viewOf(new URLSearchParams(query))), /eve@/, query);
  }
});

Deno.test("the page of every state is sound, and with every notification tracked below 64 kB", () => {
  for (const [name, status] of Object.entries(STATES)) {
    for (const page of [detailsPage(status, VIEW), publicPage(status, { ...VIEW, details: false })]) {
      checkTags(page);
      assert.doesNotMatch(page, /undefined|NaN|\[object/, name);
    }
  }
  const bytes = new TextEncoder().encode(detailsPage(busyWith(), VIEW)).length;
  assert.ok(bytes > 20_000 && bytes < 64_000, `${bytes} bytes`);
  for (const page of [drainingPage(VIEW, NOW), unauthorizedPage(NOW)]) checkTags(page);
});
