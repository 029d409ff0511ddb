/** `Accept` → what is wanted (RFC 9110, section 12.5.1). */
import type { Format } from "../status/exposition.ts";

/**
 * Whether a page is wanted: `text/html` is named, and JSON is not wanted more. A wildcard is no wish for a page: probes
 * and `curl` send one or nothing.
 */
export function prefersHtml(accept: string | null): boolean {
  const ranges = rangesIn(accept);
  const page = weightOf(ranges, "text/html") ?? 0;
  const json = weightOf(ranges, "application/json") ?? weightOf(ranges, "application/*") ??
    weightOf(ranges, "*/*");
  return page > 0 && page >= (json ?? 0);
}

/** The format of metrics that is wanted: OpenMetrics where its version 1 is named, and the old text is not wanted more. */
export function formatFor(accept: string | null): Format {
  const ranges = rangesIn(accept);
  const first = ranges.filter(({ version }) => version === undefined || version === "1.0.0");
  const open = weightOf(first, "application/openmetrics-text") ?? 0;
  return open > 0 && open >= (weightOf(ranges, "text/plain") ?? 0) ? "openmetrics" : "prometheus";
}

interface Range {
  readonly type: string;
  readonly version: string | undefined;
  readonly weight: number;
}

function rangesIn(accept: string | null): readonly Range[] {
  return (accept ?? "").split(",").map((text) => {
    const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
    const value = (name: string) =>
      parameters.find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1);
    return { type, version: value("version"), weight: weightIn(value("q")) };
  });
}

/** A weight that is none counts as 0: the rest of the header still holds. */
function weightIn(text = "1"): number {
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : 0;
}

function weightOf(ranges: readonly Range[], type: string): number | undefined {
  const weights = ranges.filter((range) => range.type === type).map(({ weight }) => weight);
  return weights.length === 0 ? undefined : Math.max(...weights);
}
