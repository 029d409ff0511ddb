/** Asks what listens at the configured address for its health. */
import type { Socket } from "node:net";
import { fromInside } from "../http/listener_watch.ts";
import type { Address, ListenAddress } from "../runtime/runtime.ts";

/** An answer to `GET /`. */
export interface LocalAnswer {
  readonly status: number;
  /** As far as it came, at most {@link ANSWER_LIMIT} bytes. */
  readonly body: string;
}

/** Milliseconds until an answer must be there. */
const TIMEOUT = 5_000;

/** Bytes of an answer that are read. */
const ANSWER_LIMIT = 64 * 1024;

/** The address under which this machine reaches the service. */
export function addressOf({ host, port }: Address): Address {
  return { host: fromInside(host), port };
}

/**
 * Asks `GET /`. A socket instead of `fetch`: it goes past proxies, and takes a certificate that is made out to the
 * service's public name, as the connection does not leave the machine.
 *
 * @throws {Error} when nothing answers in HTTP within 5 s
 */
export async function askLocally(listen: ListenAddress): Promise<LocalAnswer> {
  const [net, tls] = await Promise.all([import("node:net"), import("node:tls")]);
  const { promise, resolve, reject } = Promise.withResolvers<LocalAnswer>();
  const address = addressOf(listen);
  const ask = () =>
    socket.write(
      "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nConnection: close\r\n\r\n",
    );
  const socket: Socket = listen.tls === undefined
    ? net.connect(address, ask)
    : tls.connect({ ...address, rejectUnauthorized: false }, ask);
  let received = "";
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    received += chunk;
    if (received.length > 12 && !HEAD.test(received)) reject(new Error("not HTTP"));
    else if (isWhole(received)) resolve(answerIn(received)!);
  });
  socket.on("error", reject);
  const ended = () => {
    const answer = answerIn(received);
    return answer === undefined ? reject(new Error("closed")) : resolve(answer);
  };
  socket.on("close", ended);
  const timer = setTimeout(ended, TIMEOUT);
  return await promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}

const HEAD = /^HTTP\/1\.[01] (\d{3})/;

/** One code unit of `received` is one byte. */
function isWhole(received: string): boolean {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return received.length > ANSWER_LIMIT;
  const length = /^content-length: *(\d+) *$/im.exec(received.slice(0, end))?.[1] ?? Infinity;
  return received.length - end - 4 >= Math.min(Number(length), ANSWER_LIMIT);
}

function answerIn(received: string): LocalAnswer | undefined {
  const status = HEAD.exec(received)?.[1];
  if (status === undefined) return undefined;
  const end = received.indexOf("\r\n\r\n");
  return { status: Number(status), body: end < 0 ? "" : received.slice(end + 4) };
}
