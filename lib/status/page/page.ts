/** The page that a browser gets at `GET /`: state and time → HTML, self-contained and without script. */
import { nameKey } from "../../coder/catalogue.ts";
import type { OutboxStatus } from "../../outbox/outbox.ts";
import type { Status } from "../status.ts";
import { chart, legend } from "./chart.ts";
import { type Headline, headlineOf, lastHour, publicHeadline } from "./headline.ts";
import { Html, markup } from "./html.ts";
import { likelyReason } from "./missing.ts";
import { needsYou } from "./needs.ts";
import { STYLE } from "./style.ts";
import { trackedTable, webhooksTable } from "./tables.ts";
import { agoElement, clockTime, span } from "./times.ts";
import { linkTo, type PageView, RENEWAL, type Selection } from "./view.ts";

/** Webhooks on the whole page, and where they are all that is asked for. */
const LAST = 10;
const SELECTED = 100;

/** For who may see details. */
export function detailsPage(status: Status, view: PageView): string {
  const headline = headlineOf(status);
  const content = view.selection === undefined
    ? overview(status, view)
    : selected(status, view, view.selection);
  return pageOf(headline, content, { view, now: status.now, footer: documents(status.version) });
}

/** For everybody. */
export function publicPage(status: Status, view: PageView): string {
  const content = markup`<p><a href="${
    linkTo(view, { details: true })
  }">Show details</a>: what arrived, what became of it,
and why something did not.</p>
<p class="quiet">The browser asks for a user name and a password: any name, and as password the secret
(<code>WEBHOOK_SECRET</code> or <code>READ_SECRET</code>).</p>`;
  return pageOf(publicHeadline(status), content, { view, now: status.now });
}

/** While the service shuts down. */
export function drainingPage(view: PageView, now: number): string {
  const more = "Coder is asked to send its webhooks again later; work in progress is finished.";
  return pageOf({ tone: "warn", text: "Shutting down.", more }, markup``, { view, now });
}

/** For a browser whose secret is missing or wrong. */
export function unauthorizedPage(now: number): string {
  const text = "The secret is missing or wrong.";
  const more =
    "Load this page again. The browser then asks for a user name and a password: any name, and as password " +
    "READ_SECRET or WEBHOOK_SECRET.";
  return pageOf({ tone: "warn", text, more }, markup``, { now });
}

/** For a browser at an address at which there is nothing. `path`: as it may be shown; `up`: the way to the page. */
export function notFoundPage(path: string, up: string, now: number): string {
  const content = markup`<p><a href="${up}">To the page of this service</a></p>`;
  const more = `The path was ${path}. Webhooks of Coder are taken at / only.`;
  return pageOf({ tone: "warn", text: "There is nothing at this address.", more }, content, { now });
}

function pageOf(
  { tone, text, more }: Headline,
  content: Html,
  { footer, now, view }: { readonly view?: PageView; readonly now: number; readonly footer?: Html },
): string {
  return `${markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${text.replace(/[.:](?: .*)?$/, "")} · coder-platformx</title>
${STYLE_ELEMENT}
</head>
<body>
<header>
<h1><b>coder-platformx</b> Coder notifications to DX PlatformX</h1>
</header>
<main>
<section class="state ${tone}"><p class="say" role="status">${text}</p>${
    more && markup`<p>${more}</p>`
  }</section>
${content}
</main>
<footer>
${view && times(view, now)}
${footer}
</footer>
</body>
</html>
`}`;
}

const STYLE_ELEMENT = markup`<style>${new Html(STYLE)}</style>`;

/** Who is disturbed by a page that renews itself can stop it (WCAG 2.2.1). */
function times(view: PageView, now: number): Html {
  const renewal = view.still
    ? markup`This page stands still: <a href="${linkTo(view, { still: false })}">renew it by itself</a>.`
    : markup`This page renews itself every ${RENEWAL} s: <a href="${
      linkTo(view, { still: true })
    }">hold it still</a>.`;
  return markup`<p>All times are UTC. It is ${
    clockTime(now, now, "seconds")
  } UTC now: the difference to your clock holds for
every time here. ${renewal}</p>`;
}

function documents(version: string): Html {
  return markup`<p>Version ${version}. Documents: README.md, docs/operations.md and docs/metrics.md of this project, and of
Coder <a href="https://coder.com/docs/admin/monitoring/notifications">on notifications</a>.</p>`;
}

function overview(status: Status, view: PageView): Html {
  const { now, stats } = status;
  const at = (ms: number) => clockTime(now - ms, now, "minutes").slice(-5);
  const ticks = (ms: number) => [at(ms), at(ms / 2), `${at(0)} UTC`] as const;
  return markup`${tiles(status, view)}
${needsYou(status, view)}
<section>
<h2>Last webhooks</h2>
${last(status, view)}
</section>
<section>
<h2>Webhooks over time</h2>
<div class="charts">
${chart(stats.last(60, 1, now), { id: "hour", title: "Last hour", bar: "minute", ticks: ticks(3_600_000) })}
${
    chart(stats.last(48, 30, now), {
      id: "day",
      title: "Last day",
      bar: "half hour",
      ticks: ticks(86_400_000),
    })
  }
</div>
${legend()}
</section>
${trackedTable(status, view)}`;
}

function last(status: Status, view: PageView): Html {
  const webhooks = status.stats.memory.all.slice(0, LAST);
  if (webhooks.length === 0) return markup`<p class="quiet">None since the start.</p>`;
  return markup`${
    webhooksTable(webhooks, { caption: `The last ${webhooks.length}, newest first`, status, view })
  }
<p><a href="${linkTo(view, { selection: { kind: "failed" } })}">Only what failed</a></p>`;
}

/** The webhooks that were asked for. */
function selected(status: Status, view: PageView, selection: Selection): Html {
  const { memory } = status.stats;
  const { about, title, webhooks } = ((): { title: Html; webhooks: typeof memory.all; about?: string } => {
    switch (selection.kind) {
      case "failed":
        return { title: markup`What failed`, webhooks: memory.failed };
      case "notification": {
        const { name } = selection;
        const webhooks = memory.all.filter(({ notification = "" }) =>
          nameKey(notification) === nameKey(name)
        );
        return {
          title: markup`${name}`,
          webhooks,
          ...webhooks.length > 0 ? {} : { about: likelyReason(name) },
        };
      }
      case "message":
        return {
          title: markup`Message <code>${selection.id}</code>`,
          webhooks: memory.all.filter(({ messageId }) => messageId === selection.id),
        };
    }
  })();
  const caption = `${
    webhooks.length > SELECTED ? `The last ${SELECTED} of ` : ""
  }${webhooks.length}, newest first`;
  return markup`<section>
<p><a href="${linkTo(view, { selection: undefined })}">All webhooks</a></p>
<h2>${title}</h2>
${
    webhooks.length === 0
      ? markup`<p class="quiet">Nothing is remembered since the start at ${
        clockTime(status.startedAt, status.now, "minutes")
      }: only the last few hundred webhooks are.${about && ` ${about}`}</p>`
      : webhooksTable(webhooks.slice(0, SELECTED), { caption, status, view })
  }
</section>`;
}

function tiles(status: Status, view: PageView): Html {
  const { mode, now, outbox, platformx: { lastDelivered }, startedAt, stats, uptimeMs, version } = status;
  const at = (time: number | undefined) =>
    time === undefined
      ? markup`none <small>since ${clockTime(startedAt, now, "minutes")}</small>`
      : markup`${agoElement(time, now)} <small>${clockTime(time, now, "seconds")}</small>`;
  const failed = lastHour(status, "failed");
  return markup`<dl class="tiles">
<div><dt>Last webhook</dt><dd>${at(stats.lastWebhook)}</dd></div>
<div><dt>Last event</dt><dd>${at(lastDelivered)}</dd></div>
<div><dt>Failed, last hour</dt><dd class="${failed > 0 ? "bad" : "none"}">${failed} <small>${
    failed > 0
      ? markup`<a href="${linkTo(view, { selection: { kind: "failed" } })}">see which</a>`
      : undefined
  }</small></dd></div>
${outbox && outboxTiles(outbox)}
<div><dt>Delivery</dt><dd>${MODES[mode]} <small>version ${version}</small></dd></div>
<div><dt>Running for</dt><dd>${span(uptimeMs)} <small>since ${
    clockTime(startedAt, now, "minutes")
  }</small></dd></div>
</dl>`;
}

function outboxTiles({ pending, dead, oldestPendingMs }: OutboxStatus): Html {
  return markup`<div><dt>Pending</dt><dd>${pending} ${
    oldestPendingMs === undefined ? undefined : markup`<small>oldest ${span(oldestPendingMs)}</small>`
  }</dd></div>
<div><dt>Dead letters</dt><dd class="${dead > 0 ? "bad" : "none"}">${dead}</dd></div>`;
}

const MODES = { direct: "direct", outbox: "by outbox", dry_run: "dry run" } as const;
