/**
 * A relay of this process in front of an HTTP proxy: `fetch` asks it for a tunnel, and it asks the proxy, with the
 * proxy's credentials. What goes through the tunnel stays encrypted from end to end.
 */
import type { NetworkFailure } from "./runtime.ts";

/** Bytes of the head of a request or an answer that are read. */
const HEAD_LIMIT = 16 * 1024;

/** A relay to one proxy, for one address. */
export class ConnectRelay {
  readonly #proxy: URL;
  readonly #target: string;
  #listener: Deno.TcpListener | undefined;
  #failure: NetworkFailure | undefined;

  /** @param proxy as `HTTPS_PROXY` has it @param url of the address at the other end: no other is connected to */
  constructor(proxy: string, url: string) {
    this.#proxy = new URL(/^http:/i.test(proxy) ? proxy : `http://${proxy}`);
    const { hostname, port } = new URL(url);
    this.#target = `${hostname}:${port || 443}`;
  }

  /** Where `fetch` finds it. */
  get address(): string {
    if (this.#listener === undefined) {
      this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      void this.#serve(this.#listener);
    }
    return `http://127.0.0.1:${this.#listener.addr.port}`;
  }

  /** What went wrong at the proxy, last; undefined: nothing did. */
  get failure(): NetworkFailure | undefined {
    return this.#failure;
  }

  async #serve(listener: Deno.TcpListener): Promise<void> {
    for await (const client of listener) {
      void this.#tunnel(client).catch(() => {}).finally(() => close(client));
    }
  }

  async #tunnel(client: Deno.Conn): Promise<void> {
    // Nobody but this process's own fetch has business here.
    if (!(await headFrom(client)).startsWith(`CONNECT ${this.#target} `)) return;
    this.#failure = undefined;
    const proxy = await this.#connect();
    try {
      const status = proxy === undefined ? 502 : await this.#ask(proxy);
      await writeAll(client, `HTTP/1.1 ${status} Relayed\r\n\r\n`);
      if (proxy !== undefined && status === 200) {
        await Promise.all([pump(client, proxy), pump(proxy, client)]);
      }
    } finally {
      if (proxy !== undefined) close(proxy);
    }
  }

  async #connect(): Promise<Deno.Conn | undefined> {
    const { hostname, port } = this.#proxy;
    try {
      return await Deno.connect({ hostname: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port || 80) });
    } catch (error) {
      const isName = error instanceof Error && /failed to lookup/i.test(error.message);
      this.#failure = isName ? "name_not_found" : "connection_failed";
      return undefined;
    }
  }

  /** Asks the proxy for a tunnel; returns its status. */
  async #ask(proxy: Deno.Conn): Promise<number> {
    const { username, password } = this.#proxy;
    const credentials = base64(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
    const authorization = username + password === "" ? "" : `Proxy-Authorization: Basic ${credentials}\r\n`;
    const target = this.#target;
    await writeAll(proxy, `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization}\r\n`);
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(await headFrom(proxy))?.[1] ?? 502);
    if (status >= 200 && status <= 299) return 200;
    this.#failure = status === 403 || status === 407 ? "proxy_refused" : "proxy_failed";
    return status;
  }
}

/** The head of a message; empty when there is none. Nothing may come after it before it was answered. */
async function headFrom(connection: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(HEAD_LIMIT);
  let head = "";
  while (!head.endsWith("\r\n\r\n") && head.length < HEAD_LIMIT) {
    const length = await connection.read(buffer);
    if (length === null) return "";
    head += new TextDecoder("latin1").decode(buffer.subarray(0, length));
  }
  return head;
}

async function pump(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  for (let length = await from.read(buffer); length !== null; length = await from.read(buffer)) {
    await writeAll(to, buffer.subarray(0, length));
  }
  await to.closeWrite();
}

async function writeAll(connection: Deno.Conn, data: string | Uint8Array): Promise<void> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  for (let written = 0; written < bytes.length;) written += await connection.write(bytes.subarray(written));
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
