/** "Did you mean": the word closest to a misspelled one. */

/** A word, and the edits (insert, delete, replace) that make it of the misspelled one. */
export interface Closest {
  readonly word: string;
  readonly edits: number;
}

/**
 * The candidate closest to a word, the earliest of several. Undefined when nothing is even similar: more than a third
 * of the word's letters differ. Letter case counts.
 */
export function closest(word: string, candidates: Iterable<string>): Closest | undefined {
  let best: Closest | undefined;
  for (const candidate of candidates) {
    const edits = editDistance(word, candidate);
    if (best === undefined || edits < best.edits) best = { word: candidate, edits };
  }
  return best === undefined || best.edits > word.length / 3 ? undefined : best;
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
