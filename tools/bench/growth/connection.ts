/** One HTTP/1.1 connection that is cheap enough to have thousands of: wrk tells no times per status. */
import { messageIn } from "../../../tests/support/http_message.ts";

/** An answer, without its body. */
export interface Answer {
  readonly status: number;
  /** Milliseconds from sending to the answer's last byte. */
  readonly ms: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

/** A connection that stays open between requests. */
export class Connection implements Disposable {
  readonly #connection: Deno.TcpConn;
  readonly #buffer = new Uint8Array(4096);

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /** Connects to a port of this machine. */
  static async open(port: number): Promise<Connection> {
    return new Connection(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /**
   * Sends a request, or a part of one, and reads the answer.
   *
   * @throws {Error} when the connection ends before the answer does
   */
  async exchange(request: string): Promise<Answer> {
    const begun = performance.now();
    await this.#write(encoder.encode(request));
    let text = "";
    while (messageIn(text) === undefined) {
      const count = await this.#connection.read(this.#buffer);
      if (count === null) throw new Error("the connection ended before the answer did");
      text += decoder.decode(this.#buffer.subarray(0, count));
    }
    return { status: Number(text.slice(9, 12)), ms: performance.now() - begun };
  }

  async #write(bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.length) written += await this.#connection.write(bytes.subarray(written));
  }

  [Symbol.dispose](): void {
    try {
      this.#connection.close();
    } catch {
      // The other side was first.
    }
  }
}
