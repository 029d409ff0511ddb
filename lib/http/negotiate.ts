/** `Accept` → whether a browser is asking. */

/**
 * Whether a page is wanted: `text/html` is named, and JSON is not wanted more (RFC 9110, section 12.5.1). A wildcard is no
 * wish for a page: probes and `curl` send one or nothing.
 */
export function prefersHtml(accept: string | null): boolean {
  const ranges = new Map((accept ?? "").split(",").map(rangeOf));
  const page = ranges.get("text/html") ?? 0;
  const json = ranges.get("application/json") ?? ranges.get("application/*") ?? ranges.get("*/*") ?? 0;
  return page > 0 && page >= json;
}

/** Media range and weight. A weight that is none counts as 0: the rest of the header still holds. */
function rangeOf(text: string): readonly [range: string, weight: number] {
  const [range = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
  if (weight === undefined) return [range, 1];
  return [range, /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(weight) ? Number(weight) : 0];
}
