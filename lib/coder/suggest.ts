/** "Did you mean": the catalogue's name closest to a misspelled one. */
import { CATALOGUE, nameKey } from "./catalogue.ts";

/** Edits (insert, delete, replace) up to which a name counts as a misspelling. */
const NEAR = 2;

/**
 * The closest name of the catalogue; `near` when it is a misspelling of it. Undefined when nothing is even
 * similar: more than a third of the letters differ.
 */
export function closestName(name: string): { readonly name: string; readonly near: boolean } | undefined {
  const key = nameKey(name).slice(0, 100);
  let best: { name: string; edits: number } | undefined;
  for (const row of CATALOGUE) {
    for (const candidate of [row.name, ...row.otherNames ?? []]) {
      const edits = editDistance(key, nameKey(candidate));
      if (best === undefined || edits < best.edits) best = { name: row.name, edits };
    }
  }
  if (best === undefined || best.edits > key.length / 3) return undefined;
  return { name: best.name, near: best.edits <= NEAR };
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
