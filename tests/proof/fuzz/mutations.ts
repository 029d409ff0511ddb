/** Changes to a tree and to a text. */
import type { Random } from "../crash/random.ts";
import { Members, type Node, pick, textNode } from "./tree.ts";
import { anyNode, anyText, KEYS } from "./values.ts";

/** Changes one place somewhere in the tree. */
export function mutated(node: Node, random: Random): Node {
  if (random.next() < 0.12) return anyNode(random);
  if (node instanceof Members && node.list.length > 0) {
    const list = [...node.list];
    const at = Math.floor(random.next() * list.length);
    const [key, value] = list[at]!;
    const how = random.next();
    if (how < 0.1) list.splice(at, 1);
    else if (how < 0.2) list.push([key, anyNode(random)]);
    else if (how < 0.3) list.push([pick(KEYS, random), anyNode(random)]);
    else if (how < 0.4) list[at] = [pick(KEYS, random), value];
    else list[at] = [key, mutated(value, random)];
    return new Members(list);
  }
  if (Array.isArray(node) && node.length > 0) {
    const at = Math.floor(random.next() * node.length);
    return node.with(at, mutated(node[at]!, random));
  }
  return random.next() < 0.6 ? textNode(anyText(random)) : anyNode(random);
}

/** Adds what is to be tolerated: members nobody knows, and earlier ones of a name, which do not count. */
export function extended(node: Node, random: Random, depth: number): Node {
  if (!(node instanceof Members)) return node;
  const extra = [`unknown ${random.next()}`, anyNode(random, depth)] as const;
  const [first] = node.list;
  const earlier = first === undefined ? [] : [[first[0], anyNode(random, depth)] as const];
  return new Members([...random.next() < 0.3 ? earlier : [], ...node.list, extra]);
}

/** Changes bytes: flips, inserts, removes, cuts, repeats. */
export function damaged(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  let changed = [...bytes];
  for (let times = Math.ceil(random.between(0, 4)); times > 0; times--) {
    const at = Math.floor(random.next() * (changed.length + 1));
    const byte = pick([0x00, 0x0a, 0x22, 0x5c, 0x7b, 0x7d, 0x2c, 0x3a, 0x80, 0xc0, 0xed, 0xff], random);
    const how = random.next();
    if (how < 0.3) changed[at] = byte;
    else if (how < 0.55) changed.splice(at, 0, byte);
    else if (how < 0.75) changed.splice(at, Math.ceil(random.between(0, 20)));
    else if (how < 0.85) changed = changed.slice(0, at);
    else changed.splice(at, 0, ...changed.slice(at, at + 50));
  }
  return new Uint8Array(changed.map((byte) => byte ?? 0));
}
