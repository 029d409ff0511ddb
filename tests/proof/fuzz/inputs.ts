/** Webhooks that nobody should send. Each depends on the seed and its own number only, so that it can be made again. */
import { Random } from "../crash/random.ts";
import { ADDRESSES, SECRETS } from "./canaries.ts";
import { damaged, extended, mutated } from "./mutations.ts";
import { Literal, Members, type Node, otherwise, pick, plain, textNode, treeOf } from "./tree.ts";
import { anyNode, anyText } from "./values.ts";

/** One webhook. */
export interface Input {
  readonly kind: Kind;
  readonly body: Uint8Array<ArrayBuffer>;
  /** The sample that it means, when it was changed only in what does not matter. */
  readonly means?: string;
  /** Planted secrets stand where they may not be sent on; false when the text was damaged after planting. */
  readonly intact: boolean;
  readonly random: Random;
}

const KINDS = [
  ...["same meaning", "same meaning", "mutated", "mutated", "mutated", "mutated", "damaged", "damaged"],
  ...["any JSON", "any JSON", "any fields", "any fields", "encoding", "no JSON", "large"],
] as const;

/** What was done to make an input. */
export type Kind = typeof KINDS[number];

/** Large ones are rare: they take a hundred times as long. */
const LARGE_SHARE = 0.02;

/** Label names that say that there is a secret in it. */
const SECRET_LABELS = [
  ...["db_password", "API Key", "git-token", "clientSecret", "awsCREDENTIALS", "user_passcode"],
];

/** Makes inputs from samples. */
export class Inputs {
  readonly #seed: number;
  readonly #samples: readonly (readonly [name: string, tree: Members])[];

  constructor(seed: number, samples: ReadonlyMap<string, unknown>) {
    this.#seed = seed;
    this.#samples = [...samples].map(([name, value]) => [name, treeOf(value) as Members] as const);
  }

  /** The n-th. */
  at(number: number): Input {
    const random = new Random(Math.imul(this.#seed + 1, 0x9e3779b1) + number);
    random.next();
    let kind: Kind = pick(KINDS, random);
    if (kind === "large" && random.next() >= LARGE_SHARE) kind = "mutated";
    return { kind, random, intact: true, ...this.#make(kind, number, random) };
  }

  #make(kind: Kind, number: number, random: Random): Pick<Input, "body"> & Partial<Input> {
    const [name, sample] = pick(this.#samples, random);
    const several = (tree: Node) => {
      let node = tree;
      for (let times = Math.ceil(random.between(0, 4)); times > 0; times--) node = mutated(node, random);
      return node;
    };
    switch (kind) {
      case "same meaning":
        return { means: name, body: utf8(otherwise(sameMeaning(sample, number, random), random)) };
      case "mutated":
        return { body: utf8(plain(planted(several(sample), number, random))) };
      case "damaged":
        return { body: damaged(utf8(plain(planted(sample, number, random, false))), random), intact: false };
      case "any JSON":
        return { body: utf8(plain(anyNode(random, 6))) };
      case "any fields":
        return { body: utf8(plain(planted(anyFields(random), number, random))) };
      case "encoding":
        return { body: encoded(plain(several(sample)), random), intact: false };
      case "no JSON":
        return { body: damaged(utf8(pick(NO_JSON, random)), random), intact: false };
      case "large":
        return { body: utf8(plain(planted(large(sample, random), number, random))) };
    }
  }
}

const NO_JSON = [
  ...[
    "",
    " ",
    "{",
    "[",
    '"',
    "nul",
    "NaN",
    "undefined",
    "{'a':1}",
    "01",
    "1.",
    ".5",
    "+1",
    '"\n"',
    "[1,]",
    "{,}",
  ],
  ...['{"msg_id":"a","payload":{', "\u0000", "[".repeat(50_000), '{"a":'.repeat(50_000), "<xml/>", "a=b&c=d"],
];

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** A sample with a `msg_id` of its own and what makes it a happening of its own; neither changes the event. */
function sameMeaning(sample: Members, number: number, random: Random): Node {
  const payload = sample.get("payload") as Members;
  const data = payload.get("data");
  const members = data instanceof Members ? data : new Members([]);
  const changed = payload.with(
    "data",
    extended(members.with("happening", new Literal(String(number))), random, 0),
  );
  return extended(sample.with("msg_id", textNode(`m-${number}`)).with("payload", changed), random, 4);
}

/**
 * Secrets and addresses at places from which they must not come out. Not in labels where the text will be damaged: it
 * may be the name that is.
 */
function planted(tree: Node, number: number, random: Random, inLabels = true): Node {
  if (!(tree instanceof Members)) return tree;
  const outer = tree.with("title", textNode(SECRETS.unread)).with("body", textNode(SECRETS.unread));
  const payload = outer.get("payload");
  if (!(payload instanceof Members)) return outer;
  const actions = [new Members([["url", textNode(`https://x.example.com/?${SECRETS.unread}`)]])];
  let inner = payload.with("actions", actions).with("user_name", textNode(SECRETS.unread));
  const labels = inner.get("labels");
  if (inLabels && labels instanceof Members && random.next() < 0.8) {
    let list = labels.with(pick(SECRET_LABELS, random), textNode(SECRETS.label));
    if (random.next() < 0.5) {
      list = list.with(pick(["task", "project_name"], random), textNode(SECRETS.freeText));
    }
    if (random.next() < 0.1) list = list.with("one_time_passcode", textNode(SECRETS.passcode));
    if (random.next() < 0.3) list = list.with("told", textNode(`to ${ADDRESSES.recipient.toUpperCase()}`));
    inner = inner.with("labels", list).with("user_email", textNode(ADDRESSES.recipient));
  }
  const data = inner.get("data");
  if (data instanceof Members) {
    inner = inner.with("data", data.with("parameters", textNode(SECRETS.unread)));
  }
  if (random.next() < 0.1) {
    const names = [
      ADDRESSES.elsewhere,
      `${"a".repeat(470)} ${ADDRESSES.elsewhere}`,
      `\n${ADDRESSES.elsewhere}`,
    ];
    inner = inner.with("notification_name", textNode(pick(names, random)));
  }
  const messageId = random.next() < 0.8 ? `m-${number}` : `${number} ${ADDRESSES.elsewhere}`;
  return outer.with("payload", inner).with("msg_id", textNode(messageId));
}

/** The fields that are looked at, each with any value. */
function anyFields(random: Random): Members {
  const fields = (...names: string[]) => new Members(names.map((name) => [name, anyNode(random)] as const));
  let payload = fields(
    "notification_name",
    "notification_template_id",
    "user_id",
    "labels",
    "data",
    "targets",
  );
  if (random.next() < 0.7) payload = payload.with("notification_name", textNode("Anything else"));
  if (random.next() < 0.7) payload = payload.with("notification_template_id", new Literal("null"));
  if (random.next() < 0.7) payload = payload.with("user_id", new Literal("null"));
  if (random.next() < 0.7) payload = payload.with("targets", []);
  if (random.next() < 0.7) {
    payload = payload.with("labels", new Members([["any", textNode(anyText(random))]]));
  }
  if (random.next() < 0.7) {
    const owner = new Members([["email", textNode(ADDRESSES.person)], ["id", anyNode(random)]]);
    payload = payload.with("data", fields("novelty", "workspace").with("owner", owner));
  }
  // Nobody is the person then: who was told never is.
  if (random.next() < 0.3) payload = payload.with("data", new Members([]));
  payload = payload.with("user_email", textNode(ADDRESSES.recipient));
  return new Members([["payload", payload]]);
}

/** Texts in encodings that are not UTF-8, and UTF-8 that is not valid. */
function encoded(text: string, random: Random): Uint8Array<ArrayBuffer> {
  const bytes = utf8(text);
  const units = [...text].map((character) => character.charCodeAt(0));
  const broken = [[0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82], [0xfe], [
    0xff,
    0xff,
  ]];
  switch (Math.floor(random.between(0, 4))) {
    case 0:
      return new Uint8Array([0xef, 0xbb, 0xbf, ...bytes]);
    case 1:
      return new Uint8Array([0xff, 0xfe, ...units.flatMap((unit) => [unit & 0xff, unit >> 8])]);
    case 2:
      return new Uint8Array(units.map((unit) => unit & 0xff));
    default: {
      const at = Math.floor(random.next() * bytes.length);
      return new Uint8Array([...bytes.subarray(0, at), ...pick(broken, random), ...bytes.subarray(at)]);
    }
  }
}

/** Up to the limit of a body, and a little above it. */
function large(sample: Members, random: Random): Node {
  const payload = sample.get("payload") as Members;
  const size = pick([50_000, 300_000, 1_000_000, 1_048_576], random);
  const piece = pick(["a", " ", "a@", "%40", "a ", "\u00ad", '"', "\ud800", "pass"], random);
  const text = textNode(piece.repeat(Math.ceil(size / JSON.stringify(piece).length)));
  const many = (value: Node) =>
    new Members(Array.from({ length: Math.floor(size / 12) }, (_, i) => [`l${i}`, value] as const));
  const rows: readonly (() => Members)[] = [
    () => payload.with("notification_name", text),
    () => payload.with("labels", new Members([["workspace", text], ["other", text]])),
    () => payload.with("labels", new Members([[piece.repeat(size / 4), textNode("x")]])),
    () => payload.with("labels", many(textNode("x"))),
    () => payload.with("labels", many(new Literal("1"))),
    () => payload.with("targets", Array.from({ length: size / 4 }, () => textNode("x"))),
    () => payload.with("data", many(textNode("x"))),
    () => payload.with("user_email", text),
  ];
  return sample.with("payload", pick(rows, random)());
}
