/** Node.js 24, for when Deno's makers end its development. Its modules are loaded by name: on Deno never. */
import { joined } from "./read_at_most.ts";
import { nodeThreads } from "./threads.ts";
import { codeOf } from "./system_error.ts";
import { usageWith } from "./process_usage.ts";
import { readPipe } from "./read_pipe.ts";
import {
  type FileFault,
  type Files,
  type FileSeen,
  FOR_ALL,
  type OutputStream,
  type Runtime,
} from "./runtime.ts";

type FileSystem = typeof import("node:fs");

/** Milliseconds after which a full pipe that does not wait is tried again. */
const PIPE_RETRY = 10;

/** Node, as the service uses it. */
export async function nodeRuntime(module: string): Promise<Runtime> {
  const [fs, net, path, { default: process }, tty, { nodeServer }, { nodeClient }] = await Promise.all([
    import("node:fs"),
    import("node:net"),
    import("node:path"),
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
    startThread: nodeThreads(module),
    env,
    stdin: { read: (limit) => readAtMost(process.stdin, limit) },
    stdout: outputTo(fs, 1, tty.isatty(1)),
    stderr: outputTo(fs, 2, tty.isatty(2)),
    files: filesOf(fs, { absolute: path.resolve, hasModes: !isWindows }),
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
    usage: usageWith({
      residentBytes: () => process.memoryUsage.rss(),
      countEntries: (folder) => fs.readdirSync(folder).length,
      readText: (path) => fs.readFileSync(path, "utf8"),
    }),
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

function filesOf(
  fs: FileSystem,
  { absolute, hasModes }: { readonly absolute: Files["absolute"]; readonly hasModes: boolean },
): Files {
  return {
    async read(path, limit) {
      try {
        const seen = await fs.promises.stat(path);
        if (seen.isDirectory()) return "folder";
        if (!seen.isFile()) return await readPipe(path, limit);
        return await readAtMost(fs.createReadStream(path), limit) ?? "too_large";
      } catch (error) {
        return faultOf(error);
      }
    },
    stat(path): FileSeen | undefined {
      try {
        const seen = fs.statSync(path);
        const kind = seen.isFile() ? "file" : seen.isDirectory() ? "folder" : "other";
        const isForAll = hasModes && (seen.mode & FOR_ALL) !== 0;
        return { kind, size: seen.size, device: seen.dev, id: `${seen.dev}/${seen.ino}`, isForAll };
      } catch {
        return undefined;
      }
    },
    absolute,
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
  return joined(chunks);
}

function faultOf(error: unknown): FileFault {
  const code = codeOf(error);
  if (code === "ENOENT") return "missing";
  return code === "EACCES" || code === "EPERM" ? "forbidden" : "unreadable";
}
