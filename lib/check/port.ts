/** Whether the service can listen at HOST and PORT, or does so already. */
import type { Finding } from "./finding.ts";
import type { ListenAddress, LocalAnswer } from "./local_service.ts";
import { whyNot } from "../http/server.ts";

/** What the check needs from outside. */
export interface PortOptions {
  /** Listens and stops at once. Throws what the runtime throws. */
  readonly tryToListen: (address: ListenAddress) => void;
  /** Asks what listens there. Throws when nothing answers. */
  readonly ask: (address: ListenAddress) => Promise<LocalAnswer>;
}

/** The runtime's own way to listen. */
export function tryToListen({ host: hostname, port, tls }: ListenAddress): void {
  const listener = tls === undefined
    ? Deno.listen({ hostname, port })
    : Deno.listenTls({ hostname, port, cert: tls.cert, key: tls.key });
  listener.close();
}

/** Looks at the address of the configuration. */
export async function portFinding(
  address: ListenAddress,
  { tryToListen, ask }: PortOptions,
): Promise<Finding> {
  const { host, port } = address;
  const name = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  try {
    tryToListen(address);
    return { name, state: "ok", detail: port === 0 ? "a free port is picked" : "free" };
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) {
      return { name, state: "failed", detail: "cannot be listened at", todo: whyNot(error, address) };
    }
    const status = await statusIn(address, ask);
    return status === undefined
      ? { name, state: "failed", detail: "in use by another program", todo: whyNot(error, address) }
      : { name, state: "ok", detail: `in use by this service, which says: ${status}` };
  }
}

/** The service's own word for its health; undefined: it is another program. */
async function statusIn(address: ListenAddress, ask: PortOptions["ask"]): Promise<string | undefined> {
  try {
    const value: unknown = JSON.parse((await ask(address)).body);
    const status = typeof value === "object" && value !== null && "status" in value
      ? value.status
      : undefined;
    return status === "ok" || status === "degraded" ? status : undefined;
  } catch {
    return undefined;
  }
}
