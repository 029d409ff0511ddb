import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Config } from "../core/config.ts";
import type { Terminal } from "../terminal.ts";
import { configured } from "./configured.ts";

/** Help of `healthcheck`. */
export const HELP = `coder-platformx healthcheck

Asks the service of this configuration (HOST, PORT, TLS_CERT_FILE) for its health: made for HEALTHCHECK of a container.

Exit codes: 0 it is alive, 1 it does not answer or shuts down, 2 configuration.`;

/** Milliseconds until an answer must be there. */
const TIMEOUT = 5_000;

/** Asks the running service. */
export async function healthcheck(terminal: Terminal): Promise<number> {
  const setUp = configured(terminal, { needsKey: false });
  if (setUp === undefined) return 2;
  const { host, port } = addressOf(setUp.config);
  try {
    const status = await statusOf(setUp.config);
    if (status === 200) return terminal.out("ok"), 0;
    terminal.err(
      `The service at ${host}:${port} answers ${status}: it is shutting down, or another program is there`,
    );
  } catch {
    terminal.err(`Nothing answers at ${host}:${port}: is the service running with the same HOST and PORT?`);
  }
  return 1;
}

function addressOf({ host, port }: Config): { readonly host: string; readonly port: number } {
  const loopback: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };
  return { host: loopback[host] ?? host, port };
}

/**
 * The status of `GET /`. A socket instead of `fetch`: it goes past proxies, and takes a certificate that is made out to
 * the service's public name, as the connection does not leave the machine.
 */
function statusOf(config: Config): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const address = addressOf(config);
  const ask = () => socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const socket: Socket = config.tls === undefined
    ? connectPlain(address, ask)
    : connectTls({ ...address, rejectUnauthorized: false }, ask);
  let head = "";
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    head += chunk;
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
    if (status !== undefined) resolve(Number(status));
    else if (head.length > 12) reject(new Error("not HTTP"));
  });
  socket.on("error", reject);
  socket.on("close", () => reject(new Error("closed")));
  const timer = setTimeout(() => reject(new Error("timed out")), TIMEOUT);
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}
