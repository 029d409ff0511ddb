/** Squid, as companies put it between their machines and the world. */
import { freePort, succeed } from "../support/process.ts";
import { type Running, startNeighbour } from "./neighbour.ts";

/** A name that Squid alone knows: what arrives there came through it. */
export const HOST = "platformx.internal";

/** How Squid is set up. */
export interface Setup {
  /** Whom it lets through. Default: everybody. */
  readonly credentials?: { readonly user: string; readonly password: string };
  /** Whether it lets anybody reach {@link HOST}. */
  readonly denies?: boolean;
}

/** A running Squid. */
export interface Squid extends Running {
  readonly port: number;
  /** Its access log so far: `STATUS METHOD TARGET` of each request. */
  log(): Promise<readonly string[]>;
}

/** Starts Squid on 127.0.0.1. */
export async function startSquid({ credentials, denies = false }: Setup = {}): Promise<Squid> {
  const port = freePort();
  const hash = credentials && await succeed(["openssl", "passwd", "-apr1", credentials.password]);
  const passwords = (folder: string) => [
    `auth_param basic program /usr/lib/squid/basic_ncsa_auth ${folder}/passwords`,
    "auth_param basic realm proxy",
    "acl known proxy_auth REQUIRED",
  ];
  const files = (folder: string) => ({
    hosts: `127.0.0.1 ${HOST}\n`,
    passwords: credentials && hash ? `${credentials.user}:${hash}\n` : "",
    "squid.conf": [
      `http_port 127.0.0.1:${port}`,
      `hosts_file ${folder}/hosts`,
      "dns_nameservers 127.0.0.1", // nobody answers there: other names are not found
      "dns_timeout 1 second",
      `pid_filename ${folder}/squid.pid`,
      `coredump_dir ${folder}`,
      `logformat short %>Hs %rm %ru`,
      `access_log stdio:${folder}/access.log short`,
      `cache_log ${folder}/cache.log`,
      "cache deny all",
      "shutdown_lifetime 0 seconds",
      `acl there dstdomain ${HOST}`,
      ...denies ? ["http_access deny there"] : [],
      ...credentials ? passwords(folder) : [],
      `http_access allow ${credentials ? "known" : "all"}`,
      "http_access deny all",
      "",
    ].join("\n"),
  });
  const running = await startNeighbour({
    program: "squid",
    port,
    files,
    commandLine: (folder) => ["squid", "-N", "-f", `${folder}/squid.conf`],
  });
  return {
    ...running,
    port,
    log: async () => {
      const lines = (await Deno.readTextFile(`${running.folder}/access.log`)).trim().split("\n");
      return lines.filter((line) => !line.startsWith("0 - ")); // connections without a request
    },
  };
}
