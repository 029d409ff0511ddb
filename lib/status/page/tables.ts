/** The page's tables: counts, tracked notifications, last webhooks. */
import { nameKey } from "../../coder/catalogue.ts";
import type { Mode } from "../status.ts";
import { shownName, type Status, STATUS_NAMES, STATUSES } from "../../delivery/outcome.ts";
import { sumOf } from "./chart.ts";
import { type Html, markup } from "./html.ts";
import { likelyReason } from "./missing.ts";
import type { PageState, RecentWebhook, Spans } from "./state.ts";
import { agoElement, clockElement } from "./times.ts";
import { reasonWords } from "./words.ts";

/** What happens to an event where all is well; the other two never occur in that mode. */
const SUCCESS: Readonly<Record<Mode, Status>> = { direct: "forwarded", outbox: "queued", dry_run: "dry_run" };

/** Counts per outcome: last hour, last day, since the start. */
export function countsTable({ mode, counts, hour, day }: PageState): Html {
  const elsewhere = Object.values(SUCCESS).filter((status) => status !== SUCCESS[mode]);
  const rows = STATUS_NAMES.filter((status) => !elsewhere.includes(status));
  const total = (spans: Spans, status: Status) =>
    spans.reduce((sum, counts) => sum + sumOf(counts, [status]), 0);
  return markup`<div class="wide" role="region" aria-labelledby="counts" tabindex="0"><table class="counts">
<caption id="counts">By outcome</caption>
<thead><tr><th scope="col">Outcome</th><th scope="col">Last hour</th><th scope="col">Last day</th>
<th scope="col">Since start</th></tr></thead>
<tbody>${
    rows.map((status) =>
      markup`<tr><th scope="row">${badge(status)} <span class="quiet">${STATUSES[status]}</span></th>
${[total(hour, status), total(day, status), counts[status] ?? 0].map(countCell)}</tr>
`
    )
  }</tbody></table></div>`;
}

function countCell(count: number): Html {
  return markup`<td class="number${count === 0 ? " quiet" : ""}">${count}</td>`;
}

/** Per tracked notification when it was last seen, and what became of it or why it may be missing. */
export function trackedTable({ lastSeen, recent, now }: PageState): Html {
  const latest = new Map<string, RecentWebhook>();
  for (const webhook of recent) {
    const key = nameKey(webhook.notification ?? "");
    if (!latest.has(key)) latest.set(key, webhook);
  }
  const rows = Object.entries(lastSeen);
  const seen = rows.filter(([, at]) => at !== null).length;
  return markup`<div class="wide" role="region" aria-labelledby="tracked" tabindex="0"><table class="tracked stacked">
<caption id="tracked">${seen} of ${rows.length} seen since the start</caption>
<thead><tr><th scope="col">Notification</th><th scope="col">Last seen</th>
<th scope="col">What became of it, or why it may be missing</th></tr></thead>
<tbody>${
    rows.map(([name, at]) =>
      markup`<tr><th scope="row">${shownName(name)}</th>
<td>${at === null ? NEVER : agoElement(Date.parse(at), now)}</td>
<td>${at === null ? likelyReason(name) : became(latest.get(nameKey(shownName(name))))}</td></tr>
`
    )
  }</tbody></table></div>`;
}

const NEVER = markup`<b class="never">not seen since start</b>`;

/** Longer ago than the last webhooks reach, nothing is known but the time. */
function became(webhook: RecentWebhook | undefined): Html | undefined {
  return webhook && markup`${badge(webhook.status)} ${reasonWords(webhook.status, webhook.reason)}`;
}

/** The last webhooks, the newest first. */
export function recentTable(recent: readonly RecentWebhook[], now: number): Html {
  if (recent.length === 0) return markup`<p>None since the start.</p>`;
  return markup`<div class="wide" role="region" aria-labelledby="recent" tabindex="0"><table class="recent stacked">
<caption id="recent">The last ${recent.length}, newest first</caption>
<thead><tr><th scope="col">Time</th><th scope="col">Notification</th><th scope="col">Outcome</th>
<th scope="col">Reason</th><th scope="col" class="number">Milliseconds</th></tr></thead>
<tbody>${
    recent.map(({ at, notification, status, reason, ms }) =>
      markup`<tr><td>${clockElement(at, now)}</td><td>${notification ?? UNKNOWN}</td><td>${badge(status)}</td>
<td>${reason && markup`<code>${reason}</code> `}${reasonWords(status, reason)}</td>
<td class="number">${Math.round(ms)}</td></tr>
`
    )
  }</tbody></table></div>`;
}

/** A password-reset code, or what is no notification. */
const UNKNOWN = markup`<span class="quiet">not read</span>`;

function badge(status: Status): Html {
  return markup`<span class="badge ${status}">${status.replace("_", " ")}</span>`;
}
