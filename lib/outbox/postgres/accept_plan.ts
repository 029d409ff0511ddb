/** What accepting a group of webhooks writes, given what the store remembers. */
import { firstText, fold, type HashedCopy, NOW, type Remembering } from "../occurrence_text.ts";
import type { Row } from "../record.ts";
import { StoreError } from "../store_fault.ts";

/** What becomes of one webhook of a group; one whose event is new is claimed as well, if it asks for that. */
export type Planned = "queued" | "duplicate" | StoreError;

/** A webhook as it is stored. */
export interface PreparedDraft {
  readonly key: string;
  readonly copy: HashedCopy;
  /** As JSON: within JSON, PostgreSQL would look into its texts, and refuse some. */
  readonly event: { readonly id: string; readonly event: string; readonly take: boolean };
}

/** What is to be written of one notification, and what its webhooks come to then. */
export interface Plan {
  readonly outcomes: readonly (readonly [PreparedDraft, Planned])[];
  /** With one event: it was not there. */
  readonly inserted?: { readonly key: string; readonly after: string } & PreparedDraft["event"];
  readonly changed?: {
    readonly key: string;
    /** As it was read. */
    readonly before: string;
    readonly after: string;
    readonly events: readonly PreparedDraft["event"][];
  };
}

/** What planning goes by. */
export interface PlanRules extends Omit<Remembering, "now"> {
  /** Events, and notifications, that may still be accepted. */
  readonly room: number;
  readonly keyRoom: number;
  /** It was tried before, and may have been done: what is found then may be our own. */
  readonly isDoubtful: boolean;
}

/**
 * Plans for each notification. What is written may turn out to be overtaken by others: then its webhooks are planned again.
 *
 * @param known rows of the table `dedup`, with the time `now`; those that are missing are taken for not being there
 */
export function planned(
  drafts: readonly PreparedDraft[],
  known: readonly Row[],
  { room, keyRoom, isDoubtful, agedTo, window }: PlanRules,
): readonly Plan[] {
  const rows = new Map(known.map((row) => [row["key"], row]));
  return [...Map.groupBy(drafts, ({ key }) => key)].map(([key, copies]): Plan => {
    const row = rows.get(key);
    const [first] = copies;
    if (row === undefined && first !== undefined) {
      const fault = room <= 0 ? "overfull" : keyRoom <= 0 ? "keys_overfull" : undefined;
      if (fault !== undefined) return { outcomes: copies.map((draft) => [draft, new StoreError(fault)]) };
      room--;
      keyRoom--;
      // Its further copies come in turn, when it is there.
      return {
        outcomes: [[first, "queued"]],
        inserted: { key, after: firstText(first.copy, NOW), ...first.event },
      };
    }
    const before = String(row?.["occurrences"]);
    const now = Number(row?.["now"]);
    let after = before;
    const events: PreparedDraft["event"][] = [];
    const outcomes = copies.map((draft): readonly [PreparedDraft, Planned] => {
      const folded = fold(after, draft.copy, { now, agedTo: Math.min(now, agedTo), window });
      if (folded === undefined) return [draft, new StoreError("unreadable")];
      if (folded.kind === "new" && room <= 0) return [draft, new StoreError("overfull")];
      after = folded.text;
      if (folded.kind !== "new") return [draft, isDoubtful && folded.isFirst ? "queued" : "duplicate"];
      room--;
      events.push(draft.event);
      return [draft, "queued"];
    });
    return after === before ? { outcomes } : { outcomes, changed: { key, before, after, events } };
  });
}
