/** A proxy as companies run them: tunnels by CONNECT, requests for http addresses, Basic credentials. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A running proxy. */
export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** First lines of the requests, in order. */
  readonly requests: readonly string[];
  /** Everything that its callers sent, a character for each byte. */
  readonly seen: string;
}

/** How the proxy behaves. */
export interface ProxyOptions {
  /** Where every name leads, on 127.0.0.1: names of a company's network are known to its proxy alone. */
  readonly leadsTo: number;
  /** `user:password` that it asks for. Default: none. */
  readonly credentials?: string;
  /** Refuses every request with this first line's rest, as in `502 Bad Gateway`. */
  readonly refusesWith?: string;
}

/** Starts a proxy on a free port of 127.0.0.1. */
export async function startProxy({ leadsTo, credentials, refusesWith }: ProxyOptions): Promise<Proxy> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let seen = "";
  const keep = (socket: Socket) => {
    sockets.add(socket);
    return socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  };
  const server = createServer((caller) => {
    let text = "";
    const readHead = (data: Uint8Array) => {
      text += latin1(data);
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      caller.off("data", readHead);
      const [line = "", ...headers] = text.slice(0, end).split("\r\n");
      requests.push(line);
      const isAllowed = credentials === undefined || headers.some((header) => isBasic(header, credentials));
      const refusal = refusesWith ?? (isAllowed ? undefined : "407 Proxy Authentication Required");
      if (refusal !== undefined) return void caller.end(refused(refusal));
      const target = keep(connect(leadsTo, "127.0.0.1")).on("close", () => caller.destroy());
      if (line.startsWith("CONNECT ")) caller.write("HTTP/1.1 200 Connection established\r\n\r\n");
      // `POST http://host/path HTTP/1.1` → `POST /path HTTP/1.1`
      else {target.write(
          [line.replace(/ http:\/\/[^/ ]+/, " "), ...headers].join("\r\n") + text.slice(end),
          "latin1",
        );}
      caller.pipe(target).pipe(caller);
    };
    keep(caller).on("data", (data) => void (seen += latin1(data))).on("data", readHead);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens at no port");
  return {
    port: address.port,
    requests,
    get seen() {
      return seen;
    },
    [Symbol.asyncDispose]: async () => {
      if (!server.listening) return;
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

/** There is no decoder for that: "latin1" means windows-1252. */
function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

function refused(status: string): string {
  const headers = 'proxy-authenticate: Basic realm="proxy"\r\ncontent-length: 0\r\nconnection: close\r\n';
  return `HTTP/1.1 ${status}\r\n${headers}\r\n`;
}

function isBasic(header: string, credentials: string): boolean {
  const [name = "", value = ""] = header.split(/: */, 2);
  return name.toLowerCase() === "proxy-authorization" && value === `Basic ${btoa(credentials)}`;
}
