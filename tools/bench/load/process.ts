/** Programs under measurement as child processes. */

/** A program that answers at its port. Disposing of it ends it and waits for that. */
export interface Subject extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/` */
  readonly url: string;
  readonly pid: number;
}

/** How a program is started. */
export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly port: number;
  /** File that takes standard output and standard error, written by the program itself: no other process reads it. */
  readonly log: string;
  readonly folder: string;
}

/** Where Deno keeps packages. Nothing else of this environment is handed on. */
const HANDED_ON = ["DENO_DIR", "HOME", "XDG_CACHE_HOME"];

/** Milliseconds for a program to start, and to end. */
const PATIENCE = 30_000;

/** A port that nobody listens at. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

/**
 * Starts a program; it answers when this returns.
 *
 * @throws {Error} when it ends before that, with what it wrote
 */
export async function launch({ program, args, environment, port, log, folder }: Launch): Promise<Subject> {
  const inherited = HANDED_ON.map((name) => [name, Deno.env.get(name)] as const)
    .filter((entry): entry is [string, string] => entry[1] !== undefined);
  const child = new Deno.Command("/bin/sh", {
    // Only a shell can make a file of the output; `exec` keeps the process id. A compiled program does not raise its
    // limit of descriptors, as `deno run` does.
    args: [
      "-c",
      'ulimit -n "$(ulimit -Hn)"; log=$1; shift; exec "$@" >"$log" 2>&1',
      "sh",
      log,
      program,
      ...args,
    ],
    cwd: folder,
    clearEnv: true,
    env: { ...Object.fromEntries(inherited), ...environment },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let ended = false;
  const status = child.status.then(() => void (ended = true));
  const end = async () => {
    if (!ended) child.kill("SIGTERM");
    const timer = setTimeout(() => ended || child.kill("SIGKILL"), PATIENCE);
    await status;
    clearTimeout(timer);
  };
  const deadline = performance.now() + PATIENCE;
  while (!await listensAt(port)) {
    if (ended || performance.now() > deadline) {
      await end();
      throw new Error(`${program} did not start:\n${Deno.readTextFileSync(log)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { url: `http://127.0.0.1:${port}/`, pid: child.pid, [Symbol.asyncDispose]: end };
}

async function listensAt(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}
