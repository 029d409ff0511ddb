/**
 * Threads, and what one of them sees: messages and files, synchronous. A thread imports the program's own module, which
 * is the whole program when it is one file. Effects: threads, files.
 */
import type * as NodeFs from "node:fs";

/** A thread, seen from the one that started it. */
export interface Thread {
  postMessage(text: string): void;
  terminate(): void;
}

/** Who is told of what the thread does. */
export interface ThreadEvents {
  onMessage: (text: string) => void;
  /** It failed or ended, for whatever reason. */
  onEnd: () => void;
}

/** Starts a thread that calls a function that the program's module exports, with a text. */
export type StartThread = (entry: string, text: string, events: ThreadEvents) => Promise<Thread>;

/** What the thread itself has. */
export interface ThreadSurroundings {
  readonly postMessage: (text: string) => void;
  readonly onMessage: (listener: (text: string) => void) => void;
  readonly files: ThreadFiles;
}

/** Files, as a thread that may wait for them uses them. Its methods throw the system's errors, with their `code`. */
export interface ThreadFiles {
  /** What is at a path, a link itself and not what it leads to; undefined: nothing. */
  look(path: string): FileLook | undefined;
  /** Identifies the file behind a path; undefined: there is none, or it cannot be looked at. */
  identity(path: string): string | undefined;
  /** Makes an empty file for its owner only, where nothing is yet. */
  make(path: string): void;
  remove(path: string): void;
  /** A file's first bytes. */
  head(path: string, bytes: number): Uint8Array;
}

/** What {@link ThreadFiles.look} finds. */
export interface FileLook {
  readonly isFile: boolean;
  readonly size: number;
  /** Who owns it; null where the system has no such numbers. */
  readonly uid: number | null;
  readonly mtimeMs: number;
}

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
  head(path, bytes) {
    using file = Deno.openSync(path);
    const head = new Uint8Array(bytes);
    return head.subarray(0, file.readSync(head) ?? 0);
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
    head(path, bytes) {
      const file = fs.openSync(path, "r");
      try {
        const head = new Uint8Array(bytes);
        return head.subarray(0, fs.readSync(file, head, 0, bytes, 0));
      } finally {
        fs.closeSync(file);
      }
    },
  };
}
