/** A TCP proxy that loses an answer, or a question, on the way. */
export class LossyProxy implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #target: number;
  readonly #open = new Set<Deno.Conn>();
  #passed = 0;
  #loses: "answer" | "question" | undefined;
  #breaks = false;
  /** How often something was lost. */
  lost = 0;

  constructor(target: number) {
    this.#target = target;
    void this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /**
   * Loses what comes next: the server's answer, after it has done its work, or the question before it gets there.
   *
   * @param passed how many of them come through before @param breaks nothing comes through any more then
   */
  lose(what: "answer" | "question", passed = 0, breaks = false): void {
    this.#loses = what;
    this.#breaks = breaks;
    this.#passed = passed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    close(this.#listener);
    for (const connection of this.#open) close(connection);
    return Promise.resolve();
  }

  async #accept(): Promise<void> {
    try {
      for await (const client of this.#listener) {
        const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#target });
        for (const connection of [client, server]) this.#open.add(connection);
        void this.#pass("question", client, server);
        void this.#pass("answer", server, client);
      }
    } catch {
      // It was closed.
    }
  }

  async #pass(what: "answer" | "question", from: Deno.Conn, to: Deno.Conn): Promise<void> {
    const bytes = new Uint8Array(65_536);
    try {
      for (let read = await from.read(bytes); read !== null; read = await from.read(bytes)) {
        if (this.#loses === what && this.#passed-- <= 0) {
          this.#loses = undefined;
          this.lost++;
          if (this.#breaks) await this[Symbol.asyncDispose]();
          break;
        }
        for (let sent = 0; sent < read;) sent += await to.write(bytes.subarray(sent, read));
      }
    } catch {
      // One of them has ended.
    }
    for (const connection of [from, to]) close(connection);
  }
}

function close(connection: Disposable & { close(): void }): void {
  try {
    connection.close();
  } catch {
    // It is.
  }
}
