/** Stand-ins for PlatformX that break the rules of HTTP: plain sockets, and what goes over them. */
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { once } from "node:events";

/** What it does with a connection whose request has come. */
export type Behaviour = (socket: Socket, request: string) => void | Promise<void>;

/** A stand-in. */
export interface HostileUpstream extends AsyncDisposable {
  readonly port: number;
  /** Requests that came, of whatever kind. */
  readonly requests: number;
  /** Bytes that the other end, or the system between, took. */
  readonly written: number;
  behave(behaviour: Behaviour): void;
}

/** Takes the event as PlatformX does, and keeps the connection. */
export const TAKES: Behaviour = (socket) => void socket.write(answer("200 OK", '{"ok":true}'));

/** A whole answer. */
export function answer(status: string, body: string, headers = ""): string {
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n${headers}\r\n${body}`;
}

/** Writes the same again and again, as fast as it is taken, until `bytes` are written or nobody takes more. */
export async function flood(socket: Socket, piece: string | Uint8Array, bytes = Infinity): Promise<void> {
  const closed = once(socket, "close").catch(() => {});
  for (let left = bytes; left > 0 && socket.writable; left -= piece.length) {
    if (socket.write(piece)) continue;
    const stop = new AbortController();
    await Promise.race([once(socket, "drain", { signal: stop.signal }).catch(() => {}), closed]);
    stop.abort();
  }
}

/** Starts one at a free port of `hostname`; with `tls` it speaks TLS. */
export async function startUpstream(
  { hostname = "127.0.0.1", tls }: {
    readonly hostname?: string;
    readonly tls?: { readonly cert: string; readonly key: string };
  } = {},
): Promise<HostileUpstream> {
  const sockets = new Set<Socket>();
  let behaviour = TAKES;
  let requests = 0;
  let gone = 0;
  const onConnection = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      gone += socket.bytesWritten;
      sockets.delete(socket);
    });
    let text = "";
    socket.on("data", (data: Uint8Array) => {
      text += new TextDecoder("latin1").decode(data);
      const [, length, body = ""] = /content-length: (\d+)\r\n[^]*?\r\n\r\n([^]*)$/i.exec(text) ?? [];
      if (length === undefined || body.length < Number(length)) return;
      requests++;
      const request = text;
      text = "";
      void behaviour(socket, request);
    });
  };
  const server: Server = tls === undefined ? createServer(onConnection) : createTlsServer(tls, onConnection);
  server.on("tlsClientError", () => {});
  server.listen(0, hostname);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens at no port");
  return {
    port: address.port,
    get requests() {
      return requests;
    },
    get written() {
      return gone + [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, 0);
    },
    behave: (next) => void (behaviour = next),
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close").catch(() => {});
    },
  };
}
