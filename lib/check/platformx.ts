/** How far the way to PlatformX goes, step by step. */
import type { Finding } from "./finding.ts";
import type { ProxySeen, Way } from "../runtime/proxy.ts";
import type { NetworkFailure } from "../runtime/runtime.ts";
import type { Reached } from "./reach.ts";

/** The steps, in the order in which a request takes them. */
const STEPS = ["name (DNS)", "connection (TCP)", "TLS", "answer (HTTP)"] as const;

type Step = typeof STEPS[number];

/** Where each failure happens; undefined: it does not tell. */
const FAILS_AT: Readonly<Record<NetworkFailure, Step | undefined>> = {
  name_not_found: "name (DNS)",
  connection_failed: "connection (TCP)",
  proxy_refused: "connection (TCP)",
  proxy_failed: "connection (TCP)",
  tls_failed: "TLS",
  connection_lost: "answer (HTTP)",
  timed_out: undefined,
  cut_off: undefined,
  unknown_failure: undefined,
};

/** Findings of one request. `proxy`: the way that it took. */
export function platformxFindings(
  reached: Reached,
  { url, proxy, trustFails }: {
    readonly url: string;
    readonly proxy: ProxySeen;
    /** No connection can be made at all: DENO_CERT or DENO_TLS_CA_STORE is not usable. */
    readonly trustFails: boolean;
  },
): readonly Finding[] {
  const steps = trustFails && reached.kind === "failure"
    ? STEPS.map((name): Finding => ({ name, state: "skipped", detail: "not tried: see the failure above" }))
    : stepFindings(reached, url, proxy.way);
  return [...addressFinding(url), ...proxyFindings(proxy), ...steps];
}

/** The only path that DX documents; a gateway may have another one. */
const PATH = "/events.track";

function addressFinding(url: string): readonly Finding[] {
  if (new URL(url).pathname === PATH) return [];
  return [{
    name: "address",
    state: "note",
    detail: `its path is not ${PATH}`,
    todo: "Correct GETDX_API_URL, unless a gateway of yours is there",
  }];
}

function proxyFindings({ way, unusable }: ProxySeen): readonly Finding[] {
  const passedOver = unusable.map((variable): Finding => ({
    name: variable,
    state: "warning",
    detail: "set, but passed over: it is no address of a proxy",
    todo: "Write it as http://host:port or http://user:password@host:port",
  }));
  return [{ name: "proxy", state: "ok", detail: wayInWords(way) }, ...passedOver];
}

function wayInWords(way: Way): string {
  switch (way.kind) {
    case "direct":
      return "none";
    case "excepted":
      return `none: NO_PROXY excepts this host from ${way.variable}`;
    case "proxy":
      return `${way.host}, by ${way.variable}`;
  }
}

function stepFindings(reached: Reached, url: string, way: Way): readonly Finding[] {
  const viaProxy = way.kind === "proxy";
  const { protocol, host, hostname } = new URL(url);
  const usesTls = protocol === "https:";
  const passed: Readonly<Record<Exclude<Step, "answer (HTTP)">, string>> = {
    "name (DNS)": viaProxy
      ? `the proxy ${way.host} is found`
      : /^[\d.]+$|^\[/.test(hostname)
      ? "not needed"
      : hostname,
    "connection (TCP)": viaProxy ? `through the proxy to ${host}` : host,
    "TLS": usesTls ? "the certificate is trusted" : "not used: the address is http",
  };
  if (reached.kind === "answer") {
    const steps = STEPS.slice(0, 3) as Exclude<Step, "answer (HTTP)">[];
    return [
      ...steps.map((name): Finding => ({ name, state: "ok", detail: passed[name] })),
      answerFinding(reached),
    ];
  }
  const { failure } = reached;
  const at = FAILS_AT[failure];
  const failed = STEPS.indexOf(at ?? "answer (HTTP)");
  return STEPS.map((name, index): Finding => {
    if (index === failed) return { name, state: "failed", ...whatFailed(failure, viaProxy) };
    if (index > failed) return { name, state: "skipped", detail: "not reached" };
    if (at === undefined || name === "answer (HTTP)") return { name, state: "skipped", detail: "not known" };
    return { name, state: "ok", detail: passed[name] };
  });
}

function whatFailed(
  failure: NetworkFailure,
  viaProxy: boolean,
): { readonly detail: string; readonly todo: string } {
  switch (failure) {
    case "name_not_found":
      return viaProxy
        ? { detail: "the proxy's name is not found", todo: "Correct the proxy's variable, or DNS" }
        : {
          detail: "the name is not found",
          todo: "Correct GETDX_API_URL, or DNS; behind a proxy, set HTTPS_PROXY",
        };
    case "connection_failed":
      return viaProxy
        ? {
          detail: "the proxy is not reached",
          todo: "Correct the proxy's variable, or allow the proxy in the firewall",
        }
        : {
          detail: "refused, or no route",
          todo: "Allow it in the firewall; behind a proxy, set HTTPS_PROXY",
        };
    case "proxy_refused":
      return {
        detail: "the proxy is reached, and lets nobody through",
        todo:
          "Put credentials into the proxy's variable if it asks for them; else ask who runs it to allow this host",
      };
    case "proxy_failed":
      return {
        detail: "the proxy is reached, and does not reach the other end",
        todo: "Ask who runs the proxy: it may need a proxy of its own, DNS, or a rule for this host",
      };
    case "tls_failed":
      return {
        detail: "no TLS, or a certificate that is not trusted",
        todo: "Behind a proxy that inspects TLS, set DENO_CERT to its CA (PEM), or DENO_TLS_CA_STORE=system",
      };
    case "connection_lost":
      return {
        detail: "the connection broke without an answer",
        todo: "Check GETDX_API_URL: https, and the port",
      };
    case "timed_out":
      return {
        detail: "no answer within 10 s",
        todo: "See whether a firewall swallows it; behind a proxy, set HTTPS_PROXY",
      };
    case "cut_off":
    case "unknown_failure":
      return { detail: "the request could not be made", todo: "Check GETDX_API_URL, and try again" };
  }
}

function answerFinding({ status, isPlatformX }: Reached & { kind: "answer" }): Finding {
  const name = "answer (HTTP)";
  const who = isPlatformX ? "PlatformX answers" : "answered";
  const detail = `${who} ${status}; no key and no event was sent`;
  if (status === 407) {
    return {
      name,
      state: "failed",
      detail,
      todo: "The proxy asks for credentials: put them into its variable",
    };
  }
  if (status >= 500) {
    return { name, state: "warning", detail, todo: "PlatformX, or a proxy, has trouble: look again later" };
  }
  if (status >= 300 && status < 400) {
    return {
      name,
      state: "warning",
      detail,
      todo: "Redirects are not followed: see who answers at GETDX_API_URL",
    };
  }
  if (status === 403 && !isPlatformX) {
    return {
      name,
      state: "note",
      detail,
      todo: "If events are not taken either, a filter on the way blocks this address: see who answers",
    };
  }
  return { name, state: "ok", detail };
}
