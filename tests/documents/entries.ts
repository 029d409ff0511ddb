/** Holds what a document lists against the code, and says what to write where they differ. */
import assert from "node:assert/strict";
import { tableOf } from "./markdown.ts";

/** Fails with the finished lines to put in and to take out. */
export function assertEntries(path: string, found: readonly string[], wanted: readonly string[]): void {
  const put = wanted.flatMap((entry, at) =>
    found.includes(entry)
      ? []
      : [`Put in ${at === 0 ? "as the first" : `below ${wanted[at - 1]}`}\n\n${entry}\n`]
  );
  const out = found.filter((entry) => !wanted.includes(entry)).map((entry) => `Take out\n\n${entry}\n`);
  const changes = [...put, ...out];
  if (changes.length > 0) {
    assert.fail(
      `${path} is not what the code says. Change it, then run 'deno fmt'.\n\n${changes.join("\n")}`,
    );
  }
  // What is left is a wrong order, or an entry that is there twice.
  assert.deepEqual(found, wanted, path);
}

/** The same for the rows of a table, as cells. */
export function assertTable(
  { path, text, head }: { readonly path: string; readonly text: string; readonly head: string },
  wanted: readonly (readonly string[])[],
): void {
  const lines = (rows: readonly (readonly string[])[]) => rows.map((cells) => `| ${cells.join(" | ")} |`);
  assertEntries(path, lines(tableOf(text, head)), lines(wanted));
}
