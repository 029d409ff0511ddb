/** Prometheus' text format 0.0.4 (prometheus.io, "Exposition formats"). */

/** Media type of {@link expositionOf}'s text. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** One number, and what tells it from the others of its name. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Sizes that were counted: per bound, not cumulated, and above every bound. */
export interface Buckets {
  /** Upper bounds, ascending. */
  readonly bounds: readonly number[];
  /** One longer than `bounds`. */
  readonly counts: readonly number[];
  /** Of all sizes. */
  readonly sum: number;
}

/** Everything under one name. */
export type Family =
  & { readonly name: string; readonly help: string }
  & (
    | { readonly type: "counter" | "gauge"; readonly samples: readonly Sample[] }
    | { readonly type: "histogram"; readonly buckets: Buckets }
  );

/** The text of families; one without samples is left out. */
export function expositionOf(families: readonly Family[]): string {
  return families.map(textOf).join("");
}

function textOf(family: Family): string {
  const { name, help, type } = family;
  const samples = type === "histogram"
    ? histogramLines(name, family.buckets)
    : family.samples.map(({ labels, value }) => line(name, labels ?? {}, value));
  if (samples.length === 0) return "";
  return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${samples.join("")}`;
}

function histogramLines(name: string, { bounds, counts, sum }: Buckets): string[] {
  let total = 0;
  const buckets = [...bounds, Infinity].map((bound, at) => {
    total += counts[at]!;
    return line(`${name}_bucket`, { le: numberOf(bound) }, total);
  });
  return [...buckets, line(`${name}_sum`, {}, sum), line(`${name}_count`, {}, total)];
}

function line(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${numberOf(value)}\n`;
}

/** As Go's `ParseFloat` reads it. */
function numberOf(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}
