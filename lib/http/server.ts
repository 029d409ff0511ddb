/** The socket, the signals, and an orderly end. */
import type { App } from "./app.ts";
import type { Config } from "../config/config.ts";
import type { Clock } from "../base/clock.ts";
import { describeFault } from "../base/error_site.ts";
import { listenerLost } from "./listener_watch.ts";
import type { Log } from "../base/log.ts";

/** Milliseconds that answers get to be made after attempts were cut, and then to be written. */
const ANSWERS = 150;
const CLOSING = 300;

/** Two signals of a shutdown: no new work; then, work in progress must end. */
export interface Shutdown {
  readonly draining: AbortController;
  readonly cut: AbortController;
}

/** What the server needs from outside. */
export interface ServerOptions {
  readonly app: App;
  /** Called when the address is ours: a process that cannot serve must not begin to send either. */
  readonly onListening: () => void;
  /** Resolves when nothing is worked on any more: asked once draining has begun. */
  readonly idle: () => Promise<unknown>;
  readonly config: Pick<Config["http"], "host" | "port" | "tls"> & Pick<Config, "shutdownGrace">;
  readonly shutdown: Shutdown;
  /** Resolves when the process is asked to stop. */
  readonly stopRequested: Promise<"stop">;
  readonly clock: Clock;
  readonly log: Log;
}

/** The address cannot be listened at; the message says what to do. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

/**
 * Serves until a signal ends it, or the listener is lost.
 *
 * @returns exit code
 * @throws {ListenError} when the address cannot be had
 */
export async function serve(options: ServerOptions): Promise<number> {
  const { app, clock, config, idle, log, onListening, shutdown, stopRequested } = options;
  const server = listen(options);
  onListening();
  const onFault = (event: PromiseRejectionEvent | ErrorEvent) => {
    event.preventDefault();
    const fault = describeFault("reason" in event ? event.reason : event.error);
    log.write(
      "ERROR",
      "internal_error",
      "A fault of the service, outside of any request: it goes on serving. Please report it, with these two fields",
      fault,
    );
  };
  globalThis.addEventListener("unhandledrejection", onFault);
  globalThis.addEventListener("error", onFault);
  // Without descriptors Deno closes the listener for good: better no process than one that hears nothing.
  const closed = Promise.race([
    server.finished.catch(() => {}),
    listenerLost({ address: server.addr, clock, draining: shutdown.draining.signal }),
  ]);
  const lost = closed.then(() => "lost" as const);
  if (await Promise.race([stopRequested, lost]) === "lost") {
    log.write("ERROR", "listener_lost", LISTENER_LOST);
    return 1;
  }
  log.write(
    "INFO",
    "draining",
    "Shutting down: new webhooks are answered 503, so that Coder sends them again; work in progress may finish",
    {
      in_flight: app.inFlight.count,
      grace_ms: config.shutdownGrace,
    },
  );
  shutdown.draining.abort();
  const finished = idle();
  await Promise.race([finished, clock.sleep(config.shutdownGrace, shutdown.cut.signal)]);
  shutdown.cut.abort();
  const never = new AbortController().signal;
  await Promise.race([finished, clock.sleep(ANSWERS, never)]);
  // A sender whose upload is stalled would keep shutdown() waiting for ever.
  await Promise.race([server.shutdown(), clock.sleep(CLOSING, never)]);
  log.write("INFO", "stopped", "Stopped. Coder sends again what got no answer", {
    unanswered: app.inFlight.count,
  });
  return 0;
}

const LISTENER_LOST =
  "No connection can be taken any more, most likely because the process ran out of file descriptors. It ends now, to " +
  "be started again: raise the limit (LimitNOFILE in systemd, ulimit -n), and put a proxy with time-outs in front";

function listen({ app, config, log }: ServerOptions): Deno.HttpServer<Deno.NetAddr> {
  const { host, port, tls } = config;
  const onListen = (address: Deno.NetAddr) => {
    const scheme = tls === undefined ? "http" : "https";
    const name = address.hostname.includes(":") ? `[${address.hostname}]` : address.hostname;
    log.write("INFO", "listening", "Webhooks are taken at this address", {
      url: `${scheme}://${name}:${address.port}/`,
    });
  };
  try {
    return Deno.serve({ hostname: host, port, onListen, ...tls }, app.handle);
  } catch (error) {
    throw new ListenError(whyNot(error, config));
  }
}

/** Why an address cannot be listened at, and what to do. */
export function whyNot(
  error: unknown,
  { host, port, tls }: Pick<Config["http"], "host" | "port" | "tls">,
): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return `PORT ${port} is in use by another process: stop that one, or set PORT to a free port`;
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return `HOST '${host}' is not an address of this machine: set HOST to one that is, or to 0.0.0.0`;
  }
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return `PORT ${port} may not be listened at by this user: set PORT to one from 1024 up`;
  }
  if (tls !== undefined) {
    return "TLS_CERT_FILE and TLS_KEY_FILE must hold a certificate chain and its key, as PEM";
  }
  return `HOST '${host}' and PORT ${port} cannot be listened at: check both`;
}
