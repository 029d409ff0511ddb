/** Programs under measurement as child processes, and what the kernel says of them. */
import { kernelSays } from "../machine.ts";

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

/** What the kernel says of a process. */
export interface Usage {
  /** Resident memory, now and at most so far, in megabytes of 1,000,000 bytes. */
  readonly memory: number;
  readonly memoryPeak: number;
  /** Processor time used so far, all threads together, in milliseconds. */
  readonly processor: number;
}

/** Reads a process's usage. */
export async function usageOf(pid: number): Promise<Usage> {
  return parseUsage(await kernelSays(`/proc/${pid}/status`), await kernelSays(`/proc/${pid}/stat`));
}

/** Makes usage of the kernel's `status` and `stat` (proc_pid_status(5), proc_pid_stat(5)). */
export function parseUsage(status: string, stat: string): Usage {
  const megabytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, "m").exec(status)?.[1]) * 1024 / 1e6;
  // The program's name is in parentheses and may hold anything, so what comes after the last one counts.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { memory: megabytes("VmRSS"), memoryPeak: megabytes("VmHWM"), processor: ticks * TICK };
}

/** Milliseconds of the kernel's unit of processor time: 100 a second on every Linux that Deno runs on. */
const TICK = 10;

/** Milliseconds between two looks at a process's memory: each costs some milliseconds of processor time. */
const BETWEEN_LOOKS = 200;

/** Looks at a process's memory until stopped. */
export function watchMemory(pid: number): { stop(): Promise<readonly number[]> } {
  const samples: number[] = [];
  let stopped = false;
  const watching = (async () => {
    while (!stopped) {
      samples.push((await usageOf(pid)).memory);
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await watching;
      return samples;
    },
  };
}
