/** What needs an operator, with the commands to copy. */
import { DEAD_REASONS } from "../../outbox/record.ts";
import { REASONS } from "../../delivery/reasons.ts";
import { type AttentionCode, attentionOf } from "../attention.ts";
import { TURNED_AWAY } from "../stats.ts";
import type { Status } from "../status.ts";
import { DEAD } from "./became.ts";
import { counted, headlineOf, lastHour, saidOf } from "./headline.ts";
import { type Html, markup } from "./html.ts";
import { agoElement } from "./times.ts";
import { linkTo, type PageView } from "./view.ts";

/** Those that have more to tell than a sentence, or need nobody. */
const TOLD: ReadonlySet<AttentionCode> = new Set(["dead_letters", "refused", "turned_away", "dry_run"]);

/** The section; undefined: there is nothing. */
export function needsYou(status: Status, view: PageView): Html | undefined {
  const { text: headline } = headlineOf(status);
  const items = [
    ...deadLetters(status),
    ...refused(status, view),
    ...turnedAway(status),
    ...attentionOf(status).filter((code) => !TOLD.has(code)).map((code) => saidOf(code, status))
      // A pause because of a refused key is two reasons, and one thing to do.
      .filter(({ text }, index, all) =>
        text !== headline && all.findIndex((one) => one.text === text) === index
      )
      .map(({ more, text }) => item(markup`${text}`, markup`<p>${more}</p>`)),
  ];
  return items.length === 0 ? undefined : markup`<section class="needs" aria-labelledby="needs">
<h2 id="needs">Needs you</h2>
<ul>${items}</ul>
</section>`;
}

function item(title: Html, content: Html): Html {
  return markup`<li><h3>${title}</h3>${content}</li>
`;
}

function deadLetters({ now, outbox }: Status): readonly Html[] {
  return DEAD_REASONS.flatMap((reason) => {
    const found = outbox?.deadByReason.find((letters) => letters.reason === reason);
    if (found === undefined || found.count === 0) return [];
    const { count, detail, newest } = found;
    return item(
      markup`${counted(count, "dead letter")}: <code>${reason}</code>, the newest ${agoElement(newest, now)}`,
      markup`${detail === undefined ? "" : quoted(detail)}<p>${DEAD[reason].what} ${DEAD[reason].todo}</p>
<pre tabindex="0">coder-platformx outbox list --dead
coder-platformx outbox replay --reason ${reason}</pre>`,
    );
  });
}

function refused(status: Status, view: PageView): readonly Html[] {
  const count = lastHour(status, "refused");
  if (count === 0) return [];
  const newest = status.stats.memory.failed.find((webhook) => webhook.status === "refused");
  return [item(
    markup`${counted(count, "webhook")} refused by PlatformX in the last hour`,
    markup`${quoted(newest?.words ?? "")}<p>Look at <a href="${
      linkTo(view, { selection: { kind: "failed" } })
    }">what failed</a>, and at the event of a webhook with:</p>
<pre tabindex="0">coder-platformx explain FILE</pre>`,
  )];
}

function turnedAway(status: Status): readonly Html[] {
  return TURNED_AWAY.flatMap((reason) => {
    const count = lastHour(status, reason);
    if (count === 0) return [];
    const newest = status.stats.memory.failed.find((webhook) => webhook.reason === reason);
    const { todo, what } = REASONS[reason];
    return item(
      markup`${counted(count, "webhook")} of Coder turned away in the last hour: <code>${reason}</code>${
        newest && markup`, the last ${agoElement(newest.at, status.now)}`
      }`,
      markup`<p>${what} ${todo}</p>`,
    );
  });
}

/** PlatformX's words. */
function quoted(words: string): Html | undefined {
  return words === "" ? undefined : markup`<p>PlatformX: <q>${words}</q></p>`;
}
