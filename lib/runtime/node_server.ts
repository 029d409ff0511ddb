/** `node:http` and `node:http2` behind the service's own interface. */
import { joined } from "./read_at_most.ts";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Session } from "node:http2";
import {
  type Handler,
  type HttpServer,
  type IncomingRequest,
  type ListenAddress,
  ListenError,
  type ListenFault,
} from "./runtime.ts";
import { codeOf } from "./system_error.ts";

/** Both kinds of server read and answer alike, as far as it is used here. */
type NodeRequest = IncomingMessage | Http2ServerRequest;
type NodeResponse = ServerResponse | Http2ServerResponse;

/**
 * Deno's limits where Node has narrower ones, and time-outs that Deno does not have: a head must be here in 15 s, as a
 * body must. Proxies keep connections for 60 s as a rule: they must be the first to close them.
 */
const LIMITS = {
  maxHeaderSize: 64 * 1024,
  headersTimeout: 15_000,
  requestTimeout: 0,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 1_000,
  requireHostHeader: false,
} as const;

/**
 * Listens.
 *
 * @throws {ListenError}
 */
export async function nodeServer({ host, port, tls }: ListenAddress, handler: Handler): Promise<HttpServer> {
  const [http, http2] = await Promise.all([import("node:http"), import("node:http2")]);
  const onRequest = (request: NodeRequest, response: NodeResponse) => void answer(request, response, handler);
  const sessions = new Set<ServerHttp2Session>();
  const server = orFault(() =>
    tls === undefined
      ? http.createServer(LIMITS, onRequest)
      : http2.createSecureServer({ ...LIMITS, ...tls, allowHTTP1: true }, onRequest)
        .on("session", (session) => {
          sessions.add(session);
          session.on("close", () => sessions.delete(session));
        })
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(new ListenError(faultOf(error))));
    server.listen(port, host, resolve);
  });
  // Out of descriptors: the connection is closed, and the next one may be taken.
  server.on("error", () => {});
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address : { address: host, port };
  const finished = new Promise<void>((resolve) => server.once("close", resolve));
  return {
    address: { host: bound.address, port: bound.port },
    finished,
    shutdown() {
      server.close();
      if ("closeIdleConnections" in server) server.closeIdleConnections();
      for (const session of sessions) session.close();
      return finished;
    },
  };
}

async function answer(request: NodeRequest, response: NodeResponse, handler: Handler): Promise<void> {
  // A client that goes away is no fault of the service.
  request.on("error", () => {});
  response.on("error", () => {});
  const { status, headers, body } = await handler(requestOf(request));
  const isWhole = request.complete;
  const isHttp1 = request.httpVersionMajor === 1;
  response.statusCode = status;
  if (body !== null) response.setHeader("content-length", new TextEncoder().encode(body).length);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (isHttp1 && !isWhole) response.setHeader("connection", "close");
  // What was not read is not waited for either.
  response.on("finish", () => {
    if (!isWhole && isHttp1) request.socket.destroySoon();
  });
  if (body === null) response.end();
  else response.end(body);
}

function requestOf(request: NodeRequest): IncomingRequest {
  return {
    method: request.method ?? "GET",
    url: request.url ?? "/",
    headers: {
      get: (name) => {
        const value = request.headers[name];
        return value === undefined ? null : Array.isArray(value) ? value.join(", ") : value;
      },
    },
    bytes: () => bytesOf(request),
    get body() {
      return streamOf(request);
    },
  };
}

function bytesOf(request: NodeRequest): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    request.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    request.on("end", () => resolve(joined(chunks)));
    request.on("close", () => reject(new Error("closed")));
  });
}

/** Not `Readable.toWeb`: cancelling that one closes the connection before it is answered. */
function streamOf(request: NodeRequest): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(stream) {
      request.on("data", (chunk: Uint8Array) => {
        stream.enqueue(chunk);
        if ((stream.desiredSize ?? 0) <= 0) request.pause();
      });
      request.on("end", () => stream.close());
      request.on("close", () => {
        if (!request.complete) stream.error(new Error("closed"));
      });
    },
    pull: () => void request.resume(),
    cancel() {
      request.removeAllListeners("data").removeAllListeners("end").removeAllListeners("close").pause();
    },
  });
}

function orFault<T>(make: () => T): T {
  try {
    return make();
  } catch {
    throw new ListenError("bad_certificate");
  }
}

function faultOf(error: unknown): ListenFault {
  switch (codeOf(error)) {
    case "EADDRINUSE":
      return "in_use";
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return "not_available";
    case "EACCES":
      return "forbidden";
    default:
      return "unknown";
  }
}
