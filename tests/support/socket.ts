/** Plain connections to 127.0.0.1, for what no HTTP client sends. In texts each character is a byte. */
import { within } from "./eventually.ts";

/** A connection, which stays open until it is disposed of, or the other end closes it. */
export class PlainSocket implements Disposable {
  /** What came so far. */
  received = "";
  /** Whether the other end broke the connection off, rather than close it. */
  isReset = false;
  readonly #connection: Deno.TcpConn | Deno.TlsConn;
  readonly #buffer = new Uint8Array(65_536);

  private constructor(connection: Deno.TcpConn | Deno.TlsConn) {
    this.#connection = connection;
  }

  /** Connects, and sends the first bytes. With `caCerts` it speaks TLS. */
  static async open(port: number, text = "", caCerts?: string[]): Promise<PlainSocket> {
    const address = { hostname: "127.0.0.1", port };
    const connection =
      await (caCerts === undefined ? Deno.connect(address) : Deno.connectTls({ ...address, caCerts }));
    const socket = new PlainSocket(connection);
    await socket.send(text);
    return socket;
  }

  /** @throws {Error} when the other end takes no more */
  async send(text: string): Promise<void> {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  /** Says that nothing more comes. */
  async finish(): Promise<void> {
    await this.#connection.closeWrite();
  }

  /** Reads until the pattern is in all that was received, or to the end; returns all of it. */
  async receive(until: RegExp = /(?!)/): Promise<string> {
    while (!until.test(this.received)) {
      const reading = this.#connection.read(this.#buffer).catch((error) => {
        this.isReset = error instanceof Deno.errors.ConnectionReset;
        return null;
      });
      const count = await within(reading, `${until} from a connection`, { seen: () => this.received });
      if (count === null) break;
      const bytes = this.#buffer.subarray(0, count);
      this.received += Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    }
    return this.received;
  }

  [Symbol.dispose](): void {
    try {
      this.#connection.close();
    } catch {
      // The other end was faster.
    }
  }
}
