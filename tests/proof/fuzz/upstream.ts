/** PlatformX as the fuzzed service sees it: it keeps what is sent and answers as it is told. */
import { failureOf } from "../../../lib/runtime/deno_client.ts";
import type { Answer, Send } from "../../../lib/runtime/runtime.ts";
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

  readonly send: Send = ({ body, limit }) => {
    this.sent.push(body ?? "");
    const { random } = this;
    if (random === undefined || random.next() < 0.5) return Promise.resolve(TAKEN);
    return Promise.resolve(
      random.next() < 0.2 ? { kind: "failure", failure: failureOf(failure(random)) } : answer(random, limit),
    );
  };
}

const TAKEN: Answer = { kind: "response", status: 200, headers: new Headers(), body: '{"ok":true}' };

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

function answer(random: Random, limit: number): Answer {
  const status = pick(STATUSES, random);
  const headers = new Headers(random.next() < 0.3 ? { "retry-after": pick(RETRY_AFTER, random) } : {});
  if (status === 204) return { kind: "response", status, headers, body: "" };
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
    "\ufffd\ufffd{", // what is no UTF-8 is read as this
  ];
  const body = pick(bodies, random);
  const whole: Answer = { kind: "response", status, headers, body: body.slice(0, limit) };
  return body.length > limit ? { ...whole, bodyEnd: "too_long" } : whole;
}
