/**
 * A server of HTTP/1.1 or HTTP/2 that can break every rule: it tells requests with their connections, and closes or
 * resets one at any moment. `Deno.serve` is too polite for that; plain sockets are as fast.
 */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createSecureServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { messageIn } from "./http_message.ts";

/** A request, read to its end. */
export interface Received {
  /** The same for requests that came over one connection; the first is 1. */
  readonly connection: number;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** An answer. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The way back. */
export interface Reply {
  answer(answer: Answer): void;
  /** Ends the connection in order (FIN, or GOAWAY), whatever the caller still waits for. */
  close(): void;
  /** Breaks it off: the connection (RST), or with HTTP/2 the request (RST_STREAM). */
  reset(): void;
  /** Whether an answer was handed to the system as a whole; settles with that, or with the connection's end. */
  readonly told: Promise<boolean>;
  /** For what is no answer. With HTTP/2 there is none. */
  readonly socket: Socket | undefined;
}

/** Deals with one request; the next one of its connection is read when it has. */
export type Handle = (received: Received, reply: Reply) => Promise<void>;

/** Where to listen, and how. */
export interface Listening {
  /** Default: 127.0.0.1. */
  readonly hostname?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Certificate and key as PEM: with them it speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** HTTP/2 in place of HTTP/1.1; with `tls` only. */
  readonly http2?: boolean;
}

/** The server. It can listen, close, and listen again at the same port. */
export class Wire {
  port: number;
  readonly #listening: Listening;
  readonly #handle: Handle;
  readonly #open = new Set<Socket | ServerHttp2Session>();
  #server: Server | undefined;
  #connections = 0;
  #written = 0;

  constructor(listening: Listening, handle: Handle) {
    this.port = listening.port ?? 0;
    this.#listening = listening;
    this.#handle = handle;
  }

  /** Bytes that the other ends, or the system between, took over HTTP/1.1. */
  get written(): number {
    const open = [...this.#open].map((each) => "bytesWritten" in each ? each.bytesWritten : 0);
    return open.reduce((sum, bytes) => sum + bytes, this.#written);
  }

  /** @throws {Error} when the port is taken */
  async listen(): Promise<void> {
    if (this.#server?.listening === true) return;
    const { hostname = "127.0.0.1", tls, http2 = false } = this.#listening;
    if (tls === undefined) this.#server = createServer((socket) => this.#serve(socket));
    else if (!http2) this.#server = createTlsServer(tls, (socket) => this.#serve(socket));
    else this.#server = createSecureServer(tls).on("session", (session) => this.#serveHttp2(session));
    // A handshake that fails is the caller's.
    this.#server.on("tlsClientError", () => {}).on("sessionError", () => {});
    this.#server.listen(this.port, hostname);
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("it listens at no port");
    this.port = address.port;
  }

  /** Breaks every connection. */
  breakConnections(): void {
    for (const each of this.#open) each.destroy();
  }

  /** Breaks every connection, and has new ones refused once this has settled. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined || !server.listening) return;
    const closed = once(server, "close");
    server.close();
    this.breakConnections();
    await closed;
  }

  #serve(socket: Socket): void {
    const connection = ++this.#connections;
    this.#open.add(socket);
    let text = "";
    let isBusy = false;
    let end = (_isTold: boolean) => {};
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#written += socket.bytesWritten;
      this.#open.delete(socket);
      end(false);
    });
    socket.on("data", async (data) => {
      text += data.toString("latin1");
      if (isBusy) return;
      // TLS, for instance.
      if (!/^[A-Z]/.test(text)) return void socket.end(written({ status: 400 }), "latin1");
      isBusy = true;
      for (let message; (message = messageIn(text)) !== undefined && !socket.destroyed;) {
        text = message.rest;
        const { promise: told, resolve } = Promise.withResolvers<boolean>();
        end = resolve;
        await this.#handle(new Http1Request(connection, message.head, message.body), {
          answer: (answer) => void socket.write(written(answer), "latin1", (error) => resolve(!error)),
          close: () => void socket.end(() => resolve(false)),
          reset: () => void socket.resetAndDestroy(),
          told,
          socket,
        });
      }
      isBusy = false;
    });
  }

  #serveHttp2(session: ServerHttp2Session): void {
    const connection = ++this.#connections;
    this.#open.add(session);
    session.on("error", () => {}).on("close", () => this.#open.delete(session));
    session.on("stream", async (stream: ServerHttp2Stream, fields) => {
      const { promise: told, resolve } = Promise.withResolvers<boolean>();
      stream.on("error", () => {}).on("close", () => resolve(stream.headersSent && stream.rstCode === 0));
      const parts: Uint8Array[] = [];
      for await (const part of stream) parts.push(part);
      const headers = Object.entries(fields).filter(([name]) => !name.startsWith(":"));
      const received = {
        connection,
        method: String(fields[":method"]),
        path: String(fields[":path"]).replace(/\?.*/, ""),
        headers: new Headers(headers.map(([name, value]): [string, string] => [name, String(value)])),
        body: Buffer.concat(parts).toString("utf8"),
      };
      await this.#handle(received, {
        answer: ({ status, headers = {}, body }) => {
          stream.respond({ ":status": status, ...headers });
          stream.end(body);
        },
        close: () => session.destroy(),
        reset: () => stream.close(REFUSED_STREAM),
        told,
        socket: undefined,
      });
    });
  }
}

/** Of HTTP/2's error codes the one after which Deno's `fetch` sends a text again by itself (2.9.6). */
const REFUSED_STREAM = 7;

/** Other texts are the same in UTF-8 and byte by byte; turning them takes a third of the time for a request. */
const NOT_ASCII = /[^\0-\x7f]/;

/** What is not asked for is not read: benches send many thousands of requests a second. */
class Http1Request implements Received {
  readonly connection: number;
  readonly method: string;
  readonly path: string;
  readonly #head: string;
  readonly #body: string;
  #headers: Headers | undefined;

  constructor(connection: number, head: string, body: string) {
    const [, method = "", path = ""] = /^(\S+) ([^ ?]*)/.exec(head) ?? [];
    this.connection = connection;
    this.method = method;
    this.path = path;
    this.#head = head;
    this.#body = body;
  }

  get headers(): Headers {
    const lines = this.#head.split("\r\n").slice(1);
    return this.#headers ??= new Headers(lines.map((line): [string, string] => {
      const at = line.indexOf(":");
      return [line.slice(0, at), line.slice(at + 1).trim()];
    }));
  }

  get body(): string {
    return NOT_ASCII.test(this.#body) ? Buffer.from(this.#body, "latin1").toString("utf8") : this.#body;
  }
}

/** An answer as it goes over the wire, a character for each byte. */
function written({ status, headers = {}, body = "" }: Answer): string {
  const bytes = NOT_ASCII.test(body) ? Buffer.from(body, "utf8").toString("latin1") : body;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = status === 204 || status === 304 ? "" : `content-length: ${bytes.length}\r\n`;
  return `HTTP/1.1 ${status} \r\n${lines.join("")}${length}\r\n${bytes}`;
}
