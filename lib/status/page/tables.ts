/** The page's tables: webhooks, tracked notifications. */
import { nameKey } from "../../coder/catalogue.ts";
import { shownName } from "../../base/redact.ts";
import type { Status } from "../status.ts";
import type { RememberedWebhook } from "../webhook_memory.ts";
import { became } from "./became.ts";
import { type Html, markup } from "./html.ts";
import { likelyReason } from "./missing.ts";
import { agoElement, clockElement, clockTime } from "./times.ts";
import { linkTo, type PageView } from "./view.ts";

/** Milliseconds after which a notification that was never seen is worth a look. */
const MISSING = 24 * 3_600_000;

/** Webhooks with what became of them. */
export function webhooksTable(
  webhooks: readonly RememberedWebhook[],
  { caption, status, view }: { readonly caption: string; readonly status: Status; readonly view: PageView },
): Html {
  const { now } = status;
  return markup`<div class="wide" role="region" aria-labelledby="webhooks" tabindex="0"><table class="webhooks stacked">
<caption id="webhooks">${caption}</caption>
<thead><tr><th scope="col">Time (UTC)</th><th scope="col">Notification</th><th scope="col">What became of it</th>
<th scope="col" class="number">Attempts</th><th scope="col">Message</th></tr></thead>
<tbody>${
    webhooks.map((webhook) =>
      markup`<tr><td>${clockElement(webhook.at, now)}</td><td>${nameLink(webhook.notification, view)}</td>
<td>${becameCell(webhook, status)}</td>
<td class="number">${attemptsOf(webhook)}</td><td>${messageLink(webhook.messageId, view)}</td></tr>
`
    )
  }</tbody></table></div>`;
}

function becameCell(webhook: RememberedWebhook, status: Status): Html {
  const { kind, word, words } = became(webhook, status);
  const { reason } = webhook;
  return markup`<span class="badge ${kind}">${word}</span> ${
    reason && markup`<code>${reason}</code> `
  }${words}`;
}

/** None were made for what was never to be sent. */
function attemptsOf({ attempts, settled }: RememberedWebhook): number | undefined {
  return (settled?.attempts ?? attempts) || undefined;
}

function nameLink(name: string | undefined, view: PageView): Html {
  if (name === undefined) return markup`<span class="quiet">not read</span>`;
  return markup`<a href="${linkTo(view, { selection: { kind: "notification", name } })}">${name}</a>`;
}

function messageLink(id: string | undefined, view: PageView): Html | undefined {
  if (!id) return undefined;
  const short = id.length > 12 ? `${[...id].slice(0, 8).join("")}…` : id;
  return markup`<a href="${
    linkTo(view, { selection: { kind: "message", id } })
  }" title="${id}"><code>${short}</code></a>`;
}

/** Per tracked notification when it was last seen, and what became of it or why it may be missing. */
export function trackedTable(status: Status, view: PageView): Html {
  const { now, startedAt, stats, uptimeMs } = status;
  const latest = new Map<string, RememberedWebhook>();
  for (const webhook of stats.memory.all) {
    const key = nameKey(webhook.notification ?? "");
    if (!latest.has(key)) latest.set(key, webhook);
  }
  const rows = Object.entries(stats.lastSeen);
  const seen = rows.filter(([, at]) => at !== null).length;
  const isLate = uptimeMs > MISSING;
  const since = markup`<span class="${isLate ? "late" : "quiet"}">not seen since ${
    clockTime(startedAt, now, "minutes")
  }</span>`;
  return markup`<details class="fold"${seen < rows.length && isLate ? OPEN : undefined}>
<summary><h2>Tracked notifications</h2> <span class="quiet">${seen} of ${rows.length} seen since the start</span></summary>
<div class="wide" role="region" aria-label="Tracked notifications" tabindex="0"><table class="tracked stacked">
<thead><tr><th scope="col">Notification</th><th scope="col">Last seen</th>
<th scope="col">What became of it, or why it may be missing</th></tr></thead>
<tbody>${
    rows.map(([name, at]) => {
      const last = latest.get(nameKey(shownName(name)));
      return markup`<tr><th scope="row">${nameLink(shownName(name), view)}</th>
<td>${at === null ? since : agoElement(Date.parse(at), now)}</td>
<td>${at === null ? likelyReason(name) : last && becameCell(last, status)}</td></tr>
`;
    })
  }</tbody></table></div>
<p class="quiet">${HOLES}</p>
</details>`;
}

const OPEN = markup` open=""`;

const HOLES =
  "Coder leaves holes that look like a broken relay: people and administrators can switch each notification off " +
  "for themselves, whoever acts is often not told, an identical second message of the same UTC day is dropped, and there " +
  "is none for starting, stopping or signing in. To try the way itself, have Coder send its test notification: it " +
  "appears among the last webhooks, tracked or not.";
