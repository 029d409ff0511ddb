import { addressOf, askLocally } from "../check/local_service.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Terminal } from "./terminal.ts";
import { configured } from "./load_config.ts";

/** Help of `healthcheck`. */
export const HELP = `coder-platformx healthcheck

Asks the service of this configuration (HOST, PORT, TLS_CERT_FILE) for its health: made for a
container's HEALTHCHECK.

Exit codes: 0 it is alive, 1 it does not answer or is shutting down, 2 configuration.`;

/** Asks the running service. */
export async function healthcheck(
  runtime: Runtime,
  terminal: Terminal,
  envFile: string | undefined,
): Promise<number> {
  const setUp = await configured(runtime, terminal, { needsKey: false, envFile });
  if (setUp === undefined) return 2;
  const { host, port } = addressOf(setUp.config.http);
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  try {
    const { status } = await askLocally(setUp.config.http);
    if (status === 200) return terminal.out("ok"), 0;
    terminal.err(
      `The service at ${address} answers ${status}: it is shutting down, or another program is there`,
    );
  } catch {
    terminal.err(`Nothing answers at ${address}: is the service running with the same HOST and PORT?`);
  }
  return 1;
}
