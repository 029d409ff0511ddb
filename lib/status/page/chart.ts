/** Webhooks over time as stacked bars: inline SVG, read out as one sentence. */
import { type Status, STATUS_NAMES } from "../../delivery/outcome.ts";
import { type Html, markup } from "./html.ts";
import type { Spans } from "./state.ts";

/** What the bars are stacked of, from the bottom up: `kind` is the class that gives the colour. */
export const GROUPS: readonly {
  readonly kind: string;
  readonly label: string;
  readonly of: readonly Status[];
}[] = [
  { kind: "taken", label: "events", of: ["forwarded", "queued", "dry_run"] },
  { kind: "spare", label: "nothing to do", of: ["duplicate", "ignored"] },
  { kind: "failed", label: "failed", of: ["refused", "unavailable", "error"] },
];

const WIDTH = 480;
const HEIGHT = 64;

/** What a chart says beside its bars. */
export interface ChartText {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  /** How long one bar is: "minute". */
  readonly bar: string;
  /** Left and right end of the axis. */
  readonly from: string;
  readonly to: string;
}

/** Draws it. */
export function chart(spans: Spans, { id, title, bar, from, to }: ChartText): Html {
  const stacks = spans.map((counts) => GROUPS.map(({ of }) => sumOf(counts, of)));
  const most = Math.max(0, ...stacks.map((stack) => stack.reduce((sum, count) => sum + count, 0)));
  const totals = GROUPS.map(({ label }, group) =>
    `${label} ${stacks.reduce((sum, s) => sum + s[group]!, 0)}`
  );
  const peak = most === 0 ? "no webhook" : `at most ${most} in one ${bar}`;
  const bars = GROUPS.map(({ kind }, group) =>
    markup`<path class="${kind}" d="${barsOf(stacks, group, most)}"/>`
  );
  return markup`<figure>
<figcaption><b>${title}</b> <span>${peak}</span></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-labelledby="${id}-t ${id}-d">
<title id="${id}-t">Webhooks: ${title.toLowerCase()}</title>
<desc id="${id}-d">${totals.join(", ")}; ${peak}.</desc>
<path class="axis" d="M0 ${HEIGHT - 0.5}H${WIDTH}"/>
${bars}
</svg>
<p class="ends"><span>${from}</span><span>${to}</span></p>
</figure>`;
}

/** What the colours stand for. */
export function legend(): Html {
  return markup`<ul class="legend">${
    GROUPS.map(({ kind, label, of }) =>
      markup`<li><span class="swatch ${kind}"></span>${label} <span class="quiet">(${
        of.join(", ")
      })</span></li>`
    )
  }</ul>`;
}

/** The counts of some statuses together. */
export function sumOf(counts: readonly number[], of: readonly Status[]): number {
  return of.reduce((sum, status) => sum + (counts[STATUS_NAMES.indexOf(status)] ?? 0), 0);
}

/** One path for all bars of a group. */
function barsOf(stacks: readonly (readonly number[])[], group: number, most: number): string {
  const step = WIDTH / stacks.length;
  const scale = (HEIGHT - 2) / Math.max(1, most);
  return stacks.map((stack, index) => {
    if (stack[group] === 0) return "";
    const below = stack.slice(0, group).reduce((sum, count) => sum + count, 0);
    const y = round(HEIGHT - 1 - below * scale);
    return `M${round(index * step + 0.75)} ${y}h${round(step - 1.5)}v${-round(
      stack[group]! * scale,
    )}h${-round(step - 1.5)}z`;
  }).join("");
}

function round(length: number): number {
  return Math.round(length * 100) / 100;
}
