/** Lists in settings. */

/** The entries of a list, trimmed: comma, semicolon and line break separate them, and empty ones count for nothing. */
export function entriesOf(list: string): readonly string[] {
  return list.split(/[,;\r\n]/).map((entry) => entry.trim()).filter((entry) => entry !== "");
}
