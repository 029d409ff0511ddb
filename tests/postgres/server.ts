/** A PostgreSQL of the test's own, from Debian's package `postgresql`, in a temporary folder. */
import assert from "node:assert/strict";
import type { PostgresTarget } from "../../lib/outbox/postgres/connection.ts";

/** Whom the server runs as where the tests run as root, which it refuses. */
const UNPRIVILEGED = "postgres";

/** Where Debian puts the programs; else they are looked for in PATH. */
const FOLDERS = ["/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/15/bin"];

/** A running server; the account `owner` may do everything in it. */
export class PostgresServer implements AsyncDisposable {
  readonly folder: string;
  readonly port: number;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
  }

  /** Makes a cluster and starts it. `settings` go into postgresql.conf, `cluster` to initdb. */
  static async start(
    settings: Readonly<Record<string, string>> = {},
    cluster: readonly string[] = [],
  ): Promise<PostgresServer> {
    const folder = await ownedFolder(await Deno.makeTempDir({ prefix: "postgres" }));
    const server = new PostgresServer(folder, freePort());
    await server.#asOwner("initdb", [
      "-D",
      server.data,
      "-U",
      "owner",
      "-A",
      "trust",
      "-E",
      "UTF8",
      "--no-sync",
      "--no-locale",
      ...cluster,
    ]);
    const conf = {
      ...{ listen_addresses: "127.0.0.1", port: String(server.port), unix_socket_directories: folder },
      ...{ fsync: "off", max_connections: "60", ...settings },
    };
    const lines = Object.entries(conf).map(([name, value]) => `${name} = '${value}'\n`).join("");
    await Deno.writeTextFile(`${server.data}/postgresql.conf`, lines, { append: true });
    await server.begin();
    return server;
  }

  get data(): string {
    return `${this.folder}/data`;
  }

  /** How the tables of a schema are reached. */
  target(schema: string, differences: Partial<PostgresTarget> = {}): PostgresTarget {
    return {
      ...{ host: "127.0.0.1", port: this.port, user: "owner", password: undefined, database: "postgres" },
      ...{ schema, tls: false, rootCert: undefined, ...differences },
    };
  }

  /** Starts it, after {@link end}. */
  async begin(): Promise<void> {
    await this.#asOwner("pg_ctl", ["-D", this.data, "-w", "-l", `${this.folder}/log`, "start"]);
  }

  /** Ends it; `immediate` is what a crash is. */
  async end(mode: "immediate" | "fast" = "immediate"): Promise<void> {
    await this.#asOwner("pg_ctl", ["-D", this.data, "-w", "-m", mode, "stop"]);
  }

  /** Runs SQL with psql, as `owner`; returns the rows, a cell to a column by `|`. */
  async sql(text: string, database = "postgres"): Promise<string> {
    const args = [
      "-h",
      "127.0.0.1",
      "-p",
      String(this.port),
      "-U",
      "owner",
      "-d",
      database,
      "-X",
      "-q",
      "-A",
      "-t",
    ];
    return (await run(pathOf("psql"), [...args, "-v", "ON_ERROR_STOP=1", "-c", text])).trim();
  }

  /** Changes a setting of the running server; undefined: back to what it was. */
  async set(name: string, value: string | undefined): Promise<void> {
    await this.sql(
      value === undefined ? `ALTER SYSTEM RESET ${name}` : `ALTER SYSTEM SET ${name} = '${value}'`,
    );
    await this.sql("SELECT pg_reload_conf()");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end().catch(() => {});
    await Deno.remove(this.folder, { recursive: true });
  }

  /** Runs another program of PostgreSQL's on its database, as `owner`; returns what it prints. */
  async tool(name: string, ...args: readonly string[]): Promise<string> {
    return await run(pathOf(name), ["-h", "127.0.0.1", "-p", String(this.port), "-U", "owner", ...args]);
  }

  async #asOwner(name: string, args: readonly string[]): Promise<void> {
    const [program = "", ...rest] = await asUnprivileged([pathOf(name), ...args]);
    await run(program, rest, name === "pg_ctl");
  }
}

/** Makes a folder, unless it is there, and gives it to the one whom the server runs as; returns its path. */
export async function ownedFolder(path: string): Promise<string> {
  await Deno.mkdir(path, { recursive: true, mode: 0o700 });
  if (await isRoot()) await run("chown", [UNPRIVILEGED, path]);
  return path;
}

/** The command, as somebody else where the tests run as root, which servers refuse to be. */
export async function asUnprivileged(command: readonly string[]): Promise<readonly string[]> {
  if (!await isRoot()) return command;
  return ["setpriv", "--reuid", UNPRIVILEGED, "--regid", UNPRIVILEGED, "--clear-groups", ...command];
}

/** Runs a program; fails with what it wrote. A server that it leaves behind would keep a pipe open: `isQuiet`. */
export async function run(program: string, args: readonly string[], isQuiet = false): Promise<string> {
  const pipe = isQuiet ? "null" : "piped";
  const child = new Deno.Command(program, { args: [...args], cwd: "/", stdout: pipe, stderr: pipe }).spawn();
  const [out, err] = isQuiet
    ? ["", ""]
    : await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const { code } = await child.status;
  assert.equal(code, 0, `${program} ${args.join(" ")}: ${err}${out}`);
  return out;
}

async function isRoot(): Promise<boolean> {
  return (await run("id", ["-u"])).trim() === "0";
}

/** A port that nobody listens on now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function pathOf(program: string): string {
  for (const folder of FOLDERS) {
    try {
      Deno.statSync(`${folder}/${program}`);
      return `${folder}/${program}`;
    } catch {
      // Not there.
    }
  }
  return program;
}
