/** What identifies what happened, as JSON values whose text does not depend on the order in which keys were received. */
import { type JsonObject, MAX_DEPTH, objectOf } from "./notification.ts";

/** Labels, data without build parameters, and targets: with sorted keys, and otherwise as received. */
export type IdentityParts = readonly [labels: unknown, data: unknown, targets: unknown];

/** What of a notification identifies what happened; undefined: it nests deeper than {@link MAX_DEPTH}. */
export function identityParts(payload: JsonObject): IdentityParts | undefined {
  const { labels, data, targets } = payload;
  // As received, also what is of a wrong type and is not forwarded: it may be all that differs.
  const parts = [labels ?? {}, withoutParameters(data ?? null), targets ?? []] as const;
  switch (orderOf(parts, MAX_DEPTH + 1)) {
    case "deep":
      return undefined;
    case "sorted":
      return parts;
    case "unsorted":
      return [sorted(parts[0]), sorted(parts[1]), sorted(parts[2])];
  }
}

/** `data` without what people chose for a build: the hash of a short secret among it could be guessed. */
export function withoutParameters(data: unknown): unknown {
  const object = objectOf(data);
  // JSON.stringify leaves out what is undefined.
  return object != null && Object.hasOwn(object, "parameters") ? { ...object, parameters: undefined } : data;
}

/** Whether all keys are sorted, as Go writes maps, so that nothing needs to be copied; `deep`: there are more levels. */
export function orderOf(value: unknown, levels: number): "sorted" | "unsorted" | "deep" {
  if (typeof value !== "object" || value === null) return "sorted";
  if (levels === 0) return "deep";
  let order: "sorted" | "unsorted" = "sorted";
  // Only containers are looked into, and lists by index: this is several times as fast.
  const lookInto = (part: unknown): boolean => {
    if (typeof part !== "object" || part === null) return true;
    const inside = orderOf(part, levels - 1);
    if (inside === "unsorted") order = inside;
    return inside !== "deep";
  };
  if (Array.isArray(value)) return value.every(lookInto) ? order : "deep";
  let last = "";
  // JSON gives objects nothing to inherit.
  for (const key in value) {
    if (!lookInto((value as JsonObject)[key])) return "deep";
    if (key < last) order = "unsorted";
    last = key;
  }
  return order;
}

/** A copy with sorted keys; those that are numbers stay in front, in their own order, as they do in every object. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const object = value as JsonObject;
  return Object.fromEntries(Object.keys(object).sort().map((key) => [key, sorted(object[key])]));
}
