/** What of the page is asked for, and links that keep it. */
import { scrub, shownName } from "../../base/redact.ts";

/** Webhooks that are asked for instead of the whole page. */
export type Selection =
  | { readonly kind: "failed" }
  /** Texts as they may be shown. */
  | { readonly kind: "notification"; readonly name: string }
  | { readonly kind: "message"; readonly id: string };

/** Of the address the page was asked for. */
export interface PageView {
  /** Whether details were asked for: links keep that. */
  readonly details: boolean;
  /** Whether the page must not renew itself. */
  readonly still: boolean;
  readonly selection: Selection | undefined;
}

/** Seconds after which the page renews itself. */
export const RENEWAL = 15;

/** Reads the query of the page's address. */
export function viewOf(query: { has(name: string): boolean; get(name: string): string | null }): PageView {
  return { details: query.has("details"), still: query.has("still"), selection: selectionOf(query) };
}

function selectionOf(query: { get(name: string): string | null }): Selection | undefined {
  const [name, id] = [query.get("notification"), query.get("message")];
  if (id) return { kind: "message", id: scrub(id, [], 64) };
  if (name) return { kind: "notification", name: shownName(name) };
  return query.get("only") === "failed" ? { kind: "failed" } : undefined;
}

/** A link that changes a part of the view. Relative: a proxy may serve the page below a path of its own. */
export function linkTo(view: PageView, change: Partial<PageView>): string {
  const { details, selection, still } = { ...view, ...change };
  return `?${[...details ? ["details"] : [], ...still ? ["still"] : [], ...selected(selection)].join("&")}`;
}

function selected(selection: Selection | undefined): readonly string[] {
  switch (selection?.kind) {
    case undefined:
      return [];
    case "failed":
      return ["only=failed"];
    case "notification":
      return [`notification=${encodeURIComponent(selection.name.toWellFormed())}`];
    case "message":
      return [`message=${encodeURIComponent(selection.id.toWellFormed())}`];
  }
}
