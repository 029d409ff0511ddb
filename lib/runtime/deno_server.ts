/** `Deno.serve` behind the service's own interface. */
import {
  type Handler,
  type HttpServer,
  type ListenAddress,
  ListenError,
  type ListenFault,
} from "./runtime.ts";

/**
 * Listens.
 *
 * @throws {ListenError}
 */
export function denoServer({ host, port, tls }: ListenAddress, handler: Handler): Promise<HttpServer> {
  return new Promise((resolve) => {
    const server = serve(() =>
      Deno.serve({ hostname: host, port, onListen: () => {}, onError, ...tls }, async (request) => {
        const { status, headers, body } = await handler(request);
        return new Response(body, { status, headers });
      })
    );
    resolve({
      address: { host: server.addr.hostname, port: server.addr.port },
      finished: server.finished.catch(() => {}),
      shutdown: () => server.shutdown(),
    });
  });
}

/** A handler never rejects; if one did, Deno would print the error, which may quote the request. */
function onError(): Response {
  return new Response(null, { status: 500 });
}

function serve(begin: () => Deno.HttpServer<Deno.NetAddr>): Deno.HttpServer<Deno.NetAddr> {
  try {
    return begin();
  } catch (error) {
    throw new ListenError(faultOf(error));
  }
}

/** An unusable key and an unknown name have no error class of their own in Deno (2.6, 2.9). */
function faultOf(error: unknown): ListenFault {
  const { AddrInUse, AddrNotAvailable, InvalidData, NotCapable, PermissionDenied } = Deno.errors;
  if (error instanceof AddrInUse) return "in_use";
  if (error instanceof AddrNotAvailable) return "not_available";
  if (error instanceof PermissionDenied || error instanceof NotCapable) return "forbidden";
  const text = error instanceof Error ? error.message : "";
  if (/failed to lookup/.test(text)) return "not_available";
  return error instanceof InvalidData || /private key/.test(text) ? "bad_certificate" : "unknown";
}
