/** Rows of cells → lines with aligned columns. The last column is not padded. */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => [...row[column] ?? ""].length))) ??
    [];
  const line = (row: readonly string[]) =>
    row.map((cell, i) => cell.padEnd(i < row.length - 1 ? widths[i]! : 0)).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}
