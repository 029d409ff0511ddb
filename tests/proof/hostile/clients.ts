/** Clients that do not keep to the rules: plain connections, and what comes of them. */

/** The secret of every service here, and the header that goes with its webhooks. */
export const SECRET = "s3cret";
export const AUTHORIZATION = `Bearer ${SECRET}`;

/** Milliseconds after which no more is waited for. */
const PATIENCE = 30_000;

/** A connection that is kept open. */
export interface Client extends Disposable {
  send(text: string): Promise<void>;
  /** Reads until the connection ends or the pattern is there. */
  receive(until: RegExp): Promise<string>;
}

/** Connects, and sends the first bytes. */
export async function connect(port: number, text = ""): Promise<Client> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const send = async (more: string) => {
    const bytes = new TextEncoder().encode(more);
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  };
  await send(text);
  let received = "";
  return {
    send,
    receive: async (pattern) => {
      const buffer = new Uint8Array(65_536);
      while (!pattern.test(received)) {
        const length = await withinPatience(connection.read(buffer).catch(() => null), () => received);
        if (length === null) break;
        received += new TextDecoder().decode(buffer.subarray(0, length));
      }
      return received;
    },
    [Symbol.dispose]: () => {
      try {
        connection.close();
      } catch {
        // The other end was faster.
      }
    },
  };
}

async function withinPatience<T>(promise: Promise<T>, received: () => string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const give = () =>
    late.reject(new Error(`nothing came for ${PATIENCE} ms after ${JSON.stringify(received())}`));
  const timer = setTimeout(give, PATIENCE);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** The head of a webhook; `more` are further headers, each ended by a line break. */
export function head(more: string): string {
  const headers = `Host: x\r\nContent-Type: application/json\r\nAuthorization: ${AUTHORIZATION}\r\n`;
  return `POST / HTTP/1.1\r\n${headers}${more}\r\n`;
}

/** A webhook's body: Workspace Created, about somebody. */
export function webhookOf(messageId: string): string {
  return JSON.stringify({
    msg_id: messageId,
    payload: {
      notification_name: "Workspace Created",
      labels: { workspace: messageId },
      data: { owner: { email: "alice@example.com" } },
    },
  });
}

/** Sends a byte now and then, until told to stop. The other end may have had enough before. */
export async function drip(client: Client, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await client.send(" ").catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
