import { escapeControls } from "../base/redact.ts";

/** Columns that a terminal of usual width shows without breaking lines by itself. */
export const WIDTH = 100;

/**
 * Rows of cells → lines with aligned columns. The last column is not padded; with a `width` it is wrapped to fit. Control
 * characters are escaped, line breaks too.
 */
export function alignColumns(cells: readonly (readonly string[])[], width = Infinity): string {
  const rows = cells.map((row) => row.map(escapeControls));
  const widths = (rows[0] ?? []).slice(0, -1).map((_, column) =>
    Math.max(...rows.map((row) => lengthOf(row[column] ?? "")))
  );
  const indent = widths.reduce((sum, length) => sum + length + 2, 0);
  return rows.map((row) => {
    const padded = widths.map((length, column) => {
      const cell = row[column] ?? "";
      return cell + " ".repeat(length - lengthOf(cell) + 2);
    }).join("");
    return wrap(row[widths.length] ?? "", { width, indent, first: padded }).trimEnd();
  }).join("\n");
}

/**
 * Breaks a text between words, and within one only where it would not fit a line of its own.
 *
 * @param first what stands before the first line, as wide as `indent`
 */
export function wrap(
  text: string,
  { width = WIDTH, indent = 0, first = " ".repeat(indent) }: {
    readonly width?: number;
    readonly indent?: number;
    readonly first?: string;
  } = {},
): string {
  // However wide the other columns are, some of the text fits beside them.
  const room = Math.max(width - indent, 20);
  const lines = [""];
  for (const word of text.split(" ").flatMap((word) => lengthOf(word) > room ? pieces(word, room) : [word])) {
    const line = lines.at(-1)!;
    if (line !== "" && lengthOf(line) + 1 + lengthOf(word) > room) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.map((line, i) => (i === 0 ? first : " ".repeat(indent)) + line).join("\n");
}

function pieces(word: string, length: number): readonly string[] {
  const points = [...word];
  return Array.from(
    { length: Math.ceil(points.length / length) },
    (_, i) => points.slice(i * length, (i + 1) * length).join(""),
  );
}

/** By code points: a character counts once. */
function lengthOf(text: string): number {
  return [...text].length;
}
