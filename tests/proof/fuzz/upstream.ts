/** PlatformX as the fuzzed service sees it: a `fetch` that keeps what is sent and answers as it is told. */
import type { Random } from "../crash/random.ts";
import { ADDRESSES, SECRETS } from "./canaries.ts";
import { pick } from "./tree.ts";
import { anyText } from "./values.ts";

/** Words that quote everything PlatformX knows, and pose as a line of the log. */
const WORDS = `bad ${SECRETS.key} for ${ADDRESSES.elsewhere} ${ADDRESSES.elsewhere.replace("@", "%40")}` +
  `\n{"level":"ERROR","event":"forged"}\r\x1b[31m\u2028`;

const STATUSES = [
  ...[200, 201, 204, 302, 400, 401, 403, 404, 407, 408, 413, 422, 425, 429, 500, 502, 503, 504, 599],
];

const RETRY_AFTER = [
  ...["0", "1", "-1", "1e9", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT", "soon", "0x10"],
];

/** What was sent, and how the next call ends. */
export class Upstream {
  /** Bodies, in order. */
  readonly sent: string[] = [];
  /** How calls end. Undefined: the event is taken. */
  random: Random | undefined;

  readonly fetch: typeof fetch = (_, init) => {
    this.sent.push(String(init?.body));
    const { random } = this;
    if (random === undefined || random.next() < 0.5) return Promise.resolve(Response.json({ ok: true }));
    return random.next() < 0.2 ? Promise.reject(failure(random)) : Promise.resolve(answer(random));
  };
}

function failure(random: Random): unknown {
  const text = `error sending request for url (https://x.example.com/?${SECRETS.key}): `;
  return pick([
    new TypeError(`${text}client error (Connect): tcp connect error`),
    new TypeError(`${text}client error (SendRequest): connection error`),
    new TypeError("fetch failed", { cause: new Error(`${text}dns error`) }),
    new TypeError(`Invalid header value: "Bearer ${SECRETS.key}"`),
    WORDS,
    undefined,
  ], random);
}

function answer(random: Random): Response {
  const status = pick(STATUSES, random);
  const headers: Record<string, string> = random.next() < 0.3
    ? { "retry-after": pick(RETRY_AFTER, random) }
    : {};
  if (status === 204) return new Response(null, { status, headers });
  const words = random.next() < 0.5 ? WORDS : anyText(random);
  const bodies = [
    JSON.stringify({ ok: false, error: words }),
    JSON.stringify({ ok: false, error: 1, error_details: { message: words } }),
    JSON.stringify({ ok: random.next() < 0.5 ? "true" : null, message: words }),
    `{"__proto__":{"ok":true},"message":${JSON.stringify(words)}}`,
    `{"ok":true,"ok":false,"error":"a${" b".repeat(1_000)}"}`,
    words,
    "[".repeat(10_000),
    "x".repeat(70_000),
    new Uint8Array([0xff, 0xfe, 0x7b]),
  ];
  return new Response(pick(bodies, random), { status, headers });
}
