/** Debian's PgBouncer in transaction mode, in front of a server. */
import type { PostgresServer } from "./server.ts";
import { asUnprivileged, freePort } from "./server.ts";

/** Starts one; its port, and how to end it. */
export async function pgbouncer(server: PostgresServer): Promise<{ port: number } & AsyncDisposable> {
  const port = freePort();
  const file = `${server.folder}/pgbouncer.ini`;
  const settings = [
    "[databases]",
    `postgres = host=127.0.0.1 port=${server.port} dbname=postgres`,
    "[pgbouncer]",
    ...["listen_addr = 127.0.0.1", `listen_port = ${port}`, "unix_socket_dir =", "auth_type = any"],
    ...["pool_mode = transaction", "default_pool_size = 3", `logfile = ${server.folder}/pgbouncer.log`],
  ];
  await Deno.writeTextFile(
    file,
    settings.map((line) => line.replace(/^postgres =.*/, "$& user=owner") + "\n").join(""),
  );
  const [program = "", ...args] = await asUnprivileged(["/usr/sbin/pgbouncer", file]);
  const child = new Deno.Command(program, { args, stdout: "null", stderr: "null", cwd: "/" }).spawn();
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}
