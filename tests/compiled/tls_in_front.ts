import { passOn, serveTcp, type TcpServer } from "./tcp_server.ts";

/** TLS with this certificate in front of what listens at `port`, on a free port of 127.0.0.1. */
export function serveTls(
  port: number,
  { cert, key }: { readonly cert: string; readonly key: string },
): TcpServer {
  const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
  return serveTcp(listener, async (caller) => {
    await passOn(caller, await Deno.connect({ hostname: "127.0.0.1", port }));
  });
}
