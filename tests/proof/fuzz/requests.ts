/** Requests with heads that nobody should send. */
import type { Random } from "../crash/random.ts";
import { ADDRESSES, SECRETS } from "./canaries.ts";
import { pick } from "./tree.ts";

const TYPES = [
  ...["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.x+json"],
  ...["text/plain", "", "application/jsonp", "application/json, text/html", "+json", "a/b/c+json"],
  `${"a".repeat(9_000)}/x`,
];

const AUTHORIZATIONS = [
  ...["", "Basic", "Bearer ", "Basic Og==", "basic ====", `Bearer ${SECRETS.wrong}`],
  `Digest ${SECRETS.wrong}`,
  ...[`Basic ${btoa(`a:b:${SECRETS.webhook}`)}`, `Bearer ${SECRETS.webhook} x`, `Bearer\t${SECRETS.webhook}`],
  ...[`Bearer ${"a ".repeat(5_000)}`, `Bearer${" ".repeat(9_000)}\t`, `Basic ${"A".repeat(9_001)}`],
  "\xff\xfe",
];

const PATHS = [
  ...["/", "/", "/?details", "/?details&still", "/metrics", "//", "/%2f", "/%00", "/./", "/..//"],
  ...["/index.html", "/;x"],
  ...[
    `/?token=${SECRETS.wrong}`,
    `/${ADDRESSES.elsewhere}`,
    `/${"a".repeat(9_000)}`,
    "/?" + "a&".repeat(4_000),
    "/%ff",
  ],
];

const ACCEPTS = [
  ...["text/html", "*/*", "text/html;q=0", "text/html;q=2", "text/html;q=0.1,application/json", ",,,;;;"],
  "q=1",
  ...["text/html," + "a/b;q=0.5,".repeat(800), `text/html;${"q=1;".repeat(2_000)}`],
];

const METHODS = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "Get", "X-A"];

/** A webhook, as it is sent with the secret in order, or with one thing about its head that is odd. */
export function webhook(body: Uint8Array<ArrayBuffer>, random: Random): Request {
  const headers = new Headers({
    "content-type": "application/json",
    authorization: `Basic ${btoa(`coder:${random.next() < 0.9 ? SECRETS.webhook : SECRETS.previous}`)}`,
    "user-agent": SECRETS.unread,
    cookie: SECRETS.unread,
  });
  let path = "/";
  if (random.next() < 0.15) {
    const how = random.next();
    if (how < 0.25) headers.set("content-type", pick(TYPES, random));
    else if (how < 0.5) headers.set("authorization", pick(AUTHORIZATIONS, random));
    else if (how < 0.6) headers.append("authorization", pick(AUTHORIZATIONS, random));
    else if (how < 0.7) headers.set("content-encoding", pick(["gzip", "identity", ""], random));
    else if (how < 0.85) {
      headers.set(
        "content-length",
        pick(["0", "1048577", "1e9", "-1", "0x10", "NaN", "9".repeat(400)], random),
      );
    } else path = pick(PATHS, random);
  }
  return new Request(`http://relay.example.com${path}`, {
    method: "POST",
    headers,
    body: inChunks(body, random),
  });
}

/** Any other request. */
export function reading(random: Random): Request {
  const headers = new Headers({ accept: pick(ACCEPTS, random), "x-forwarded-for": ADDRESSES.elsewhere });
  const authorization = [`Bearer ${SECRETS.webhook}`, `Bearer ${SECRETS.read}`, ...AUTHORIZATIONS];
  if (random.next() < 0.7) headers.set("authorization", pick(authorization, random));
  const method = random.next() < 0.7 ? "GET" : pick(METHODS, random);
  return new Request(`http://relay.example.com${pick(PATHS, random)}`, { method, headers });
}

/** As a whole, or cut into pieces at any place. */
function inChunks(body: Uint8Array<ArrayBuffer>, random: Random): BodyInit {
  if (random.next() < 0.7) return body;
  const size = Math.ceil(random.between(0, 1 + body.length / 2));
  let from = 0;
  return new ReadableStream({
    pull(controller) {
      if (from < body.length) controller.enqueue(body.subarray(from, from += size));
      else controller.close();
    },
  });
}
