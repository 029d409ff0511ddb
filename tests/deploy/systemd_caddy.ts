/** Caddy with the Caddyfile of deploy/caddy, in front of a service on a free port. */
import assert from "node:assert/strict";
import { openFolder, PATIENCE, run } from "../compiled/executable.ts";
import { path } from "./systemd_units.ts";

/** A running Caddy. */
export interface Caddy extends AsyncDisposable {
  /** Where it serves HTTPS, on 127.0.0.1. */
  readonly port: number;
  /** Where it would serve plain HTTP. */
  readonly plainPort: number;
  /** What signs its certificate, PEM. */
  readonly ca: string;
}

const HOST = "relay.example.com";

/**
 * Changes only what a trial on loopback needs: the name, the ports, a certificate authority of its own, the address of
 * the service, and `read_body`, so that a test waits less.
 */
export async function caddyfileFor(
  { port, plainPort, upstream, readBody }: {
    readonly port: number;
    readonly plainPort: number;
    readonly upstream: string;
    readonly readBody: string;
  },
): Promise<string> {
  const changes: readonly (readonly [from: string, to: string])[] = [
    ["\n{\n", `\n{\n\tadmin off\n\tskip_install_trust\n\thttp_port ${plainPort}\n\thttps_port ${port}\n`],
    [`https://${HOST} {\n`, `https://127.0.0.1:${port} {\n\ttls internal\n\tbind 127.0.0.1\n`],
    ["127.0.0.1:8080\n\t}", `${upstream}\n\t}`],
    ["read_body 30s", `read_body ${readBody}`],
  ];
  let text = await Deno.readTextFile(path("deploy/caddy/Caddyfile"));
  for (const [from, to] of changes) {
    assert.equal(text.split(from).length, 2, `the Caddyfile has not exactly one ${JSON.stringify(from)}`);
    text = text.replace(from, to);
  }
  return text;
}

/** Two ports that were free a moment ago. */
function freePorts(): readonly [number, number] {
  using first = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using second = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return [first.addr.port, second.addr.port];
}

/** Starts Caddy; it answers when this returns. */
export async function startCaddy(
  upstream: string,
  { readBody }: { readonly readBody: string },
): Promise<Caddy> {
  const folder = await openFolder();
  const [port, plainPort] = freePorts();
  const file = `${folder.path}/Caddyfile`;
  await Deno.writeTextFile(file, await caddyfileFor({ port, plainPort, upstream, readBody }));
  const child = new Deno.Command("caddy", {
    args: ["run", "--config", file, "--adapter", "caddyfile"],
    env: { HOME: folder.path, XDG_DATA_HOME: folder.path, XDG_CONFIG_HOME: folder.path },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const said = new Response(child.stderr).text();
  let ended = false;
  child.status.then(() => ended = true);

  async function stop(): Promise<void> {
    if (!ended) child.kill("SIGKILL");
    await child.status;
    await said;
    await folder[Symbol.asyncDispose]();
  }

  const root = `${folder.path}/caddy/pki/authorities/local/root.crt`;
  const late = AbortSignal.timeout(PATIENCE);
  for (;;) {
    const { code } = await run(["curl", "--silent", "--cacert", root, `https://127.0.0.1:${port}/up`]);
    if (code === 0) break;
    if (ended || late.aborted) {
      await stop();
      throw new Error(`Caddy did not start:\n${await said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { port, plainPort, ca: await Deno.readTextFile(root), [Symbol.asyncDispose]: stop };
}
