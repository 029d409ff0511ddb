/** Reads documents: tables, links and what patterns find. */

/** Rows of the table whose first column has this head, as trimmed cells. */
export function tableOf(text: string, head: string): string[][] {
  const lines = text.split("\n");
  const from = lines.findIndex((line) => line.startsWith(`| ${head} `));
  if (from < 0) throw new Error(`there is no table that begins with ${head}`);
  const length = lines.slice(from).findIndex((line) => !line.startsWith("|"));
  return lines.slice(from + 2, from + length).map(cellsOf);
}

/** A row of a table, as trimmed cells. */
export function cellsOf(line: string): string[] {
  return line.split("|").slice(1, -1).map((cell) => cell.trim());
}

/** Texts that a pattern's first group finds, each once, in order. */
export function all(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map((match) => match[1]!))];
}
