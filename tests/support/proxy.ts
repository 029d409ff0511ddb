/** A proxy as companies run them: tunnels by CONNECT, requests for http addresses, Basic credentials. */
import { passOn, serveTcp } from "./tcp_server.ts";

/** A running proxy. */
export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** First lines of the requests, in order. */
  readonly requests: readonly string[];
  /** Everything that its callers sent, byte by byte. */
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
export function startProxy({ leadsTo, credentials, refusesWith }: ProxyOptions): Proxy {
  const requests: string[] = [];
  let seen = "";
  const see = (bytes: Uint8Array) => void (seen += decoded(bytes));
  const server = serveTcp(Deno.listen({ hostname: "127.0.0.1", port: 0 }), async (caller) => {
    const { head, rest } = await readHead(caller);
    see(encoded(head + rest));
    const [line = "", ...headers] = head.split("\r\n");
    requests.push(line);
    if (refusesWith !== undefined) return await refuse(caller, refusesWith);
    if (credentials !== undefined && !headers.some((header) => isBasic(header, credentials))) {
      return await refuse(caller, "407 Proxy Authentication Required");
    }
    const target = await Deno.connect({ hostname: "127.0.0.1", port: leadsTo });
    if (line.startsWith("CONNECT ")) await write(caller, "HTTP/1.1 200 Connection established\r\n\r\n");
    else await write(target, [inOriginForm(line), ...headers].join("\r\n") + rest);
    await passOn(caller, target, see);
  });
  return {
    port: server.port,
    requests,
    get seen() {
      return seen;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** A character for each byte; there is no decoder for that: "latin1" means windows-1252. */
function decoded(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

function encoded(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

async function readHead(caller: Deno.Conn): Promise<{ readonly head: string; readonly rest: string }> {
  let text = "";
  const buffer = new Uint8Array(16_384);
  for (;;) {
    const count = await caller.read(buffer);
    if (count === null) throw new Error("it ended before a request");
    text += decoded(buffer.subarray(0, count));
    const end = text.indexOf("\r\n\r\n");
    if (end >= 0) return { head: text.slice(0, end), rest: text.slice(end) };
  }
}

async function refuse(caller: Deno.Conn, status: string): Promise<void> {
  await write(
    caller,
    `HTTP/1.1 ${status}\r\nproxy-authenticate: Basic realm="proxy"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
  );
}

async function write(connection: Deno.Conn, text: string): Promise<void> {
  const bytes = encoded(text);
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

/** `POST http://host/path HTTP/1.1` → `POST /path HTTP/1.1` */
function inOriginForm(line: string): string {
  return line.replace(/ http:\/\/[^/ ]+/, " ");
}

function isBasic(header: string, credentials: string): boolean {
  const [name = "", value = ""] = header.split(/: */, 2);
  return name.toLowerCase() === "proxy-authorization" && value === `Basic ${btoa(credentials)}`;
}
