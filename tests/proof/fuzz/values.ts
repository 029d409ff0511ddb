/** Values that have broken other programs. */
import type { Random } from "../crash/random.ts";
import { ADDRESSES } from "./canaries.ts";
import { Literal, Members, type Node, pick, textNode } from "./tree.ts";

/** Names that mean something to JavaScript, to the service, or to what reads a log. */
export const KEYS: readonly string[] = [
  ...["__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty", "toJSON", "then"],
  "length",
  ...["level", "event", "message", "time", "status", "reason", "outcome", "", " ", "0", "-1", "4294967295"],
  ...["workspace", "template", "version", "organization", "initiator", "name", "workspace_id"],
  "coder_message_id",
  ...["id", "email", "owner", "user", "data", "labels", "targets", "msg_id", "payload", "timestamp"],
  ...["\ud800", "\udfff", "\u2028", "\u0000", "\n", "\x1b[31m", "\u202e", "…", "𝒳", "é", ADDRESSES.elsewhere],
];

/** Texts. */
export const TEXTS: readonly string[] = [
  ...["", " ", "\0", "\n", "\r\n", "a\nb", '"', "\\", "\\u0000", "null", "true", "[]", "{}", "NaN"],
  ...["Infinity", "-0"],
  ...[
    '\n{"level":"ERROR","event":"forged"}',
    '"}\n{"level":"ERROR","event":"forged"}',
    "x=1 level=ERROR event=forged",
  ],
  ...["\x1b[2J\x1b]0;title\x07", "\u202egnp.exe", "\u2028\u2029", "\ufeff", "\ud800", "\udc00\ud800"],
  ...["e\u0301".repeat(40), "<script>alert(1)</script>", "'; DROP TABLE events; --", "${jndi:ldap://x}"],
  ...["{{7*7}}", "%s%n%x", "../../etc/passwd", "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z"],
  ...["0000-00-00T00:00:00Z", "2026-01-01T00:00:00+99:99", "1e999", "c42fdf75-3097-471c-8c33-fb52454d81c0"],
  ...["62f86a30-2330-4b61-a26d-311ff3b608cf", "prebuilds@system", "@", "a@", "@b", "One-Time Passcode"],
  ...["one-timepasscode", "Test Notification", "Workspace Created", "WORKSPACE  created"],
  ADDRESSES.elsewhere,
  `mail ${ADDRESSES.elsewhere.replace("@", "%40")}, now`,
];

const NUMBERS: readonly string[] = [
  ...["0", "-0", "1", "-1", "1e999", "-1e999", "1e-999", "0.1", "9007199254740993", "123456789".repeat(40)],
  ...["1.7976931348623157e308", "5e-324", "1E+2", "4294967296", "-2147483649", "0.".padEnd(400, "1")],
];

/** A text: one of the list, many of one character, or code units at random. */
export function anyText(random: Random): string {
  const at = random.next();
  if (at < 0.6) return pick(TEXTS, random);
  if (at < 0.75) {
    return pick([...KEYS, "a", "…", "\ud800"], random).repeat(Math.floor(random.between(0, 300)));
  }
  const units = Array.from({ length: Math.floor(random.between(0, 60)) }, () => random.between(0, 0xffff));
  return String.fromCharCode(...units);
}

/** A value of any kind. */
export function anyNode(random: Random, depth = 4): Node {
  const at = random.next();
  if (at < 0.4) return textNode(anyText(random));
  if (at < 0.5) return new Literal(pick(NUMBERS, random));
  if (at < 0.6 || depth === 0) return new Literal(pick(["null", "true", "false", "{}", "[]"], random));
  if (at < 0.64) return nested(random);
  const length = Math.floor(random.between(0, 5));
  if (at < 0.75) return Array.from({ length }, () => anyNode(random, depth - 1));
  return new Members(Array.from({ length }, () => [pick(KEYS, random), anyNode(random, depth - 1)] as const));
}

/** Nested as deep as no recursion should go. */
function nested(random: Random): Node {
  const depth = pick([10, 63, 64, 65, 200, 5_000], random);
  const [open, close] = pick([["[", "]"], ['{"a":', "}"], ['{"__proto__":', "}"]] as const, random);
  return new Literal(open.repeat(depth) + "1" + close.repeat(depth));
}
