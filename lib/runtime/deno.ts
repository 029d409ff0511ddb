/** The runtime that the service was made for. */
import { denoServer } from "./deno_server.ts";
import { denoClient } from "./deno_client.ts";
import { readAtMost } from "./read_at_most.ts";
import { usageWith } from "./process_usage.ts";
import type { FileFault, Files, FileSeen, OutputStream, Runtime } from "./runtime.ts";

/** Windows knows no SIGTERM that a program could listen to. */
const STOP_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** Milliseconds that a pipe may take to be read; a file of this machine takes none. */
const PIPE_TIMEOUT = 5_000;

/** Deno, as the service uses it. */
export function denoRuntime(): Runtime {
  const env = (name: string) => {
    try {
      return Deno.env.get(name);
    } catch (error) {
      // Not among the names that may be read.
      if (error instanceof Deno.errors.NotCapable) return undefined;
      throw error;
    }
  };
  return {
    name: "deno",
    version: Deno.version.deno,
    os: Deno.build.os,
    args: Deno.args,
    env,
    stdin: { read: (limit) => readAtMost(Deno.stdin.readable, limit) },
    stdout: outputTo(Deno.stdout),
    stderr: outputTo(Deno.stderr),
    files,
    listen: denoServer,
    send: denoClient(env),
    tryToConnect: async ({ host, port }) => {
      try {
        (await Deno.connect({ hostname: host, port })).close();
        return "connected";
      } catch (error) {
        if (error instanceof Deno.errors.ConnectionRefused) return "refused";
        return error instanceof Error && /os error 24\b/.test(error.message) ? "no_descriptor" : "failed";
      }
    },
    onStop: (listener) => STOP_SIGNALS.forEach((name) => Deno.addSignalListener(name, listener)),
    onFault: (listener) => {
      const onFault = (event: PromiseRejectionEvent | ErrorEvent) => {
        event.preventDefault();
        listener("reason" in event ? event.reason : event.error);
      };
      globalThis.addEventListener("unhandledrejection", onFault);
      globalThis.addEventListener("error", onFault);
    },
    usage: usageWith({
      residentBytes: () => Deno.memoryUsage().rss,
      // Newer versions keep /proc from everybody who may not do everything (seen with 2.9.6, not with 2.6.10).
      countEntries: (folder) => [...Deno.readDirSync(folder)].length,
      readText: Deno.readTextFileSync,
    }),
    exit: Deno.exit,
  };
}

/** Deno writes on a thread of its own: a full pipe, or a terminal at Ctrl-S, keeps nothing else waiting. */
function outputTo(stream: typeof Deno.stdout): OutputStream {
  return {
    isTerminal: stream.isTerminal(),
    async write(bytes) {
      for (let written = 0; written < bytes.length;) written += await stream.write(bytes.subarray(written));
    },
  };
}

const files: Files = {
  async read(path, limit) {
    try {
      // Once: a process substitution can be read a single time. A pipe without a writer already keeps `open` waiting.
      const isFile = (await Deno.stat(path)).isFile;
      const read = Deno.open(path).then((file) => readAtMost(file.readable, limit));
      const bytes = isFile ? await read : await Promise.race([read, stalled()]);
      return bytes ?? "too_large";
    } catch (error) {
      return faultOf(error);
    }
  },
  stat(path): FileSeen | undefined {
    try {
      const { dev, ino, isDirectory, isFile, size } = Deno.statSync(path);
      const kind = isFile ? "file" : isDirectory ? "folder" : "other";
      return { kind, size, device: dev, id: ino === null ? undefined : `${dev}/${ino}` };
    } catch {
      return undefined;
    }
  },
};

function stalled(): Promise<"stalled"> {
  return new Promise((resolve) => Deno.unrefTimer(setTimeout(() => resolve("stalled"), PIPE_TIMEOUT)));
}

function faultOf(error: unknown): FileFault {
  if (error instanceof Deno.errors.NotFound) return "missing";
  if (error instanceof Deno.errors.IsADirectory) return "folder";
  const { NotCapable, PermissionDenied } = Deno.errors;
  return error instanceof PermissionDenied || error instanceof NotCapable ? "forbidden" : "unreadable";
}
