/** `node:http` and `node:https` as clients: they never send anything a second time by themselves. */
import { joined } from "./read_at_most.ts";
import type { Agent as HttpsAgent } from "node:https";
import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import { proxyTo } from "./proxy.ts";
import type { Answer, NetworkFailure, OutgoingRequest, Send } from "./runtime.ts";
import { codeOf } from "./system_error.ts";

type Env = (name: string) => string | undefined;

/** Makes requests; `env` reads the variables that name proxies and certificate authorities. */
export function nodeClient(env: Env): Send {
  /** By origin: which proxy is taken depends on it. */
  const agents = new Map<string, Agent | HttpsAgent>();
  return async (request) => {
    try {
      const { origin, protocol } = new URL(request.url);
      const client = protocol === "https:" ? await import("node:https") : await import("node:http");
      let agent = agents.get(origin);
      if (agent === undefined) agents.set(origin, agent = await agentTo(request.url, env));
      return await new Promise((resolve, reject) => {
        const { body, headers, method, signal } = request;
        const length = body === undefined ? {} : { "content-length": new TextEncoder().encode(body).length };
        const asked: ClientRequest = client.request(request.url, {
          agent,
          method,
          headers: { ...headers, ...length },
        });
        const end = () => asked.destroy();
        signal.addEventListener("abort", end, { once: true });
        asked.on("close", () => signal.removeEventListener("abort", end));
        asked.on("error", reject);
        asked.on("response", (response) => resolve(answerOf(response, request)));
        asked.end(body);
      });
    } catch (error) {
      return { kind: "failure", failure: request.signal.aborted ? request.signal.reason : failureOf(error) };
    }
  };
}

async function answerOf(response: IncomingMessage, { limit }: OutgoingRequest): Promise<Answer> {
  const status = response.statusCode ?? 0;
  const headers = {
    get: (name: string) => {
      const value = response.headers[name];
      return value === undefined ? null : Array.isArray(value) ? value.join(", ") : value;
    },
  };
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response) {
      length += chunk.length;
      if (length > limit) {
        response.destroy();
        return { kind: "response", status, headers, body: "", bodyEnd: "too_long" };
      }
      chunks.push(chunk);
    }
  } catch {
    return { kind: "response", status, headers, body: "", bodyEnd: "cut_off" };
  }
  return { kind: "response", status, headers, body: new TextDecoder().decode(joined(chunks)) };
}

/** Deno's own names for certificate authorities count here too, and its rules for proxies. */
async function agentTo(url: string, env: Env): Promise<Agent | HttpsAgent> {
  const { way } = proxyTo(url, env);
  const proxy = way.kind === "proxy" ? env(way.variable)! : undefined;
  const proxyEnv = proxy === undefined
    ? {}
    : proxyVariables(proxy.includes("://") ? proxy : `http://${proxy}`);
  const options = { keepAlive: true, proxyEnv };
  if (!url.startsWith("https:")) return new (await import("node:http")).Agent(options);
  return new (await import("node:https")).Agent({ ...options, ...await authorities(env) });
}

function proxyVariables(proxy: string): { readonly HTTP_PROXY: string; readonly HTTPS_PROXY: string } {
  return { HTTP_PROXY: proxy, HTTPS_PROXY: proxy };
}

async function authorities(env: Env): Promise<{ readonly ca?: string[] }> {
  const [tls, fs] = await Promise.all([import("node:tls"), import("node:fs")]);
  const path = env("DENO_CERT");
  const stores = env("DENO_TLS_CA_STORE");
  if (path === undefined && !stores) return {};
  const names = (stores || "mozilla").split(",").map((name) => name.trim());
  const ca = names.flatMap((name) => {
    if (name === "system") return tls.getCACertificates("system");
    if (name === "mozilla") return tls.getCACertificates("default");
    throw new CertificateError();
  });
  try {
    return { ca: path === undefined ? ca : [...ca, fs.readFileSync(path, "utf8")] };
  } catch {
    throw new CertificateError();
  }
}

/** DENO_CERT or DENO_TLS_CA_STORE cannot be used: nothing was sent. */
class CertificateError extends Error {
  readonly code = "ERR_TLS_AUTHORITIES";
}

const NO_NAME: ReadonlySet<string> = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_NONAME"]);
const LOST: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);

/** Names a failure by its kind. */
export function failureOf(error: unknown): NetworkFailure {
  const code = codeOf(error);
  const text = error instanceof Error ? error.message : "";
  if (code === "ERR_PROXY_TUNNEL") return /\b40[37]\b/.test(text) ? "proxy_refused" : "proxy_failed";
  if (NO_NAME.has(code)) return "name_not_found";
  if (/before secure TLS connection/.test(text)) return "tls_failed";
  if (LOST.has(code) || code.startsWith("HPE_")) return "connection_lost";
  if (/CERT|_SSL_|_TLS_|EPROTO|UNABLE_TO|ALTNAME/.test(code)) return "tls_failed";
  if (/^E(?:CONNREFUSED|HOSTUNREACH|NETUNREACH|HOSTDOWN|TIMEDOUT|ADDRNOTAVAIL)$/.test(code)) {
    return "connection_failed";
  }
  return code === "" && text === "socket hang up" ? "connection_lost" : "unknown_failure";
}
