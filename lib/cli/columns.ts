/** Rows of cells → lines with aligned columns. The last column is not padded. */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  // By code points: a character counts once.
  const length = (cell: string | undefined) => [...cell ?? ""].length;
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => length(row[column]))));
  const padded = (cell: string, column: number) => cell + " ".repeat((widths[column] ?? 0) - length(cell));
  return rows.map((row) => row.map(padded).join("  ").trimEnd()).join("\n");
}
