/** A server of connections: what TLS in front of a server and a proxy have in common. */

/** A listening server. Disposing of it breaks its connections. */
export interface TcpServer extends AsyncDisposable {
  readonly port: number;
}

/** Lets `handle` deal with every connection; what it throws ends that connection only. */
export function serveTcp(listener: Deno.Listener, handle: (caller: Deno.Conn) => Promise<void>): TcpServer {
  const callers = new Set<Deno.Conn>();
  const handled = new Set<Promise<void>>();
  const accepting = accept();

  async function accept(): Promise<void> {
    for (;;) {
      let caller: Deno.Conn;
      try {
        caller = await listener.accept();
      } catch (error) {
        if (error instanceof Deno.errors.BadResource) return; // closed
        continue; // a handshake that failed is the caller's
      }
      callers.add(caller);
      const work = handle(caller).catch(() => {}).finally(() => {
        callers.delete(caller);
        handled.delete(work);
        closeQuietly(caller);
      });
      handled.add(work);
    }
  }

  async function close(): Promise<void> {
    listener.close();
    await accepting;
    for (const caller of callers) closeQuietly(caller);
    await Promise.all(handled);
  }
  let closed: Promise<void> | undefined;
  return {
    port: (listener.addr as Deno.NetAddr).port,
    [Symbol.asyncDispose]: () => closed ??= close(),
  };
}

/**
 * Passes bytes both ways until one side ends.
 *
 * @param see is shown what the caller sends
 */
export async function passOn(
  caller: Deno.Conn,
  target: Deno.Conn,
  see: (bytes: Uint8Array) => void = () => {},
): Promise<void> {
  const seen = new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, out) {
      see(bytes);
      out.enqueue(bytes);
    },
  });
  try {
    await Promise.race([
      caller.readable.pipeThrough(seen).pipeTo(target.writable),
      target.readable.pipeTo(caller.writable),
    ].map((way) => way.catch(() => {})));
  } finally {
    closeQuietly(target);
    closeQuietly(caller);
  }
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // closed already
  }
}
