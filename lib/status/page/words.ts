/** Why a webhook came to nothing, in an operator's words. */
import type { Status } from "../../delivery/outcome.ts";
import { type ReasonRow, REASONS } from "../../delivery/reasons.ts";

/** A sentence or two; nothing where there is nothing to say. */
export function reasonWords(status: Status, reason: string | undefined): string {
  if (status === "duplicate") return "A further recipient's copy, or Coder's repetition.";
  if (status === "refused") return "PlatformX's words are in the log line event_refused or dead_letter.";
  if (reason === undefined) return "";
  const row: ReasonRow | undefined = Object.hasOwn(REASONS, reason)
    ? REASONS[reason as keyof typeof REASONS]
    : undefined;
  return row === undefined ? reason : `${row.what} ${row.todo}`.trim();
}
