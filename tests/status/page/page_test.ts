import assert from "node:assert/strict";
import { constant } from "../../../lib/base/redact.ts";
import { CATALOGUE } from "../../../lib/coder/catalogue.ts";
import { type Kind, KINDS } from "../../../lib/status/stats.ts";
import { became } from "../../../lib/status/page/became.ts";
import { chart, scaleFor } from "../../../lib/status/page/chart.ts";
import { headlineOf, type Tone } from "../../../lib/status/page/headline.ts";
import { escapeText } from "../../../lib/status/page/html.ts";
import { likelyReason } from "../../../lib/status/page/missing.ts";
import { detailsPage } from "../../../lib/status/page/page.ts";
import { ago, clockTime, span } from "../../../lib/status/page/times.ts";
import { linkTo, type PageView, viewOf } from "../../../lib/status/page/view.ts";
import type { Status } from "../../../lib/status/status.ts";
import {
  busyWith,
  DAY,
  deadLetters,
  EMPTY,
  HOUR,
  MINUTE,
  NOW,
  outboxInUse,
  outcomeOf,
  pausedFor,
  SENDING,
  STATES,
  statsOf,
  statusWith,
  WORDS,
} from "../states.ts";

const VIEW: PageView = { details: true, still: false, selection: undefined };
const SEEN = NOW - 12_000;
const delivered = { platformx: { ...SENDING, lastDelivered: SEEN } };
const forwarded = { ago: 12_000, outcome: outcomeOf({ status: "forwarded" }) };

/** What a page says, without its markup; one line for each element that has text of its own. */
function textOf(page: string): string {
  return page.replace(/<style>[\s\S]*<\/style>/, "").replace(/<[^>]*>/g, "\n").replaceAll("&#39;", "'")
    .replace(/\n+/g, "\n");
}

/** Headlines where nothing needs an operator; `attention_test.ts` has the others. */
const CALM: readonly (readonly [Partial<Status>, Tone, text: string, more: RegExp])[] = [
  [{}, "idle", "Ready. No webhook in the 3 min since the start.", /CODER_NOTIFICATIONS_METHOD=webhook/],
  [
    {
      stats: statsOf([{
        ...forwarded,
        outcome: outcomeOf({ status: "error", reason: "not_found" }),
        stranger: true,
      }]),
    },
    "idle",
    "Ready. Every request in the 3 min since the start was turned away.",
    /stands with each/,
  ],
  [
    { stats: statsOf([{ ...forwarded, outcome: outcomeOf({ status: "ignored", reason: "domain" }) }]) },
    "idle",
    "Ready. Last webhook 12 s ago, but no event since the start.",
    /stands with each/,
  ],
  [
    { mode: "outbox", outbox: { ...EMPTY, pending: 1, oldestPendingMs: 5_000 }, stats: statsOf([forwarded]) },
    "idle",
    "Sending. 1 event in the outbox, none delivered since the start yet.",
    /^Last webhook 12 s ago\.$/,
  ],
  [
    { ...delivered, stats: statsOf([forwarded]) },
    "good",
    "Delivering. Last event 12 s ago.",
    /^Last webhook 12 s ago\.$/,
  ],
  [
    {
      ...delivered,
      stats: statsOf([
        { ago: 61 * MINUTE, outcome: outcomeOf({ status: "unavailable", reason: "url", retryAfterMs: 1 }) },
        { ago: HOUR, outcome: outcomeOf({ status: "unavailable", reason: "url", retryAfterMs: 1 }) },
        { ago: MINUTE, outcome: outcomeOf({ status: "error", reason: "not_found" }) },
        forwarded,
      ]),
    },
    "idle",
    "Delivering. Last event 12 s ago.",
    /^2 webhooks came to nothing in the last hour: 1 answered 503, which Coder sends again\.$/,
  ],
  [
    { platformx: { ...pausedFor(5_000), lastDelivered: SEEN } },
    "idle",
    "Paused since 14:30: PlatformX cannot be reached or does not answer properly.",
    /The next webhook after 14:30:17 UTC, in 12 s, is tried;/,
  ],
];

for (const [index, [changes, tone, text, more]] of CALM.entries()) {
  Deno.test(`the state in one sentence, ${index + 1}: ${text}`, () => {
    const status = statusWith(changes);
    const headline = headlineOf(status);
    assert.deepEqual([headline.tone, headline.text], [tone, text]);
    assert.match(headline.more, more);
    const page = detailsPage(status, VIEW);
    assert.ok(
      page.includes(`<section class="state ${tone}"><p class="say" role="status">${escapeText(text)}</p>`),
    );
  });
}

Deno.test("the title is the headline's first part, with its time whole", () => {
  const rows: [Status, title: string][] = [
    [STATES["key_refused"]!, "Paused since 14:02"],
    [STATES["dry_run"]!, "Dry run"],
    [STATES["delivering"]!, "Delivering"],
    [STATES["dead_letters"]!, "7 events could not be delivered"],
  ];
  for (const [status, title] of rows) {
    const page = detailsPage(status, VIEW);
    assert.equal(/<title>(.*)<\/title>/.exec(page)?.[1], `${title} · coder-platformx`);
  }
});

/** What the section "Needs you" must say of a state; undefined: that it is not there. */
const NEEDS: readonly (readonly [what: string, Status, RegExp | undefined])[] = [
  ["nothing", STATES["delivering"]!, undefined],
  ["a dry run", STATES["dry_run"]!, undefined],
  [
    "dead letters: reason, PlatformX's words, the commands",
    STATES["dead_letters"]!,
    /7 dead letters: refused, the newest 3 min ago PlatformX: status 422: email does not belong .* coder-platformx outbox list --dead coder-platformx outbox replay --reason refused/,
  ],
  [
    "dead letters of long ago",
    statusWith({ mode: "outbox", outbox: deadLetters(1, 9 * DAY, "outcome_unknown", constant("")) }),
    /1 dead letter: outcome_unknown, the newest 9 d ago .*Look in DX whether it is there before a replay/,
  ],
  [
    "turned-away senders by reason",
    STATES["turned_away"]!,
    /4 webhooks of Coder turned away in the last hour: unauthorized, the last 2 min ago The secret is missing or wrong\. Set Coder's/,
  ],
  [
    "refusals, one turned away, lost lines",
    STATES["refused"]!,
    /1 webhook refused by PlatformX.*1 webhook of Coder turned away.*redirected.*Lines of the log are lost: 1204/,
  ],
  [
    "a store whose trouble is the headline, and the backlog",
    STATES["store_failing"]!,
    /^Needs you Behind: the oldest of 812/,
  ],
  ["a refused key, which is no second thing to do", STATES["key_refused"]!, undefined],
];

for (const [what, status, words] of NEEDS) {
  Deno.test(`needs you: ${what}`, () => {
    const section = /<section class="needs"[\s\S]*?<\/section>/.exec(detailsPage(status, VIEW))?.[0];
    const text = section && textOf(section).replace(/\s+/g, " ").replaceAll(" ,", ",").trim();
    if (words === undefined) assert.equal(text, undefined);
    else assert.match(text ?? "", words);
  });
}

Deno.test("the page is in the order of need", () => {
  const headings = [...detailsPage(outboxInUse(), VIEW).matchAll(/(?:<h2[^>]*|role="status")>([^<]*)/g)].map((
    [, text],
  ) => text);
  assert.deepEqual(headings, [
    "7 events could not be delivered.",
    "Needs you",
    "Last webhooks",
    "Webhooks over time",
    "Tracked notifications",
  ]);
});

Deno.test("in outbox mode each of the last webhooks says what became of its event", () => {
  const status = outboxInUse();
  const table = /<table class="webhooks[\s\S]*?<\/table>/.exec(detailsPage(status, VIEW))![0];
  const rows = [...table.matchAll(/<tr><td>[\s\S]*?<\/tr>/g)].map(([row]) => textOf(row).trim().split("\n"));
  assert.equal(rows.length, 10);
  assert.deepEqual(
    rows.slice(0, 6).map(([time, ...cells]) => [time!.trim(), ...cells.slice(1).map((cell) => cell.trim())]),
    [
      [
        "14:29:25",
        "Workspace Created",
        "waiting",
        "Stored at 14:29:25, not sent by this instance yet.",
        "5a3d4b0d…",
      ],
      ["14:28:45", "Workspace Created", "delivered", "3 s later", "2", "4a3d4b0d…"],
      [
        "14:28:05",
        "Workspace Created",
        "waiting",
        "Stored at 14:28:05, not sent by this instance yet.",
        "3a3d4b0d…",
      ],
      [
        "14:27:25",
        "Workspace Created",
        "dead",
        `PlatformX refuses it. PlatformX: “${WORDS}”`,
        "2",
        "2a3d4b0d…",
      ],
      ["14:26:45", "Workspace Created", "delivered", "3 s later", "2", "1a3d4b0d…"],
      ["14:26:05", "Workspace Created", "delivered", "3 s later", "2", "0a3d4b0d…"],
    ],
  );
});

Deno.test("an event is not said to wait when the outbox has nothing as old as that", () => {
  const webhook = statsOf([{ ago: 5 * MINUTE, outcome: outcomeOf({ status: "queued" }) }]).memory.all[0]!;
  const rows = [[undefined, "queued"], [3 * MINUTE, "queued"], [4 * MINUTE, "waiting"], [
    9 * MINUTE,
    "waiting",
  ]] as const;
  for (const [oldestPendingMs, word] of rows) {
    const outbox = { ...EMPTY, pending: 1, oldestPendingMs };
    assert.equal(became(webhook, { now: NOW, outbox }).word, word, `${oldestPendingMs}`);
  }
});

/** Queries, and the message ids that the page then shows, the newest first. */
const VIEWS: readonly (readonly [query: string, ids: readonly string[], says: RegExp])[] = [
  ["only=failed", ["turned-away", "refused"], /What failed/],
  ["notification=Workspace%20Created", ["refused", "taken"], /Workspace Created/],
  ["notification=workspacecreated", ["refused", "taken"], /workspacecreated/],
  ["notification=User+account+created", ["copy"], /User account created/],
  [
    "notification=Workspace+Deleted",
    [],
    /Nothing is remembered since the start at 14:27.*Perhaps it has not happened/,
  ],
  [
    "message=refused",
    ["refused"],
    /Message refused.*PlatformX refuses it\. PlatformX: “no such user” 1 refused/,
  ],
  ["message=nowhere", [], /Message nowhere .*Nothing is remembered since the start at 14:27/],
];

for (const [query, ids, says] of VIEWS) {
  Deno.test(`/?${query} shows ${ids.length === 0 ? "nothing" : ids.join()}`, () => {
    const taken = [["taken", "Workspace Created", 9], ["copy", "User account created", 5]] as const;
    const status = statusWith({
      stats: statsOf([
        ...taken.map(([id, name, ago]) => ({
          ago,
          outcome: outcomeOf({ status: "duplicate" }, { id, name }),
        })),
        {
          ago: 4,
          outcome: outcomeOf({ status: "refused", words: constant("no such user") }, { id: "refused" }),
        },
        { ago: 3, outcome: outcomeOf({ status: "error", reason: "not_found" }, { id: "turned-away" }) },
        {
          ago: 2,
          outcome: outcomeOf({ status: "error", reason: "not_found" }, { id: "stranger" }),
          stranger: true,
        },
      ]),
    });
    const page = detailsPage(status, viewOf(new URLSearchParams(query)));
    const main = /<main>[\s\S]*<\/main>/.exec(page)![0];
    assert.match(textOf(main).replace(/\s+/g, " "), says);
    assert.deepEqual([...main.matchAll(/title="([\w-]+)"><code>/g)].map(([, id]) => id), ids);
    assert.doesNotMatch(page, /<svg|class="tiles"/);
    assert.match(page, /<a href="\?">All webhooks<\/a>/);
  });
}

Deno.test("links are relative, and keep what was asked for", () => {
  const rows: readonly (readonly [PageView, string])[] = [
    [{ details: false, still: false, selection: undefined }, "?"],
    [{ ...VIEW, still: true }, "?details&still"],
    [{ ...VIEW, selection: { kind: "failed" } }, "?details&only=failed"],
    [
      { ...VIEW, selection: { kind: "notification", name: "A & B=c" } },
      "?details&notification=A%20%26%20B%3Dc",
    ],
    [{ details: false, still: true, selection: { kind: "message", id: "a/b" } }, "?still&message=a%2Fb"],
  ];
  for (const [view, link] of rows) {
    assert.equal(linkTo(view, {}), link);
    assert.deepEqual(viewOf(new URL(link, "https://example.com/relay/").searchParams), view);
  }
  for (const still of [false, true]) {
    const page = detailsPage(statusWith(), { ...VIEW, still });
    const [, href] = /<footer>[\s\S]*?<a href="([^"]*)"/.exec(page)!;
    assert.equal(href, still ? "?details" : "?details&amp;still");
  }
});

Deno.test("a notification that was not seen is grey for the first day; then it is marked, and the list is open", () => {
  for (
    const [uptimeMs, shown, open] of [[2 * HOUR, "quiet", false], [DAY, "quiet", false], [
      DAY + 1,
      "late",
      true,
    ]] as const
  ) {
    const page = detailsPage(statusWith({ uptimeMs, stats: statsOf([]) }), VIEW);
    const since = clockTime(NOW - uptimeMs, NOW, "minutes");
    assert.ok(page.includes(`<td><span class="${shown}">not seen since ${since}</span></td>`), `${uptimeMs}`);
    assert.equal(/<details class="fold" open="">\n<summary><h2>Tracked/.test(page), open, `${uptimeMs}`);
  }
  const seen = statsOf([forwarded]);
  assert.doesNotMatch(detailsPage(statusWith({ uptimeMs: 9 * DAY, stats: seen }), VIEW), / open=/);
});

Deno.test("a tracked notification shows when it was last seen, what became of it, or why it may be missing", () => {
  const outcome = outcomeOf({ status: "ignored", reason: "domain" });
  const stats = statsOf([{ ago: 13_000, outcome: outcomeOf({ status: "forwarded" }) }, {
    ago: 12_000,
    outcome,
  }], {
    expected: ["Workspace Created", "Workspace Deleted"],
  });
  const table = /<table class="tracked[\s\S]*?<\/table>/.exec(detailsPage(statusWith({ stats }), VIEW))![0];
  const cells = [...table.matchAll(/<td>([\s\S]*?)<\/td>/g)].map(([, cell]) =>
    cell!.replace(/<[^>]*>/g, "").replaceAll("&#39;", "'")
  );
  assert.deepEqual(cells, [
    "12 s ago",
    "ignored domain The person's address is not in EMAIL_DOMAINS. Add the domain there if it is wanted.",
    "not seen since 14:27",
    likelyReason("Workspace Deleted"),
  ]);
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

const spanOf = (counts: Partial<Record<Kind, number>>) => KINDS.map((kind) => counts[kind] ?? 0);

Deno.test("a chart stacks events, nothing to do and failures on a scale, and says so in words", () => {
  const text = {
    id: "x",
    title: "Last hour",
    bar: "minute",
    ticks: ["13:30", "14:00", "14:30 UTC"],
  } as const;
  const svg = chart([spanOf({ queued: 2, ignored: 1 }), spanOf({}), spanOf({ refused: 3, dead: 1 })], text)
    .toString();
  assert.match(svg, /<desc id="x-d">events 2, nothing to do 1, failed 4; at most 4 in one minute\.<\/desc>/);
  assert.match(svg, /class="taken" d="M0.75 64h158.5v-32h-158.5z"/);
  assert.match(svg, /class="spare" d="M0.75 32h158.5v-16h-158.5z"/);
  assert.match(svg, /class="failed" d="M320.75 64h158.5v-64h-158.5z"/);
  assert.match(svg, /<span>4<\/span><span>2<\/span><span>0<\/span>/);
  assert.match(svg, /<span>13:30<\/span><span>14:00<\/span><span>14:30 UTC<\/span>/);
  assert.match(chart([spanOf({})], text).toString(), /no webhook\./);
  assert.deepEqual([0, 1, 2, 3, 5, 11, 40, 41, 999].map(scaleFor), [2, 2, 2, 4, 10, 20, 40, 100, 1000]);
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
  assert.equal(clockTime(SEEN - DAY, NOW, "seconds"), "2026-01-01 14:29:53");
  assert.match(detailsPage(busyWith(), VIEW), /All times are UTC\. It is 14:30:05 UTC now/);
});
