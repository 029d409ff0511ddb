/** Whether the service can listen at HOST and PORT, or does so already. */
import { whyNot } from "../http/server.ts";
import { type Listen, type ListenAddress, ListenError } from "../runtime/runtime.ts";
import type { Finding } from "./finding.ts";
import type { LocalAnswer } from "./local_service.ts";

/** What the check needs from outside. */
export interface PortOptions {
  readonly listen: Listen;
  /** Asks what listens there. Rejects when nothing answers. */
  readonly ask: (address: ListenAddress) => Promise<LocalAnswer>;
}

/** Looks at the address of the configuration. */
export async function portFinding(address: ListenAddress, { listen, ask }: PortOptions): Promise<Finding> {
  const { host, port } = address;
  const name = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  try {
    const server = await listen(address, () => Promise.resolve({ status: 503, headers: {}, body: null }));
    await server.shutdown();
    const detail = port === 0 ? "a free port is picked" : "free";
    return {
      name,
      state: "ok",
      detail: host === "0.0.0.0" ? `${detail}; IPv4 only: HOST=:: is both` : detail,
    };
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    const todo = whyNot(error.fault, address);
    if (error.fault !== "in_use") return { name, state: "failed", detail: "cannot be listened at", todo };
    const status = await statusIn(address, ask);
    if (status === undefined) return { name, state: "failed", detail: "in use by another program", todo };
    const detail = `in use by this service, which says: ${status}`;
    return status === "ok" ? { name, state: "ok", detail } : {
      name,
      state: "warning",
      detail,
      todo: "See its page or health with details: they say what it needs",
    };
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
