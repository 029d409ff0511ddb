/** Node.js 24, for when Deno's makers end its development. Its modules are loaded by name: on Deno never. */
import { codeOf } from "./system_error.ts";
import type { FileFault, Files, FileSeen, OutputStream, Runtime } from "./runtime.ts";

type FileSystem = typeof import("node:fs");

/** Milliseconds that a pipe may take to be read, and after which a full one that does not wait is tried again. */
const PIPE_TIMEOUT = 5_000;
const PIPE_RETRY = 10;

/** Node, as the service uses it. */
export async function nodeRuntime(): Promise<Runtime> {
  const [fs, net, { default: process }, tty, { nodeServer }, { nodeClient }] = await Promise.all([
    import("node:fs"),
    import("node:net"),
    import("node:process"),
    import("node:tty"),
    import("./node_server.ts"),
    import("./node_client.ts"),
  ]);
  const isWindows = process.platform === "win32";
  const stopSignals = isWindows ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM", "SIGHUP"];
  const env = (name: string) => process.env[name];
  return {
    name: "node",
    version: process.versions.node,
    os: isWindows ? "windows" : process.platform,
    args: process.argv.slice(2),
    env,
    stdin: { read: (limit) => readAtMost(process.stdin, limit) },
    stdout: outputTo(fs, 1, tty.isatty(1)),
    stderr: outputTo(fs, 2, tty.isatty(2)),
    files: filesOf(fs),
    listen: nodeServer,
    send: nodeClient(env),
    tryToConnect: ({ host, port }) =>
      new Promise((resolve) => {
        const socket = net.connect({ host, port }, () => {
          resolve("connected");
          socket.destroy();
        });
        socket.on("error", (error) => {
          const code = codeOf(error);
          resolve(code === "ECONNREFUSED" ? "refused" : code === "EMFILE" ? "no_descriptor" : "failed");
        });
      }),
    onStop: (listener) => stopSignals.forEach((name) => process.on(name, listener)),
    onFault: (listener) => {
      process.on("uncaughtException", listener);
      process.on("unhandledRejection", listener);
    },
    exit: (code) => process.exit(code),
  };
}

/** Not `process.stdout`: on a terminal, a file or a pipe that one keeps the whole process waiting. */
function outputTo(fs: FileSystem, descriptor: 1 | 2, isTerminal: boolean): OutputStream {
  const write = (bytes: Uint8Array) =>
    new Promise<number>((resolve, reject) => {
      fs.write(descriptor, bytes, (error, written) => {
        if (error === null) resolve(written);
        else if (error.code === "EAGAIN") setTimeout(() => resolve(0), PIPE_RETRY);
        else reject(error);
      });
    });
  return {
    isTerminal,
    async write(bytes) {
      for (let written = 0; written < bytes.length;) written += await write(bytes.subarray(written));
    },
  };
}

function filesOf(fs: FileSystem): Files {
  return {
    async read(path, limit) {
      try {
        const isFile = (await fs.promises.stat(path)).isFile();
        const read = readAtMost(fs.createReadStream(path), limit);
        const bytes = isFile ? await read : await Promise.race([read, stalled()]);
        return bytes ?? "too_large";
      } catch (error) {
        return faultOf(error);
      }
    },
    stat(path): FileSeen | undefined {
      try {
        const seen = fs.statSync(path);
        const kind = seen.isFile() ? "file" : seen.isDirectory() ? "folder" : "other";
        return { kind, size: seen.size, device: seen.dev, id: `${seen.dev}/${seen.ino}` };
      } catch {
        return undefined;
      }
    },
  };
}

/** All of a stream; undefined when there is more of it. */
async function readAtMost(stream: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function stalled(): Promise<"stalled"> {
  return new Promise((resolve) => setTimeout(() => resolve("stalled"), PIPE_TIMEOUT).unref());
}

function faultOf(error: unknown): FileFault {
  const code = codeOf(error);
  if (code === "ENOENT") return "missing";
  if (code === "EISDIR") return "folder";
  return code === "EACCES" || code === "EPERM" ? "forbidden" : "unreadable";
}
