/** "Did you mean": the catalogue's name closest to a misspelled one. */
import { closest } from "../base/closest.ts";
import { CATALOGUE, nameKey } from "./catalogue.ts";

/** Edits up to which a name counts as a misspelling. */
const NEAR = 2;

/** Names of the catalogue by their keys, other names included. */
const NAMES: ReadonlyMap<string, string> = new Map(
  CATALOGUE.flatMap(({ name, otherNames = [] }) =>
    [name, ...otherNames].map((other) => [nameKey(other), name])
  ),
);

/** The closest name of the catalogue; `near` when it is a misspelling of it. Undefined when nothing is similar. */
export function closestName(name: string): { readonly name: string; readonly near: boolean } | undefined {
  const found = closest(nameKey(name).slice(0, 100), NAMES.keys());
  return found && { name: NAMES.get(found.word)!, near: found.edits <= NEAR };
}
