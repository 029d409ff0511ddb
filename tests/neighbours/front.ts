/** nginx, HAProxy and Caddy in front of the service, set up as `deploy/proxy` says, or otherwise. */
import assert from "node:assert/strict";
import { issueCertificate, type Issued } from "../support/certificates.ts";
import { freePort, openFolder } from "../support/process.ts";
import { fileOf } from "../support/files.ts";
import { type Running, startNeighbour } from "./neighbour.ts";

/** Changes to a text: each stands in it exactly once. */
export type Changes = readonly (readonly [from: string, to: string])[];

/** A kind of server in front. */
interface Kind {
  /** Its configuration, in `deploy/proxy`. */
  readonly file: string;
  /** What only a trial on loopback needs. */
  readonly changes: (place: Place) => Changes;
  /** The whole configuration of a server that was not there before. */
  readonly whole: (text: string, place: Place) => string;
  readonly commandLine: (folder: string) => readonly string[];
}

interface Place {
  readonly folder: string;
  readonly port: number;
}

/** The kinds, by their programs. */
export const KINDS = {
  nginx: {
    file: "nginx.conf",
    changes: ({ folder, port }) => [
      ["listen 443 ssl", `listen 127.0.0.1:${port} ssl`],
      ["/etc/ssl/relay/fullchain.pem", `${folder}/cert.pem`],
      ["/etc/ssl/relay/privkey.pem", `${folder}/key.pem`],
    ],
    whole: (text, { folder }) =>
      [
        "daemon off;",
        `pid ${folder}/nginx.pid;`,
        "events {}",
        "http {",
        "access_log off;",
        ...["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) =>
          `${kind}_temp_path ${folder}/${kind};`
        ),
        `${text}}`,
      ].join("\n"),
    commandLine: (folder) => ["nginx", "-c", `${folder}/config`, "-e", "stderr"],
  },
  haproxy: {
    file: "haproxy.cfg",
    changes: ({ folder, port }) => [
      ["bind :443", `bind 127.0.0.1:${port}`],
      ["/etc/haproxy/relay.pem", `${folder}/both.pem`],
      ["check inter 5s", "check inter 100ms"],
    ],
    whole: (text) => text,
    commandLine: (folder) => ["haproxy", "-db", "-f", `${folder}/config`],
  },
  caddy: {
    file: "Caddyfile",
    changes: ({ folder, port }) => [
      ["\n{\n", "\n{\n\tadmin off\n"],
      [
        "https://relay.example.com {\n",
        `https://127.0.0.1:${port} {\n\ttls ${folder}/cert.pem ${folder}/key.pem\n\tbind 127.0.0.1\n`,
      ],
    ],
    whole: (text) => text,
    commandLine: (folder) => [
      ...["env", `HOME=${folder}`, "caddy", "run", "--adapter", "caddyfile", "--config", `${folder}/config`],
    ],
  },
} as const satisfies Readonly<Record<string, Kind>>;

/** The names of the programs. */
export type Program = keyof typeof KINDS;

/** A server in front. */
export interface Front extends Running {
  readonly port: number;
  /** `https://127.0.0.1:PORT/` */
  readonly url: string;
  /** The same with the secret in it, as in Coder's endpoint setting. */
  readonly endpoint: string;
  /** What to trust. */
  readonly caFile: string;
}

/** A documented configuration, changed as the trial needs it. */
export function changed(text: string, changes: Changes): string {
  return changes.reduce((changed, [from, to]) => {
    assert.equal(changed.split(from).length, 2, `not exactly one ${JSON.stringify(from)}`);
    return changed.replace(from, () => to);
  }, text);
}

/** The text of a file of `deploy/proxy`. */
export function documented(program: Program): Promise<string> {
  return Deno.readTextFile(fileOf(`deploy/proxy/${KINDS[program].file}`));
}

/**
 * Starts a server in front of the service.
 *
 * @param options.service the service's address
 * @param options.changes what is otherwise than documented
 */
export async function startFront(
  program: Program,
  { service, secret, changes = [] }: {
    readonly service: string;
    readonly secret: string;
    readonly changes?: Changes;
  },
): Promise<Front> {
  await using starting = new AsyncDisposableStack();
  const { path } = starting.use(await openFolder());
  const issued: Issued = await issueCertificate(path, ["IP:127.0.0.1"]);
  const kind: Kind = KINDS[program];
  const port = freePort();
  const text = changed(await documented(program), changes);
  const running = starting.use(
    await startNeighbour({
      program,
      port,
      files: (folder) => {
        const place = { folder, port };
        return {
          "cert.pem": issued.cert,
          "key.pem": issued.key,
          "both.pem": issued.cert + issued.key,
          config: kind.whole(changed(text, kind.changes(place)), place)
            .replaceAll("127.0.0.1:8080", new URL(service).host),
        };
      },
      commandLine: kind.commandLine,
    }),
  );
  const open = starting.move();
  const address = `127.0.0.1:${port}/`;
  return {
    ...running,
    port,
    url: `https://${address}`,
    endpoint: `https://coder:${secret}@${address}`,
    caFile: issued.caFile,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}
