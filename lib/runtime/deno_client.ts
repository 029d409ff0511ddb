/** Deno's `fetch`, kept from doing more than it is asked. */
import { ConnectRelay } from "./connect_relay.ts";
import { proxyTo } from "./proxy.ts";
import { declaredLength, readAtMost } from "./read_at_most.ts";
import type { Answer, NetworkFailure, OutgoingRequest, Send } from "./runtime.ts";

/** Makes requests; `env` reads the variables that name proxies. */
export function denoClient(env: (name: string) => string | undefined): Send {
  /** By origin: which proxy is taken depends on it. */
  const routes = new Map<string, Route>();
  return async (request) => {
    let route: Route | undefined;
    try {
      const { origin } = new URL(request.url);
      if ((route = routes.get(origin)) === undefined) routes.set(origin, route = routeTo(request.url, env));
      return await send(request, route.client?.());
    } catch (error) {
      const failure = request.signal.aborted
        ? request.signal.reason
        : failureOf(error, route?.relay?.failure);
      return { kind: "failure", failure };
    }
  };
}

/** The way to an origin. */
interface Route {
  readonly relay?: ConnectRelay;
  readonly client?: () => Deno.HttpClient;
}

/**
 * Through an `http:` proxy to an `https:` address Deno would send the proxy's credentials to the other end as well
 * (2.6.10, 2.9.6), and through no proxy does it tell why it refused: such connections go through a relay of our own.
 */
function routeTo(url: string, env: (name: string) => string | undefined): Route {
  const { way } = proxyTo(url, env);
  if (way.kind !== "proxy" || !/^https?$/.test(way.scheme) || !url.startsWith("https:")) return {};
  const relay = new ConnectRelay(env(way.variable)!, url);
  let client: Deno.HttpClient | undefined;
  return { relay, client: () => client ??= Deno.createHttpClient({ proxy: { url: relay.address } }) };
}

async function send(
  { method, url, headers, body, limit, signal }: OutgoingRequest,
  client: Deno.HttpClient | undefined,
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers,
    redirect: "manual",
    signal,
    // A body that can be sent again is sent again, unasked, when a kept connection dies (Deno 2.7.6 and later): a
    // stream cannot, but for the one of `new Response(text)`, in which Deno finds the text.
    ...(body === undefined ? {} : { body: streamOf(body) }),
    ...(client === undefined ? {} : { client }),
  });
  const { status } = response;
  try {
    // In one go, which is faster, where the length is known; Deno removes it where it unpacks the answer.
    if (declaredLength(response.headers) <= limit) {
      return { kind: "response", status, headers: response.headers, body: await response.text() };
    }
    const bytes = await readAtMost(response.body, limit);
    return bytes === undefined
      ? { kind: "response", status, headers: response.headers, body: "", bodyEnd: "too_long" }
      : { kind: "response", status, headers: response.headers, body: new TextDecoder().decode(bytes) };
  } catch {
    return { kind: "response", status, headers: response.headers, body: "", bodyEnd: "cut_off" };
  }
}

function streamOf(text: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(stream) {
      stream.enqueue(new TextEncoder().encode(text));
      stream.close();
    },
  });
}

/** Deno's words, from the most to the least telling; "(Connect)" is hyper's for "no connection was made". */
const FAILURES: readonly (readonly [words: RegExp, failure: NetworkFailure | "no_proxy"])[] = [
  [/dns error|failed to lookup/i, "name_not_found"],
  // DENO_CERT or DENO_TLS_CA_STORE cannot be used: nothing was sent.
  [/opening CA file|certificate store|platform certificates/i, "tls_failed"],
  [/\(Connect\): proxy auth/i, "proxy_refused"],
  [/\(Connect\): unsuccessful tunnel/i, "proxy_failed"],
  [/\(Connect\): unexpected eof while tunnel/i, "no_proxy"],
  [/\(Connect\).*(?:certificate|tls|ssl|handshake|corrupt message)/i, "tls_failed"],
  [/\(Connect\)|connection refused|are blocked|too many open files/i, "connection_failed"],
  // HTTP/2 speaks of streams.
  [
    /connection|sendrequest|reset|closed|eof|end of file|broken pipe|stream error|go ?away/i,
    "connection_lost",
  ],
];

/**
 * Names a failure of `fetch` by its kind, which Deno tells in its texts only: in `message` (2.6) or in `cause.message`
 * (2.9).
 *
 * @param withoutProxy why the relay could not connect to the proxy, last
 */
export function failureOf(
  error: unknown,
  withoutProxy: NetworkFailure = "connection_failed",
): NetworkFailure {
  if (!(error instanceof Error)) return "unknown_failure";
  const cause = error.cause instanceof Error ? error.cause.message : "";
  // The address is quoted, and its words are the operator's.
  const text = `${error.message} ${cause}`.replace(/url \(\S*\)/g, "");
  const failure = FAILURES.find(([words]) => words.test(text))?.[1] ?? "unknown_failure";
  return failure === "no_proxy" ? withoutProxy : failure;
}
