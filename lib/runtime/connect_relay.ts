/**
 * A relay of this process in front of an HTTP proxy: `fetch` asks it for a tunnel, and it asks the proxy, with the
 * proxy's credentials. What goes through the tunnel stays encrypted from end to end.
 */
import type { NetworkFailure } from "./runtime.ts";

/** Bytes of the head of a request or an answer that are read. */
const HEAD_LIMIT = 16 * 1024;

/** Milliseconds until a tunnel must stand: longer than any attempt lasts. */
const SET_UP = 15_000;

/** Milliseconds until connections are taken again after that failed: for want of file descriptors, most likely. */
const RETRY = 100;

/** A relay to one proxy, for one address. */
export class ConnectRelay {
  readonly #proxy: URL;
  readonly #target: string;
  readonly #request: string;
  #listener: Deno.TcpListener | undefined;
  #failure: NetworkFailure = "connection_failed";

  /** @param proxy as `HTTPS_PROXY` has it @param url of the address at the other end: no other is connected to */
  constructor(proxy: string, url: string) {
    this.#proxy = new URL(/^https?:/i.test(proxy) ? proxy : `http://${proxy}`);
    const { hostname, port } = new URL(url);
    this.#target = `${hostname}:${port || 443}`;
    const { username, password } = this.#proxy;
    const credentials = base64(`${decoded(username)}:${decoded(password)}`);
    const authorization = username + password === "" ? "" : `Proxy-Authorization: Basic ${credentials}\r\n`;
    this.#request = `CONNECT ${this.#target} HTTP/1.1\r\nHost: ${this.#target}\r\n${authorization}\r\n`;
  }

  /** Where `fetch` finds it. */
  get address(): string {
    if (this.#listener === undefined) {
      this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      void this.#serve(this.#listener);
    }
    return `http://127.0.0.1:${this.#listener.addr.port}`;
  }

  /** Why the proxy could not be connected to, last. */
  get failure(): NetworkFailure {
    return this.#failure;
  }

  async #serve(listener: Deno.TcpListener): Promise<never> {
    for (;;) {
      try {
        const client = await listener.accept();
        client.setNoDelay();
        void this.#tunnel(client).catch(() => {}).finally(() => close(client));
      } catch {
        await new Promise((resolve) => setTimeout(resolve, RETRY));
      }
    }
  }

  /** Ends when one of the two does; then neither is of use to the other. */
  async #tunnel(client: Deno.TcpConn): Promise<void> {
    let proxy: Deno.Conn | undefined;
    const closeBoth = () => [client, proxy].forEach((end) => end && close(end));
    const late = setTimeout(closeBoth, SET_UP);
    try {
      // Nobody but this process's own fetch has business here.
      if (!(await headFrom(client)).head.startsWith(`CONNECT ${this.#target} `)) return;
      // Without an answer fetch says that there was no connection.
      if ((proxy = await this.#connect()) === undefined) return;
      await writeAll(proxy, encoded(this.#request));
      const { head, rest } = await headFrom(proxy);
      const status = statusFor(head);
      await writeAll(client, encoded(`HTTP/1.1 ${status} Relayed\r\n\r\n`));
      if (status !== OPEN) return;
      clearTimeout(late);
      await writeAll(client, rest);
      // What the proxy ends, fetch ends in turn: it may not have read all of it yet.
      pump(proxy, client).catch(closeBoth);
      await pump(client, proxy);
    } finally {
      clearTimeout(late);
      closeBoth();
    }
  }

  async #connect(): Promise<Deno.Conn | undefined> {
    const { hostname: host, port, protocol } = this.#proxy;
    const hostname = host.replace(/^\[(.*)\]$/, "$1");
    const isTls = protocol === "https:";
    let secure: Deno.TlsConn | undefined;
    try {
      const plain = await Deno.connect({ hostname, port: Number(port || (isTls ? 443 : 80)) });
      plain.setNoDelay();
      if (!isTls) return plain;
      secure = await Deno.startTls(plain, { hostname });
      await secure.handshake();
      return secure;
    } catch (error) {
      const isName = error instanceof Error && /failed to lookup/i.test(error.message);
      this.#failure = secure ? "tls_failed" : isName ? "name_not_found" : "connection_failed";
      if (secure) close(secure);
      return undefined;
    }
  }
}

const OPEN = 200;

/**
 * What `fetch` is told of the proxy's answer. It tells three things apart: an open tunnel, 407 and everything else. A
 * refusal is one (407, 403), that the other end was not reached is another.
 */
function statusFor(head: string): number {
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]);
  if (status >= 200 && status <= 299) return OPEN;
  return status === 403 || status === 407 ? 407 : 502;
}

/** The head of a message, and what came after it so far. The head is empty when there is no whole one. */
async function headFrom(
  connection: Deno.Conn,
): Promise<{ readonly head: string; readonly rest: Uint8Array }> {
  const buffer = new Uint8Array(HEAD_LIMIT);
  for (let length = 0; length < HEAD_LIMIT;) {
    const read = await connection.read(buffer.subarray(length));
    if (read === null) break;
    length += read;
    const head = new TextDecoder("latin1").decode(buffer.subarray(0, length));
    const end = head.indexOf("\r\n\r\n") + 4;
    if (end >= 4) return { head: head.slice(0, end), rest: buffer.slice(end, length) };
  }
  return { head: "", rest: new Uint8Array() };
}

async function pump(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  for (let length = await from.read(buffer); length !== null; length = await from.read(buffer)) {
    await writeAll(to, buffer.subarray(0, length));
  }
  await to.closeWrite();
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await connection.write(bytes.subarray(written));
}

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...encoded(text)));
}

/** Percent-decoded; as it is where it is no such text: `%` alone may be part of a password. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
