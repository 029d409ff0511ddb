/** Requests beside tracked webhooks, and what each must be answered, whatever PlatformX does. */
import { sampleOf } from "../../support/samples.ts";

/** The service's `WEBHOOK_SECRET`. */
export const SECRET = "soak-test";

const BASIC = `Basic ${btoa(`coder:${SECRET}`)}`;

/** A request and its answer. */
export interface Stray {
  readonly what: string;
  readonly request: (url: string) => Request;
  /** The HTTP status. */
  readonly expects: number;
}

/** A webhook, as Coder sends it. */
export function webhookRequest(url: string, body: string, headers: HeadersInit = {}): Request {
  const type = { authorization: BASIC, "content-type": "application/json" };
  return new Request(url, {
    method: "POST",
    headers: { ...type, ...Object.fromEntries(new Headers(headers)) },
    body,
  });
}

/** A webhook that is not tracked. */
export const NOT_TRACKED = JSON.stringify(sampleOf({ name: "Workspace Deleted" }));

const BIG = JSON.stringify({ ...JSON.parse(NOT_TRACKED), big: "x".repeat(900_000) });

/** One after the other in equal shares; what is frequent stands here more than once. */
export const STRAYS: readonly Stray[] = [
  post("a webhook that is not tracked", NOT_TRACKED, 200),
  post("a webhook that is not tracked", NOT_TRACKED, 200),
  post("a webhook of 900 KB", BIG, 200),
  post("invalid JSON", '{"msg_id":', 400),
  post("another form of JSON", '{"msg_id":1}', 422),
  post("a wrong secret", NOT_TRACKED, 401, { authorization: "Bearer wrong" }),
  post("another media type", NOT_TRACKED, 415, { "content-type": "text/plain" }),
  read("the health", "", 200),
  read("the health in detail", "?details", 200, { authorization: BASIC }),
  read("the health in detail without the secret", "?details", 401),
  read("the page", "", 200, { authorization: BASIC, accept: "text/html" }),
  read("the public page", "", 200, { accept: "text/html" }),
  read("the metrics", "metrics", 200, { authorization: BASIC }),
  read("the metrics without the secret", "metrics", 401),
  read("another path", "favicon.ico", 404),
  { what: "HEAD", request: (url) => new Request(url, { method: "HEAD" }), expects: 200 },
  { what: "another method", request: (url) => new Request(url, { method: "PUT", body: "{}" }), expects: 405 },
];

function post(what: string, body: string, expects: number, headers: HeadersInit = {}): Stray {
  return { what, request: (url) => webhookRequest(url, body, headers), expects };
}

function read(what: string, path: string, expects: number, headers: HeadersInit = {}): Stray {
  return { what, request: (url) => new Request(`${url}${path}`, { headers }), expects };
}
