/** Starts threads. A thread imports the program's own module, which is the whole program when it is one file. */
import type * as NodeFs from "node:fs";
import type { StartThread, ThreadFiles, ThreadSurroundings } from "./thread.ts";

/**
 * Such an address works on both runtimes, and the module is not taken for the main one then.
 *
 * @param module the address of the program's module
 */
function codeOf(module: string, entry: string, text: string): URL {
  const [from, name, value] = [module, entry, text].map((part) => JSON.stringify(part));
  const code = `import(${from}).then((module) => module[${name}](${value}))`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

/** Deno's: the web's worker starts four times as fast as that of `node:worker_threads` there (2.9.6). */
export function denoThreads(module: string): StartThread {
  return (entry, text, events) => {
    const worker = new Worker(codeOf(module, entry, text), { type: "module" });
    worker.onmessage = ({ data }) => events.onMessage(data);
    worker.onerror = (event) => {
      event.preventDefault();
      events.onEnd();
    };
    return Promise.resolve(worker);
  };
}

/** Node's. */
export function nodeThreads(module: string): StartThread {
  return async (entry, text, events) => {
    const { Worker } = await import("node:worker_threads");
    const worker = new Worker(codeOf(module, entry, text));
    worker.on("message", (message) => events.onMessage(message));
    worker.on("error", () => events.onEnd());
    worker.on("exit", () => events.onEnd());
    return {
      postMessage: (message) => worker.postMessage(message),
      terminate: () => void worker.terminate(),
    };
  };
}

/** What this thread has; to be called in one that {@link StartThread} started. */
export async function threadSurroundings(): Promise<ThreadSurroundings> {
  if ("Deno" in globalThis) {
    const scope = globalThis as unknown as Pick<Worker, "postMessage" | "addEventListener">;
    return {
      postMessage: (text) => scope.postMessage(text),
      onMessage: (listener) =>
        scope.addEventListener("message", (event) => listener((event as MessageEvent<string>).data)),
      files: denoThreadFiles,
    };
  }
  const [{ parentPort }, fs] = await Promise.all([import("node:worker_threads"), import("node:fs")]);
  if (parentPort === null) throw new Error("this is no thread");
  return {
    postMessage: (text) => parentPort.postMessage(text),
    onMessage: (listener) => parentPort.on("message", listener),
    files: nodeThreadFiles(fs),
  };
}

/** Deno's own: `node:fs` takes 39 ms to load there, and three times as long for each look. */
const denoThreadFiles: ThreadFiles = {
  look(path) {
    try {
      const { isFile, mtime, size, uid } = Deno.lstatSync(path);
      return { isFile, size, uid, mtimeMs: mtime?.getTime() ?? 0 };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  },
  identity(path) {
    try {
      const { dev, ino } = Deno.statSync(path);
      return `${dev}/${ino}`;
    } catch {
      return undefined;
    }
  },
  make: (path) => Deno.openSync(path, { write: true, createNew: true, mode: 0o600 }).close(),
  remove: (path) => Deno.removeSync(path),
  openHead(path, bytes) {
    const file = Deno.openSync(path);
    return {
      read() {
        const head = new Uint8Array(bytes);
        file.seekSync(0, Deno.SeekMode.Start);
        return head.subarray(0, file.readSync(head) ?? 0);
      },
      close: () => file.close(),
    };
  },
};

function nodeThreadFiles(fs: typeof NodeFs): ThreadFiles {
  return {
    look(path) {
      const seen = fs.lstatSync(path, { throwIfNoEntry: false });
      return seen && { isFile: seen.isFile(), size: seen.size, uid: seen.uid, mtimeMs: seen.mtimeMs };
    },
    identity(path) {
      try {
        const { dev, ino } = fs.statSync(path, { bigint: true });
        return `${dev}/${ino}`;
      } catch {
        return undefined;
      }
    },
    make: (path) => fs.closeSync(fs.openSync(path, "wx", 0o600)),
    remove: (path) => fs.unlinkSync(path),
    openHead(path, bytes) {
      const file = fs.openSync(path, "r");
      return {
        read() {
          const head = new Uint8Array(bytes);
          return head.subarray(0, fs.readSync(file, head, 0, bytes, 0));
        },
        close: () => fs.closeSync(file),
      };
    },
  };
}
