import assert from "node:assert/strict";
import { CATALOGUE } from "../../../lib/coder/catalogue.ts";
import type { HealthState } from "../../../lib/status/health.ts";
import { detailsPage } from "../../../lib/status/page/page.ts";
import { chart } from "../../../lib/status/page/chart.ts";
import { escapeText } from "../../../lib/status/page/html.ts";
import { likelyReason } from "../../../lib/status/page/missing.ts";
import { sentenceOf, type Tone } from "../../../lib/status/page/sentence.ts";
import type { PageState, PageView, RecentWebhook } from "../../../lib/status/page/state.ts";
import { ago, clockTime, span } from "../../../lib/status/page/times.ts";
import { LATER_CAUSES } from "../../../lib/platformx/verdict.ts";
import { BUSY_RECENT, busyState, NOW, spanOf, stateWith } from "./states.ts";

const VIEW: PageView = { details: true, still: false };
const SEEN = NOW - 12_000;
const AT_14_02 = Date.UTC(2026, 0, 2, 14, 2);
const paused = (cause: NonNullable<HealthState["paused"]>["cause"], at = AT_14_02) => ({
  paused: { cause, at, forMs: NOW - at },
});
const waiting = (pending: number, oldestPendingMs?: number): Partial<HealthState> => ({
  mode: "outbox",
  outbox: { pending, dead: 0, oldestPendingMs },
});
const arrived = { lastWebhook: SEEN, recent: BUSY_RECENT };

const SENTENCES: readonly (readonly [PageState, Tone, string])[] = [
  [stateWith(), "idle", "Ready. No webhook in the 3 min since the start."],
  [
    stateWith({}, { recent: BUSY_RECENT }),
    "warn",
    "Ready, but every request in the 3 min since the start was turned away.",
  ],
  [stateWith({}, arrived), "idle", "Ready. Last webhook 12 s ago, but no event since the start."],
  [stateWith(waiting(1, 5_000), arrived), "good", "Delivering. 1 event in the outbox, none sent yet."],
  [stateWith({ lastDelivered: SEEN }, arrived), "good", "Delivering. Last event 12 s ago."],
  [stateWith({ lastDelivered: SEEN }), "good", "Delivering. Last event 12 s ago."],
  [stateWith({ lastDelivered: NOW + 5_000 }, arrived), "good", "Delivering. Last event just now."],
  [stateWith({ mode: "dry_run" }, arrived), "idle", "Dry run: nothing is sent. Last webhook 12 s ago."],
  [stateWith({ mode: "dry_run" }), "idle", "Ready. No webhook in the 3 min since the start."],
  [
    stateWith({ ...paused("key"), lastDelivered: SEEN }, arrived),
    "bad",
    "Paused since 14:02: PlatformX does not accept the key.",
  ],
  [
    stateWith(paused("key", AT_14_02 - 86_400_000)),
    "bad",
    "Paused since 2026-01-01 14:02: PlatformX does not accept the key.",
  ],
  [stateWith(paused("rate_limit")), "warn", "Paused since 14:02: PlatformX's rate limit is used up."],
  [
    stateWith(paused("platformx")),
    "bad",
    "Paused since 14:02: PlatformX cannot be reached or does not answer properly.",
  ],
  [
    stateWith(paused("url")),
    "bad",
    "Paused since 14:02: something other than PlatformX answers at GETDX_API_URL.",
  ],
  [
    stateWith({ ...waiting(812, 3_600_000), lastDelivered: SEEN }),
    "warn",
    "Delivering, but behind: the oldest of 812 events has waited for 1 h.",
  ],
  [stateWith({ ...waiting(2, 300_000), lastDelivered: SEEN }), "good", "Delivering. Last event 12 s ago."],
  [
    stateWith({ ...waiting(812, 3_600_000), ...paused("key") }),
    "bad",
    "Paused since 14:02: PlatformX does not accept the key.",
  ],
  [stateWith({ mode: "outbox", outbox: "unreadable" }), "bad", "The outbox cannot be read."],
  [
    stateWith({
      mode: "outbox",
      outbox: { pending: 2, dead: 0, oldestPendingMs: 1, failing: "the disk is full: make room" },
    }),
    "bad",
    "The outbox takes no events.",
  ],
];

for (const [index, [state, tone, text]] of SENTENCES.entries()) {
  Deno.test(`the state in one sentence, ${index + 1}: ${text}`, () => {
    const sentence = sentenceOf(state, NOW);
    assert.deepEqual([sentence.tone, sentence.text], [tone, text]);
    const page = detailsPage(state, VIEW, NOW);
    assert.ok(page.includes(`<title>${escapeText(text)} · coder-platformx</title>`));
    assert.ok(page.includes(`<p class="say">${escapeText(text)}</p>`));
  });
}

Deno.test("a pause tells what to do, and what becomes of events in each mode", () => {
  for (const cause of LATER_CAUSES) {
    const direct = sentenceOf(stateWith(paused(cause)), NOW).more;
    const outbox = sentenceOf(stateWith({ mode: "outbox", ...paused(cause) }), NOW).more;
    assert.match(direct, /Until then Coder is asked to send again/);
    assert.match(outbox, /Until then events wait in the outbox/);
  }
});

Deno.test("durations and times are short, and never negative", () => {
  const spans: [number, string][] = [
    [-5, "0 s"],
    [0, "0 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [192_000, "3 min"],
    [3_600_000, "1 h"],
    [7_500_000, "2 h 5 min"],
    [36_300_000, "10 h"],
    [93_600_000, "1 d 2 h"],
    [31 * 86_400_000 + 3_600_000, "31 d"],
  ];
  for (const [ms, text] of spans) assert.equal(span(ms), text, `${ms} ms`);
  assert.deepEqual([-9_000, 0, 999, 1_000].map((ms) => ago(NOW - ms, NOW)), [
    "just now",
    "just now",
    "just now",
    "1 s ago",
  ]);
  assert.equal(clockTime(SEEN, NOW, "seconds"), "14:29:53");
  assert.equal(clockTime(SEEN - 86_400_000, NOW, "seconds"), "2026-01-01 14:29:53");
});

Deno.test("each notification that was not seen has a likely reason of its own kind", async (t) => {
  const rows: [name: string, reason: RegExp][] = [
    [
      "Workspace Created",
      /^Off by default\. An administrator .*\/settings\/notifications.*Whoever acts is not told/,
    ],
    ["workspacemanuallyupdated", /^Off by default\. An administrator/],
    ["User account created", /^Perhaps it has not happened\. Sent to owners and user admins/],
    [
      "Workspace Deleted",
      /^Perhaps it has not happened, or the person has switched it off\..*other than its owner/,
    ],
    ["Your account has been suspended", /the person has switched it off/],
    ["Task Idle", /^Coder removed it during 2026.*off until the task's owner switched it on/],
    ["Task Paused", /^Coder removed it during 2026: newer versions never send it\.$/],
    ["Workspace Manual Build Failed", /^Never becomes an event\. Only administrators are told/],
    ["Prebuild Failure Limit Reached", /^Never becomes an event\..*only around v2\.23/],
    ["Test Notification", /^Comes only when somebody sends it\./],
    ["Changelog", /^Not known to this version/],
    ["C0FFEE00-0000-4000-8000-000000000001", /^Tracked by template id/],
    ["281fdf73-c6d6-4cbb-8ff5-888baf8a2fff", /^Off by default/],
  ];
  for (const [name, reason] of rows) await t.step(name, () => assert.match(likelyReason(name), reason));
  for (const { name } of CATALOGUE) assert.ok(likelyReason(name).length > 20, name);
});

Deno.test("a tracked notification shows when it was last seen, what became of it, or why it may be missing", () => {
  const lastSeen = { "Workspace Created": new Date(SEEN).toISOString(), "Workspace Deleted": null };
  const recent: RecentWebhook[] = [
    { at: SEEN, notification: "Workspace  created", status: "ignored", reason: "domain", ms: 1 },
    { at: SEEN - 1, notification: "Workspace Created", status: "forwarded", reason: undefined, ms: 1 },
  ];
  const page = detailsPage(stateWith({ lastSeen }, { recent }), VIEW, NOW);
  const table = /<table class="tracked[\s\S]*?<\/table>/.exec(page)![0];
  const cells = [...table.matchAll(/<td>([\s\S]*?)<\/td>/g)].map(([, cell]) => cell!.replace(/<[^>]*>/g, ""));
  assert.deepEqual(
    cells,
    [
      "12 s ago",
      "ignored The person&#39;s address is not in EMAIL_DOMAINS.",
      "not seen since start",
      likelyReason("Workspace Deleted"),
    ].map((text, index) => index === 3 ? escapeText(text) : text),
  );
  assert.match(table, /1 of 2 seen/);
});

Deno.test("the counts are those of the last hour, the last day and since the start", () => {
  const hour = [spanOf({ forwarded: 1, error: 2 }), spanOf({ forwarded: 3 })];
  const day = [spanOf({ forwarded: 30 }), spanOf({ ignored: 7, forwarded: 4, error: 2 })];
  const counts = { forwarded: 40, ignored: 8, error: 2 };
  const page = detailsPage(stateWith({ counts }, { hour, day }), VIEW, NOW);
  const table = /<table class="counts">[\s\S]*?<\/table>/.exec(page)![0];
  const rows = [...table.matchAll(/badge \w+">(\w+)<[\s\S]*?<\/tr>/g)].map(([row, status]) => [
    status,
    ...[...row.matchAll(/<td[^>]*>(\d+)</g)].map(([, count]) => Number(count)),
  ]);
  assert.deepEqual(rows, [
    ["forwarded", 4, 34, 40],
    ["duplicate", 0, 0, 0],
    ["ignored", 0, 7, 8],
    ["refused", 0, 0, 0],
    ["unavailable", 0, 0, 0],
    ["error", 2, 2, 2],
  ]);
});

Deno.test("a chart stacks events, nothing to do and failures, and says so in words", () => {
  const text = { id: "x", title: "Last hour", bar: "minute", from: "then", to: "now" };
  const svg = chart([spanOf({ queued: 2, ignored: 1 }), spanOf({}), spanOf({ refused: 4 })], text).toString();
  assert.match(svg, /<desc id="x-d">events 2, nothing to do 1, failed 4; at most 4 in one minute\.<\/desc>/);
  assert.match(svg, /class="taken" d="M0.75 63h158.5v-31h-158.5z"/);
  assert.match(svg, /class="spare" d="M0.75 32h158.5v-15.5h-158.5z"/);
  assert.match(svg, /class="failed" d="M320.75 63h158.5v-62h-158.5z"/);
  assert.match(chart([spanOf({})], text).toString(), /no webhook\./);
});

Deno.test("the last link stops and starts the renewal, and keeps what was asked for", () => {
  const rows: [details: boolean, still: boolean, href: string][] = [
    [false, false, "/?still"],
    [true, false, "/?details&amp;still"],
    [false, true, "/"],
    [true, true, "/?details"],
  ];
  for (const [details, still, href] of rows) {
    const page = detailsPage(stateWith(), { details, still }, NOW);
    assert.equal(/<footer>[\s\S]*<a href="([^"]*)"/.exec(page)?.[1], href);
  }
});

Deno.test("the page of a busy service, at a frozen time", async (t) => {
  await t.assertSnapshot(detailsPage(busyState(), VIEW, NOW));
});
