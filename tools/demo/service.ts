/** The service as a child process, started like in production: same permissions, an environment of its own. */
import { fileURLToPath } from "node:url";
import type { VariableName } from "../../lib/config/variables.ts";
// Imported for its packages only: this process, which knows the proxies, fetches them where that was never done.
import "../../lib/cli/serve.ts";
import { PERMISSIONS } from "../permissions.ts";

/** A running service. */
export interface Service extends AsyncDisposable {
  /** Where it takes webhooks. */
  readonly url: string;
  /** Settles with the exit code, when it ends. */
  readonly ended: Promise<number>;
  /** Ends it, and returns when it has ended. */
  stop(): Promise<void>;
}

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** A folder in which there is no `.env`. */
const FOLDER = fileURLToPath(new URL("../../tests/fixtures/coder/", import.meta.url));

/** Where Deno keeps packages, and what Windows needs to open a socket. Nothing else is handed on. */
const HANDED_ON = ["DENO_DIR", "HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "USERPROFILE", "SYSTEMROOT"];

/** Milliseconds that the service gets to end by itself. */
const PATIENCE = 5_000;

/** A service that was started and may not listen yet. */
export interface StartedService {
  /** Its address, once it listens. Rejects when it ends before that, with what it said. */
  readonly listening: Promise<string>;
  /** Settles with the exit code, when it has ended and all its output was read. */
  readonly ended: Promise<number>;
  /** What it wrote to standard error, once it has ended. */
  readonly errors: Promise<string>;
  kill(signal: Deno.Signal): void;
}

/** Starts the service on a free port, unless `settings` name one. */
export function spawnService(settings: Readonly<Partial<Record<VariableName, string>>>): StartedService {
  const inherited = HANDED_ON.map((name) => [name, Deno.env.get(name)] as const)
    .filter((entry): entry is [string, string] => entry[1] !== undefined);
  const own = { HOST: "127.0.0.1", PORT: "0", LOG_FORMAT: "json", LOG_LEVEL: "INFO", ...settings };
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      ...PERMISSIONS,
      MAIN,
    ],
    cwd: FOLDER,
    clearEnv: true,
    env: { ...Object.fromEntries(inherited), ...own },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();

  const address = Promise.withResolvers<string>();
  const errors = new Response(child.stderr).text();
  const logged = eachLine(child.stdout, (line) => {
    const url = addressIn(line);
    if (url !== undefined) address.resolve(url);
  });
  const ended = Promise.all([child.status, logged, errors]).then(([{ code }]) => code);
  const failed = ended.then(async (code): Promise<never> => {
    throw new Error(`the service ended with code ${code}:\n${(await errors).trim()}`);
  });
  const listening = Promise.race([address.promise, failed]);
  // Who kills it while it starts does not ask for its address.
  listening.catch(() => {});
  return { listening, ended, errors, kill: (signal) => kill(child, signal) };
}

/**
 * Starts the service on a free port; it listens when this returns.
 *
 * @throws {Error} when it does not start; the message holds what it said
 */
export async function startService(
  settings: Readonly<Partial<Record<VariableName, string>>>,
  signal: AbortSignal,
): Promise<Service> {
  signal.throwIfAborted();
  const started = spawnService(settings);
  const { ended } = started;
  const stop = async () => {
    const timer = setTimeout(() => started.kill("SIGKILL"), PATIENCE);
    started.kill("SIGTERM");
    await ended;
    clearTimeout(timer);
  };
  try {
    const url = await Promise.race([started.listening, rejectedOn(signal)]);
    return { url, ended, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The address in the log line that says that the service listens. */
function addressIn(line: string): string | undefined {
  try {
    const { event, url } = JSON.parse(line);
    return event === "listening" && typeof url === "string" ? url : undefined;
  } catch {
    return undefined; // not the service's own: the runtime's
  }
}

/** Reads to the end: a full pipe would stop the service. */
async function eachLine(stream: ReadableStream<Uint8Array>, take: (line: string) => void): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    lines.forEach(take);
  }
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has ended already
  }
}

function rejectedOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
