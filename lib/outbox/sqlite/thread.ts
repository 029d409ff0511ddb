/** Threads of this machine. Effects: threads. */
import type { StartThread } from "./store.ts";

/**
 * Starts threads that call `serveSqlite`.
 *
 * @param module the address of a module that exports it: the program's own, as a bundle is one file
 */
export function sqliteThread(module: string): StartThread {
  const code = `import(${JSON.stringify(module)}).then((module) => module.serveSqlite())`;
  return async (workerData, events) => {
    const { Worker } = await import("node:worker_threads");
    // Such an address works on both runtimes, and the module is not taken for the main one then.
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), { workerData });
    worker.on("message", (text) => events.onMessage(text));
    worker.on("error", () => events.onEnd());
    worker.on("exit", () => events.onEnd());
    return {
      postMessage: (text) => worker.postMessage(text),
      terminate: () => void worker.terminate(),
    };
  };
}
