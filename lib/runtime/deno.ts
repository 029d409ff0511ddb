/** The runtime that the service was made for. */
import { denoThreads } from "./threads.ts";
import { denoEnv, denoFiles } from "./deno_files.ts";
import { denoServer } from "./deno_server.ts";
import { denoClient } from "./deno_client.ts";
import { readAtMost } from "./read_at_most.ts";
import { usageWith } from "./process_usage.ts";
import type { OutputStream, Runtime } from "./runtime.ts";

/** Windows knows no SIGTERM that a program could listen to. */
const STOP_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** Deno, as the service uses it. */
export function denoRuntime(module: string): Runtime {
  return {
    name: "deno",
    version: Deno.version.deno,
    os: Deno.build.os,
    args: Deno.args,
    startThread: denoThreads(module),
    env: denoEnv,
    stdin: { read: (limit) => readAtMost(Deno.stdin.readable, limit) },
    stdout: outputTo(Deno.stdout),
    stderr: outputTo(Deno.stderr),
    files: denoFiles,
    listen: denoServer,
    send: denoClient(denoEnv),
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
