/** The page that a browser gets at `GET /`: state and time → HTML, self-contained and without script. */
import type { OutboxStatus } from "../../outbox/outbox.ts";
import { publicHealth } from "../health.ts";
import type { Status } from "../status.ts";
import { chart, legend } from "./chart.ts";
import { Html, markup } from "./html.ts";
import { counted, sentenceOf, type Tone } from "./sentence.ts";
import { type PageState, pageState, type PageView, RENEWAL } from "./state.ts";
import { STYLE } from "./style.ts";
import { countsTable, recentTable, trackedTable } from "./tables.ts";
import { agoElement, clockTime, span } from "./times.ts";

/** For who may see details. `now`: Unix milliseconds. */
export function detailsPage(status: Status, view: PageView): string {
  const state = pageState(status);
  const { counts, hour, day, now, outbox, recent } = state;
  const sentence = sentenceOf(state, now);
  const content = markup`${stateBox(sentence.tone, sentence.text, sentence.more)}
${facts(state, now)}
<h2>Webhooks</h2>
<div class="charts">
${chart(hour, { id: "hour", title: "Last hour", bar: "minute", from: "1 h ago", to: "now" })}
${chart(day, { id: "day", title: "Last day", bar: "half hour", from: "24 h ago", to: "now" })}
</div>
${legend()}
${countsTable(state)}
<h2>Tracked notifications</h2>
${trackedTable(state)}
<p class="quiet">${HOLES}</p>
${outbox === undefined ? undefined : outboxSection(outbox, counts["delivered"] ?? 0)}
<h2>Last webhooks</h2>
${recentTable(recent, now)}`;
  return pageOf(sentence.text, content, view, now);
}

/** For everybody. */
export function publicPage(moment: Status, view: PageView): string {
  const { now } = moment;
  const { status } = publicHealth(moment);
  const box = status === "ok"
    ? stateBox("good", "Running.", "Webhooks of Coder are taken here and forwarded to PlatformX.")
    : stateBox("warn", "Running, but events are delayed.", "Nothing is lost: they are sent later.");
  const content = markup`${box}
<h2>Details</h2>
<p><a href="/?details">Show details</a>: what arrived, what became of it, and why something did not.</p>
<p class="quiet">The browser asks for a user name and a password: any name, and as password the secret
(<code>WEBHOOK_SECRET</code> or <code>READ_SECRET</code>).</p>`;
  return pageOf(status === "ok" ? "Running" : "Delayed", content, view, now);
}

/** While the service shuts down. */
export function drainingPage(view: PageView, now: number): string {
  const text = "Shutting down.";
  const box = stateBox(
    "warn",
    text,
    "Coder is asked to send its webhooks again later; work in progress is finished.",
  );
  return pageOf(text, box, view, now);
}

function pageOf(title: string, content: Html, view: PageView, now: number): string {
  return `${markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · coder-platformx</title>
${STYLE_ELEMENT}
</head>
<body>
<header>
<h1>coder-platformx: Coder notifications to DX PlatformX</h1>
</header>
<main>
${content}
</main>
<footer>
<p>As of ${clockTime(now, now, "seconds")} UTC, like all times here. ${renewal(view)}</p>
</footer>
</body>
</html>
`}`;
}

const STYLE_ELEMENT = markup`<style>${new Html(STYLE)}</style>`;

/** Who is disturbed by a page that renews itself can stop it (WCAG 2.2.1). */
function renewal({ details, still }: PageView): Html {
  const href = (parameters: string[]) => parameters.length === 0 ? "/" : `/?${parameters.join("&")}`;
  const kept = details ? ["details"] : [];
  return still
    ? markup`This page stands still: <a href="${href(kept)}">renew it by itself</a>.`
    : markup`This page renews itself every ${RENEWAL} s: <a href="${
      href([...kept, "still"])
    }">hold it still</a>.`;
}

function stateBox(tone: Tone, text: string, more: string): Html {
  return markup`<div class="state ${tone}"><p class="say">${text}</p>${more && markup`<p>${more}</p>`}</div>`;
}

function facts({ lastWebhook, mode, outbox, platformx, uptimeMs, version }: PageState, now: number): Html {
  const { lastDelivered } = platformx;
  const at = (time: number | undefined) =>
    time === undefined ? markup`none since start` : agoElement(time, now);
  return markup`<dl class="facts">
<div><dt>Last webhook</dt><dd>${at(lastWebhook)}</dd></div>
<div><dt>Last event</dt><dd>${at(lastDelivered)}</dd></div>
${outbox === undefined ? undefined : outboxFacts(outbox)}
<div><dt>Delivery</dt><dd>${MODES[mode]}</dd></div>
<div><dt>Running for</dt><dd>${span(uptimeMs)} <small>version ${version}</small></dd></div>
</dl>`;
}

function outboxFacts({ pending, dead, oldestPendingMs }: OutboxStatus): Html {
  return markup`<div><dt>Pending</dt><dd>${pending} ${oldest(oldestPendingMs)}</dd></div>
<div><dt>Dead letters</dt><dd class="${dead > 0 ? "bad" : "none"}">${dead}</dd></div>`;
}

const MODES = { direct: "direct", outbox: "by outbox", dry_run: "dry run" } as const;

function oldest(ms: number | undefined): Html | undefined {
  return ms === undefined ? undefined : markup`<small>oldest ${span(ms)}</small>`;
}

function outboxSection({ pending, dead }: OutboxStatus, delivered: number): Html {
  return markup`<h2>Outbox</h2>
<p>${counted(delivered, "event")} delivered since the start; ${pending} pending; ${
    counted(dead, "dead letter")
  }.${
    dead === 0
      ? undefined
      : markup` See why with <code>coder-platformx outbox list --dead</code>, try them anew with
<code>coder-platformx outbox replay --all</code>.`
  }</p>`;
}

const HOLES =
  "Coder leaves holes that look like a broken relay: people and administrators can switch each notification off " +
  "for themselves, whoever acts is often not told, an identical second message of the same UTC day is dropped, and there " +
  "is none for starting, stopping or signing in. To try the way itself, have Coder send its test notification: it " +
  "appears among the last webhooks, tracked or not.";
