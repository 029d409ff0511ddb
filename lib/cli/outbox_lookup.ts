/** Finding events in the outbox, as operators name them: by the outbox's id, or by Coder's, which page and log show. */
import { escapeControls } from "../base/redact.ts";
import { isLeftAlone, type Stored } from "../outbox/record.ts";
import type { OutboxStore } from "../outbox/store.ts";
import type { Terminal } from "./terminal.ts";

/** Characters of an id that stand for all of it: the page shows so many. Fewer would fit by accident. */
const SHORTEST = 8;

/** Events that are asked for at once. */
const PAGE = 500;

/** Of several events that a name fits, how many are told. */
const TOLD = 4;

type Listed = Pick<OutboxStore, "list">;

/** Names of events, and the ids that each fits. */
export type Named = ReadonlyMap<string, ReadonlySet<string>>;

/** Every event of a state, in the order of acceptance. */
export async function* eventsIn(store: Listed, state: "pending" | "dead"): AsyncGenerator<Stored> {
  let after: string | undefined;
  for (let page; (page = await store.list(state, after, PAGE)).length > 0; after = page.at(-1)!.id) {
    yield* page;
  }
}

/**
 * The ids of the events that each name fits: none, one, or several of them. A name is an id or a message id of Coder's, or
 * its beginning. Ids are looked up; only for what none of them fits the whole outbox is read, once.
 *
 * @throws {StoreError}
 */
export async function eventsNamed(
  names: readonly string[],
  store: Pick<OutboxStore, "get" | "list">,
): Promise<Named> {
  const found = new Map<string, Set<string>>();
  for (const name of names) found.set(name, new Set(await idsLike(name, store)));
  const others = [...found].filter(([, ids]) => ids.size === 0);
  if (others.length === 0) return found;
  for (const state of ["pending", "dead"] as const) {
    for await (const stored of eventsIn(store, state)) {
      if (isLeftAlone(stored)) continue;
      const messageId = stored.event.metadata["coder_message_id"] ?? "";
      for (const [name, ids] of others) if (fits(name, messageId)) ids.add(stored.id);
    }
  }
  return found;
}

/** Ids are in order, so those that begin with a name come right after it. */
async function idsLike(name: string, store: Pick<OutboxStore, "get" | "list">): Promise<readonly string[]> {
  if (await store.get(name) !== undefined) return [name];
  if (name.length < SHORTEST) return [];
  const pages = [await store.list("pending", name, TOLD + 1), await store.list("dead", name, TOLD + 1)];
  return pages.flat().map(({ id }) => id).filter((id) => fits(name, id));
}

function fits(name: string, id: string): boolean {
  return id === name || (name.length >= SHORTEST && id.startsWith(name));
}

/** What is said of a name that no event has. */
export const NOT_THERE = "is not there: 'coder-platformx outbox list' tells what is";

/** The one id that a name fits; undefined: it fits none or several, which is told. */
export function onlyOne(terminal: Terminal, name: string, ids: ReadonlySet<string>): string | undefined {
  const [id, ...others] = ids;
  if (id !== undefined && others.length === 0) return id;
  const shown = [...ids].slice(0, TOLD).join(", ") + (ids.size > TOLD ? " …" : "");
  const why = id === undefined ? NOT_THERE : `fits several events, so name one of them: ${shown}`;
  terminal.err(`'${escapeControls(name)}' ${why}`);
  return undefined;
}
