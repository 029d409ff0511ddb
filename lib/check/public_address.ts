/** Whether what Coder sends to the public address gets here: asked as Coder would, but for the secret and the event. */
import type { Clock } from "../base/clock.ts";
import { scrub } from "../base/redact.ts";
import type { Send } from "../runtime/runtime.ts";
import type { Finding } from "./finding.ts";
import { healthJudged, shownUrl, webhookJudged } from "./public_answer.ts";
import { ask } from "./reach.ts";

/** What the questions need from outside. */
export interface PublicOptions {
  readonly send: Send;
  readonly clock: Pick<Clock, "sleep">;
  /** `WEBHOOK_SECRET`, and the previous one; empty: there is none. */
  readonly secrets: readonly string[];
  readonly userAgent: string;
  /** Milliseconds for each answer. */
  readonly timeout?: number;
}

/** Whether a text can be the address that Coder sends to. */
export function isPublicUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.hostname !== "";
}

/**
 * Posts to the address without the secret, which must be answered by this service's own 401. Only then, and only where
 * nobody on the way can read it, health is asked with the secret.
 *
 * @param text an http or https address, with or without credentials, as in Coder's setting
 */
export async function publicFindings(text: string, options: PublicOptions): Promise<readonly Finding[]> {
  const findings = await askInTurn(text, options);
  // An answer may repeat the path, and the path may hold the secret by mistake.
  const hidden = options.secrets.flatMap((secret) => [secret, encodeURIComponent(secret.toWellFormed())]);
  return findings.map((finding) => ({ ...finding, detail: scrub(finding.detail, hidden, 400) }));
}

async function askInTurn(text: string, options: PublicOptions): Promise<readonly Finding[]> {
  const { clock, secrets, send, timeout, userAgent } = options;
  const url = new URL(text);
  const isPrivate = url.protocol === "https:" || /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname);
  const address = addressFinding(url, { isPrivate, secrets });
  url.username = url.password = url.hash = "";
  const headers = { accept: "application/json", "user-agent": userAgent };

  const posted = await ask(
    send,
    {
      method: "POST",
      url: url.href,
      headers: { ...headers, "content-type": "application/json" },
      // No notification, so nothing comes of it where no secret is asked for.
      body: "{}",
    },
    clock,
    timeout,
  );
  const webhook = { name: "POST without the secret", ...webhookJudged(posted, url, secrets.length > 0) };
  const health = { name: secrets.length > 0 ? "GET with the secret" : "GET" };
  if (webhook.state !== "ok") return [address, webhook, { ...health, state: "skipped", detail: "not asked" }];
  if (!isPrivate) {
    const detail = "not asked: the address is http, and the secret stays here";
    return [address, webhook, { ...health, state: "skipped", detail }];
  }
  const authorization = secrets.length === 0 ? {} : { authorization: basic(secrets[0]!) };
  const got = await ask(
    send,
    { method: "GET", url: url.href, headers: { ...headers, ...authorization } },
    clock,
    timeout,
  );
  return [address, webhook, { ...health, ...healthJudged(got, secrets.length > 0) }];
}

function addressFinding(
  url: URL,
  { isPrivate, secrets }: { readonly isPrivate: boolean; readonly secrets: readonly string[] },
): Finding {
  const finding = { name: "address", detail: shownUrl(url) };
  if (url.password !== "" && !secrets.includes(decoded(url.password))) {
    const todo = "The password in it is not WEBHOOK_SECRET: correct Coder's endpoint setting";
    return { ...finding, state: "failed", todo };
  }
  if (isPrivate) return { ...finding, state: "ok" };
  return { ...finding, state: "warning", todo: "The secret and addresses travel unencrypted: use https" };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function basic(secret: string): string {
  return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`coder:${secret}`)))}`;
}
