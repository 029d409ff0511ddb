/** Webhooks over time as stacked bars with a scale: inline SVG, read out as one sentence. */
import { type Kind, KINDS } from "../stats.ts";
import { type Html, markup } from "./html.ts";

/** Counts in spans of equal length, the oldest first; in each, in the order of `KINDS`. */
export type Spans = readonly (readonly number[])[];

/** What the bars are stacked of, from the bottom up: `kind` is the class that gives the colour. */
const GROUPS: readonly {
  readonly kind: string;
  readonly label: string;
  readonly of: readonly Kind[];
}[] = [
  { kind: "taken", label: "events", of: ["forwarded", "queued", "dry_run"] },
  { kind: "spare", label: "nothing to do", of: ["duplicate", "ignored"] },
  { kind: "failed", label: "failed", of: ["refused", "unavailable", "error", "dead"] },
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
  /** Times at the axis: left end, middle, right end. */
  readonly ticks: readonly [string, string, string];
}

/** Draws it. */
export function chart(spans: Spans, { id, title, bar, ticks }: ChartText): Html {
  const stacks = spans.map((counts) => GROUPS.map(({ of }) => sumOf(counts, of)));
  const most = Math.max(0, ...stacks.map((stack) => stack.reduce((sum, count) => sum + count, 0)));
  const totals = GROUPS.map(({ label }, group) =>
    `${label} ${stacks.reduce((sum, stack) => sum + stack[group]!, 0)}`
  );
  const peak = most === 0 ? "no webhook" : `at most ${most} in one ${bar}`;
  const top = scaleFor(most);
  return markup`<figure>
<figcaption><b>${title}</b> <span>${peak}</span></figcaption>
<div class="plot">
<p class="scale" aria-hidden="true"><span>${top}</span><span>${top / 2}</span><span>0</span></p>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-labelledby="${id}-t ${id}-d">
<title id="${id}-t">Webhooks: ${title.toLowerCase()}</title>
<desc id="${id}-d">${totals.join(", ")}; ${peak}.</desc>
<path class="grid" d="M0 .5H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}"/>
${GROUPS.map(({ kind }, group) => markup`<path class="${kind}" d="${barsOf(stacks, group, top)}"/>`)}
<path class="axis" d="M0 ${HEIGHT - 0.5}H${WIDTH}"/>
</svg>
</div>
<p class="ticks">${ticks.map((tick) => markup`<span>${tick}</span>`)}</p>
</figure>`;
}

/** The least round even number that is not below `most`. */
export function scaleFor(most: number): number {
  for (let unit = 1;; unit *= 10) {
    const top = [2, 4, 10].map((factor) => factor * unit).find((top) => top >= most);
    if (top !== undefined) return top;
  }
}

/** What the colours stand for. */
export function legend(): Html {
  return markup`<ul class="legend">${
    GROUPS.map(({ kind, label, of }) =>
      markup`<li><span class="swatch ${kind}"></span>${label} <span class="quiet">(${
        of.join(", ").replace("_", " ")
      })</span></li>`
    )
  }</ul>`;
}

/** The counts of some kinds together. */
function sumOf(counts: readonly number[], of: readonly Kind[]): number {
  return of.reduce((sum, kind) => sum + (counts[KINDS.indexOf(kind)] ?? 0), 0);
}

/** One path for all bars of a group. */
function barsOf(stacks: readonly (readonly number[])[], group: number, top: number): string {
  const step = WIDTH / stacks.length;
  return stacks.map((stack, index) => {
    if (stack[group] === 0) return "";
    const below = stack.slice(0, group).reduce((sum, count) => sum + count, 0);
    const [y, height] = [HEIGHT - (below / top) * HEIGHT, (stack[group]! / top) * HEIGHT].map(round);
    return `M${round(index * step + 0.75)} ${y}h${round(step - 1.5)}v${-height!}h${-round(step - 1.5)}z`;
  }).join("");
}

function round(length: number): number {
  return Math.round(length * 100) / 100;
}
