/** The runtime that the service was made for. */
import { denoClient } from "./deno_client.ts";
import { denoFiles } from "./deno_files.ts";
import { denoServer } from "./deno_server.ts";
import { readAtMost } from "./read_at_most.ts";
import type { OutputStream, Runtime } from "./runtime.ts";

/** Windows knows no SIGTERM that a program could listen to. */
const STOP_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

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
    files: denoFiles(),
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
