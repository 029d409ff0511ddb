/**
 * Coder's part of the demo: what it sends, and how.
 *
 * Sources: Coder `coderd/notifications/dispatch/webhook.go`, and Go's `net/http` and `encoding/json`.
 */
import { Buffer } from "node:buffer";
import type { Webhook } from "../../tests/support/samples.ts";

/** The service's answer: Coder goes by the HTTP status alone, and logs the rest. */
export interface Answer {
  /** As the table shows it: HTTP status, outcome and reason. */
  readonly outcome: string;
  /** Milliseconds after which sending again can help. */
  readonly retryAfterMs: number;
}

/** The endpoint as it stands in Coder's setting: the secret is the password, percent-encoded. */
export function endpointOf(url: string, secret: string): string {
  const endpoint = new URL(url);
  endpoint.username = "coder";
  // The setter of `password` would leave "%" as it is.
  endpoint.password = encodeURIComponent(secret);
  return endpoint.href;
}

/**
 * Posts a webhook as Coder does.
 *
 * @throws {Error} when there is no answer
 */
export async function post(endpoint: string, webhook: Webhook, signal: AbortSignal): Promise<Answer> {
  const url = new URL(endpoint);
  const authorization = basicAuth(decodeURIComponent(url.username), decodeURIComponent(url.password));
  url.username = url.password = "";
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "accept-encoding": "gzip",
      authorization,
      "content-type": "application/json",
      "user-agent": "Go-http-client/1.1",
      "x-message-id": webhook.msg_id,
    },
    body: goJson(webhook),
    signal,
  }).catch((cause) => {
    signal.throwIfAborted();
    throw new Error("the service does not answer", { cause });
  });
  const text = await response.text();
  return {
    outcome: [response.status, ...outcomeIn(text)].join(" "),
    retryAfterMs: Number(response.headers.get("retry-after") ?? 0) * 1000,
  };
}

/** Go takes the UTF-8 bytes of user name and password (`net/http` `basicAuth`). */
function basicAuth(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, "utf8").toString("base64")}`;
}

/** Go escapes what HTML or JavaScript could misread, and writes no spaces. */
function goJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[&<>\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function outcomeIn(text: string): string[] {
  try {
    const { status, reason } = JSON.parse(text);
    return [status, reason].filter((word) => typeof word === "string");
  } catch {
    return ["(no JSON)"];
  }
}
