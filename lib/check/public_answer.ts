/** What the answers at the public address mean. */
import { REASONS } from "../delivery/reasons.ts";
import type { Answer, NetworkFailure } from "../runtime/runtime.ts";
import type { Finding } from "./finding.ts";

/** A finding without its name. */
export type Judged = Pick<Finding, "state" | "detail" | "todo">;

/**
 * What an answer to a POST without the secret means.
 *
 * @param isAsked whether this configuration asks for a secret
 */
export function webhookJudged(answer: Answer, url: URL, isAsked: boolean): Judged {
  if (answer.kind === "failure") {
    return failed(FAILURES[answer.failure], "This is how it looks from this machine");
  }
  const { headers, status } = answer;
  const own = ownAnswer(answer);
  switch (own?.["reason"]) {
    case "unauthorized":
      return isAsked
        ? { state: "ok", detail: "answered 401 by this service, as it must be" }
        : failed("the service there asks for a secret, and this configuration has none", SAME_SECRET);
    case "invalid_notification":
      return isAsked
        ? failed("the service there takes webhooks without a secret", SAME_SECRET)
        : { state: "ok", detail: "taken by this service, which asks for no secret" };
    case "not_found":
      return failed(`this service is reached, at another path. ${own!["message"] ?? ""}`, AT_ROOT);
    case "busy":
    case "draining":
      return {
        state: "warning",
        detail: `this service answers ${status} ${own!["reason"]}`,
        todo: "Run this again",
      };
    case undefined:
      break;
    default:
      return failed(
        `this service answers ${status} ${own!["reason"]}`,
        "See what changes requests on the way",
      );
  }
  if (status < 300) {
    return failed(
      `answered ${status}, and not by this service: Coder would count each webhook as delivered, and it would be lost`,
      "Correct address and path: without the secret this service answers 401",
    );
  }
  if (status < 400) {
    const to = headers.get("location");
    const where = to === null ? "" : ` to ${shownUrl(URL.parse(to, url) ?? url)}`;
    return failed(
      `a redirect (${status})${where}: Coder would follow it without the body or without the secret`,
      "Give Coder the final address: https, host and path",
    );
  }
  return failed(
    `answered ${status}, and not by this service`,
    TODO_OF[status] ?? "See who answers at this address",
  );
}

const SAME_SECRET = "Give this configuration and the service the same WEBHOOK_SECRET, or correct the address";
const AT_ROOT = "Let the proxy take the prefix off, or give Coder the address that ends at /";
const PROXY_IN_FRONT =
  "The proxy in front does not reach this service: see whether it runs, and the proxy's target";
const TODO_OF: Readonly<Record<number, string>> = {
  401:
    "Something in front asks for a password of its own: let it pass POST on, this service checks the secret",
  403: "A filter in front refuses it: let it pass POST on",
  404: "Correct the path: nothing takes webhooks there",
  405: "Correct the path: nothing takes webhooks there",
  502: PROXY_IN_FRONT,
  503: PROXY_IN_FRONT,
  504: PROXY_IN_FRONT,
};

/** What an answer to a GET means. `isAsked`: it was made with the secret that this configuration asks for. */
export function healthJudged(answer: Answer, isAsked: boolean): Judged {
  const own = answer.kind === "failure" ? undefined : ownAnswer(answer);
  if (own?.["status"] === "unavailable") {
    return { state: "warning", detail: "it shuts down", todo: "Run this again" };
  }
  if (own?.["status"] !== "ok" && own?.["status"] !== "degraded") {
    const seen = answer.kind === "failure" ? FAILURES[answer.failure] : `answered ${answer.status}`;
    return {
      state: "note",
      detail: `health is not passed on (${seen}), so it is not known whether the secret arrives`,
      todo: "Let Coder send its test notification, and see the log",
    };
  }
  return "version" in own
    ? { state: "ok", detail: `${isAsked ? "the secret arrives; " : ""}the service says: ${own["status"]}` }
    : failed("the secret does not arrive, or is not the one of the service there", PASS_ON);
}

const PASS_ON = "Let the proxy pass the Authorization header on; give the service the same WEBHOOK_SECRET";

function failed(detail: string, todo: string): Judged {
  return { state: "failed", detail, todo };
}

/** The answer's JSON, if it looks like one of this service's. */
function ownAnswer(
  { body, headers }: Answer & { kind: "response" },
): Readonly<Record<string, unknown>> | undefined {
  if (!/^application\/json\b/.test(headers.get("content-type") ?? "")) return undefined;
  try {
    const value: unknown = JSON.parse(body);
    const own: Readonly<Record<string, unknown>> = typeof value === "object" ? { ...value } : {};
    const [status, reason] = [String(own["status"]), own["reason"]];
    const isOurs = OWN.includes(status) && (reason === undefined || Object.hasOwn(REASONS, String(reason)));
    return isOurs ? own : undefined;
  } catch {
    return undefined;
  }
}

/** What this service says of itself or of a request that it does not take. */
const OWN: readonly string[] = ["error", "unavailable", "ok", "degraded"];

const FAILURES: Readonly<Record<NetworkFailure, string>> = {
  name_not_found: "the name is not found",
  connection_failed: "refused, or no route",
  proxy_refused: "the proxy of this machine lets nobody through",
  proxy_failed: "the proxy of this machine does not reach it",
  tls_failed: "no TLS, or a certificate that is not trusted",
  connection_lost: "the connection broke without an answer",
  timed_out: "no answer within 10 s",
  cut_off: "the request could not be made",
  unknown_failure: "the request could not be made",
};

/** An address without credentials and query, which may hold a token. */
export function shownUrl({ host, pathname, protocol, search }: URL): string {
  return `${protocol}//${host}${pathname}${search === "" ? "" : "?(hidden)"}`;
}
