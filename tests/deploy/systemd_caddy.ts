/** Caddy with the Caddyfile of deploy/caddy, in front of a service on a free port. */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { Child, freePort, openFolder, run } from "../support/process.ts";
import { fileOf } from "../support/files.ts";

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
  let text = await Deno.readTextFile(fileOf("deploy/caddy/Caddyfile"));
  for (const [from, to] of changes) {
    assert.equal(text.split(from).length, 2, `the Caddyfile has not exactly one ${JSON.stringify(from)}`);
    text = text.replace(from, to);
  }
  return text;
}

/** Starts Caddy; it answers when this returns. */
export async function startCaddy(
  upstream: string,
  { readBody }: { readonly readBody: string },
): Promise<Caddy> {
  await using stack = new AsyncDisposableStack();
  const { path: HOME } = stack.use(await openFolder());
  const [port, plainPort] = [freePort(), freePort()];
  const file = `${HOME}/Caddyfile`;
  await Deno.writeTextFile(file, await caddyfileFor({ port, plainPort, upstream, readBody }));
  const home = [`HOME=${HOME}`, `XDG_DATA_HOME=${HOME}`, `XDG_CONFIG_HOME=${HOME}`];
  const child = stack.use(
    new Child(["env", ...home, "caddy", "run", "--config", file, "--adapter", "caddyfile"]),
  );
  const root = `${HOME}/caddy/pki/authorities/local/root.crt`;
  const ask = ["curl", "--silent", "--cacert", root, `https://127.0.0.1:${port}/up`];
  const answers = async () => (await run(ask)).code === 0 || child.isOver;
  await eventually(answers, "Caddy to answer", { seen: () => child.told });
  if (child.isOver) throw new Error(`Caddy did not start:\n${child.told}`);
  const running = stack.move();
  const ca = await Deno.readTextFile(root);
  return { port, plainPort, ca, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
