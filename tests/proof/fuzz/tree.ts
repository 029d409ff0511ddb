/** JSON as a tree that can also be what `JSON.stringify` never writes: duplicate keys, numbers of any length. */
import type { Random } from "../crash/random.ts";

/** A part of the tree. */
export type Node = Members | readonly Node[] | Literal;

/** An object: its members in order, the same key as often as wanted. */
export class Members {
  constructor(readonly list: readonly (readonly [key: string, value: Node])[]) {}

  /** The last member of this name: the one that counts. */
  get(key: string): Node | undefined {
    return this.list.findLast(([name]) => name === key)?.[1];
  }

  /** With this member in place of those of the same name, at the end when there was none. */
  with(key: string, value: Node): Members {
    return new Members([...this.list.filter(([name]) => name !== key), [key, value]]);
  }
}

/** JSON text that is written as it stands. */
export class Literal {
  constructor(readonly text: string) {}
}

/** The tree of a decoded value. */
export function treeOf(value: unknown): Node {
  if (Array.isArray(value)) return value.map(treeOf);
  if (typeof value !== "object" || value === null) return new Literal(JSON.stringify(value) ?? "null");
  return new Members(Object.entries(value).map(([key, member]) => [key, treeOf(member)] as const));
}

/** A text's node. */
export function textNode(text: string): Literal {
  return new Literal(JSON.stringify(text));
}

/** Writes the tree as `JSON.stringify` would. */
export function plain(node: Node): string {
  if (node instanceof Literal) return node.text;
  if (node instanceof Members) {
    return `{${node.list.map(([key, value]) => `${JSON.stringify(key)}:${plain(value)}`).join(",")}}`;
  }
  return `[${node.map(plain).join(",")}]`;
}

/** Writes the tree in another way that means the same: members in any order, spaces, escapes that nothing needs. */
export function otherwise(node: Node, random: Random): string {
  const space = () => random.next() < 0.1 ? pick([" ", "\t", "\r\n", "  "], random) : "";
  if (node instanceof Literal) {
    return space() + (node.text.startsWith('"') ? escaped(node.text, random) : node.text);
  }
  if (node instanceof Members) {
    const members = shuffled(node.list, random).map(([key, value]) =>
      `${space()}${escaped(JSON.stringify(key), random)}${space()}:${otherwise(value, random)}${space()}`
    );
    return `${space()}{${members.join(",")}}`;
  }
  return `${space()}[${node.map((part) => otherwise(part, random)).join(",")}${space()}]`;
}

/** One of the list. */
export function pick<T>(list: readonly T[], random: Random): T {
  return list[Math.floor(random.next() * list.length)]!;
}

/** In any order. Members of the same name keep theirs: the last one counts. */
function shuffled(
  list: readonly (readonly [string, Node])[],
  random: Random,
): readonly (readonly [string, Node])[] {
  const groups = [...Map.groupBy(list, ([key]) => key).values()];
  return groups.map((group) => ({ group, at: random.next() })).sort((a, b) => a.at - b.at).flatMap((
    { group },
  ) => group);
}

/** Spells some characters of a JSON string by their code: only such as are not part of an escape. */
function escaped(text: string, random: Random): string {
  if (text.includes("\\") || random.next() < 0.7) return text;
  return `"${
    text.slice(1, -1).replace(
      /[^]/g,
      (unit) => random.next() < 0.2 ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}` : unit,
    )
  }"`;
}
