/** The socket, and an orderly end. */
import { constant, plain, type Redacted, scrub } from "../base/redact.ts";
import type { Clock } from "../base/clock.ts";
import { describeFault } from "../base/error_site.ts";
import type { Log } from "../base/log.ts";
import type { Shutdown } from "../base/shutdown.ts";
import type { Handler, HttpServer, ListenAddress, ListenFault, Runtime } from "../runtime/runtime.ts";
import type { Admission } from "./admission.ts";
import { listenerLost } from "./listener_watch.ts";

/** Milliseconds that answers get to be made after attempts were cut, and then everything to be closed. */
const ANSWERS = 100;
const CLOSING = 250;

/** What the server needs from outside. */
export interface ServerOptions {
  readonly runtime: Pick<Runtime, "listen" | "onFault" | "tryToConnect">;
  readonly app: { readonly handle: Handler; readonly admission: Pick<Admission, "count"> };
  /**
   * Called when the address is ours: a process that cannot serve must not begin to send either. What it returns resolves
   * when there is time for what takes long.
   */
  readonly onListening: () => Promise<unknown>;
  /** Resolves when nothing is worked on any more: asked once draining has begun. */
  readonly idle: () => Promise<unknown>;
  /** Closes what else is open. */
  readonly close: () => Promise<unknown>;
  readonly address: ListenAddress;
  /** Milliseconds that work in progress may take at the end. */
  readonly grace: number;
  readonly shutdown: Shutdown;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Serves until a signal ends it, or the listener is lost.
 *
 * @returns exit code
 * @throws {ListenError} when the address cannot be had
 */
export async function serve(options: ServerOptions): Promise<number> {
  const { address, app, clock, log, onListening, runtime, shutdown } = options;
  const server = await runtime.listen(address, app.handle);
  log.write("INFO", "listening", "Webhooks are taken at this address", {
    url: scrub(urlOf(address, server), []),
  });
  runtime.onFault((error) => log.write("ERROR", "internal_error", INTERNAL, describeFault(error)));
  const settled = onListening();
  // Without descriptors Deno closes the listener for good: better no process than one that hears nothing.
  const lost = Promise.race([
    server.finished,
    listenerLost({
      address: server.address,
      connect: runtime.tryToConnect,
      clock,
      draining: shutdown.draining,
      settled,
    }),
  ]).then(() => "lost" as const);
  const why = await Promise.race([shutdown.requested.then(() => "asked" as const), lost]);
  if (why === "lost") log.write("ERROR", "listener_lost", LISTENER_LOST);
  await end(server, options);
  return why === "lost" ? 1 : 0;
}

async function end(
  server: HttpServer,
  { app, clock, close, grace, idle, log, shutdown }: ServerOptions,
): Promise<void> {
  const { admission } = app;
  log.write("INFO", "draining", DRAINING, { in_flight: admission.count, grace_ms: grace });
  shutdown.drain();
  const finished = idle().catch((error) =>
    log.write("ERROR", "internal_error", INTERNAL, describeFault(error))
  );
  await Promise.race([finished, clock.sleep(grace, shutdown.cut)]);
  shutdown.end();
  await Promise.race([finished, clock.sleep(ANSWERS, NEVER)]);
  // A sender whose upload is stalled would keep shutdown() waiting for ever, a disk that hangs the store.
  await Promise.race([Promise.allSettled([server.shutdown(), close()]), clock.sleep(CLOSING, NEVER)]);
  log.write("INFO", "stopped", "Stopped. Coder sends again what got no answer", {
    unanswered: admission.count,
  });
}

const NEVER = new AbortController().signal;

function urlOf({ tls }: ListenAddress, { address: { host, port } }: HttpServer): string {
  return `${tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${port}/`;
}

const INTERNAL =
  "A fault of the service, outside of any request: it goes on serving. Please report it, with these two fields";
const DRAINING =
  "Shutting down: new webhooks are answered 503, so that Coder sends them again; work in progress may finish";
const LISTENER_LOST = constant(
  "No connection can be taken any more, most likely because the process ran out of file descriptors. It ends now, to ",
  "be started again: raise the limit (LimitNOFILE in systemd, ulimit -n), and put a proxy with time-outs in front",
);

/** Why an address cannot be listened at, and what to do. */
export function whyNot(fault: ListenFault, address: ListenAddress): Redacted {
  const { port } = address;
  const host = scrub(address.host, []);
  switch (fault) {
    case "in_use":
      return plain`PORT ${port} is in use by another process: stop that one, or set PORT to a free port`;
    case "not_available":
      return plain`HOST '${host}' is not an address of this machine: set HOST to one that is, or to 0.0.0.0`;
    case "forbidden":
      return port > 0 && port < 1024
        ? plain`PORT ${port} may not be listened at by this user: set PORT to one from 1024 up`
        : plain`HOST '${host}' and PORT ${port} may not be listened at: see what forbids it, as --allow-net or systemd`;
    case "bad_certificate":
      return constant("TLS_CERT_FILE and TLS_KEY_FILE must hold a certificate chain and its key, as PEM");
    case "unknown":
      return plain`HOST '${host}' and PORT ${port} cannot be listened at: check both`;
  }
}
