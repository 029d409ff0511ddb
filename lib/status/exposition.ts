/** Prometheus' text format 0.0.4 (prometheus.io, "Exposition formats"), and OpenMetrics 1.0. */

/** The formats, with the media type of their text. */
export const FORMATS = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
} as const;

/** One of {@link FORMATS}. */
export type Format = keyof typeof FORMATS;

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

/** Everything under one name; a counter's ends in `_total`. */
export type Family =
  & { readonly name: string; readonly help: string }
  & (
    | { readonly type: "counter" | "gauge"; readonly samples: readonly Sample[] }
    | { readonly type: "histogram"; readonly buckets: Buckets }
  );

/** The text of families; one without samples is left out. */
export function expositionOf(families: readonly Family[], format: Format): string {
  const text = families.map((family) => textOf(family, format)).join("");
  return format === "openmetrics" ? `${text}# EOF\n` : text;
}

function textOf(family: Family, format: Format): string {
  const { name, help, type } = family;
  const samples = type === "histogram"
    ? histogramLines(name, family.buckets, format)
    : family.samples.map(({ labels, value }) => line(name, labels ?? {}, value));
  if (samples.length === 0) return "";
  // OpenMetrics names a counter's family without the ending of its samples, and escapes quotes in help.
  const isOpen = format === "openmetrics";
  const titled = isOpen && type === "counter" ? name.replace(/_total$/, "") : name;
  const about = isOpen ? escapeLabel(help) : escapeHelp(help);
  return `# HELP ${titled} ${about}\n# TYPE ${titled} ${type}\n${samples.join("")}`;
}

function histogramLines(name: string, { bounds, counts, sum }: Buckets, format: Format): string[] {
  let total = 0;
  const buckets = [...bounds, Infinity].map((bound, at) => {
    total += counts[at]!;
    // OpenMetrics writes every bound as a float, and so does Prometheus 3 whatever it reads.
    const le = numberOf(bound) + (format === "openmetrics" && Number.isInteger(bound) ? ".0" : "");
    return line(`${name}_bucket`, { le }, total);
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
