/** The real program with Deno's OpenTelemetry on, exporting to a collector of the test. */
// Imported for its packages only: this process fetches them, so that the child need not.
import "../../main.ts";
import "@opentelemetry/api";
import { fileURLToPath } from "node:url";
import { readableNames } from "../../lib/config/variables.ts";
import { PROGRAM_DENO, withMachine } from "./program_deno.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** A program that listens. Disposing of it kills it, if it still runs. */
export interface ObservedProgram extends AsyncDisposable {
  readonly url: string;
  /** Its log so far, both streams. */
  readonly log: string;
  /** Waits until the log holds this text. */
  logged(text: string): Promise<void>;
  /** Sends SIGTERM and waits for the end. A program that takes longer than `patience` ms is killed: "killed". */
  stop(patience?: number): Promise<number | "killed">;
}

/** Milliseconds after which a program that hangs is killed. */
const PATIENCE = 30_000;

/** Starts the service and waits until it listens. */
export async function startObserved(
  endpoint: string,
  settings: Readonly<Record<string, string>>,
): Promise<ObservedProgram> {
  const directory = await Deno.makeTempDir();
  const permissions = ["--allow-net", "--allow-read", "--allow-write", `--allow-env=${readableNames()}`];
  const child = new Deno.Command(PROGRAM_DENO, {
    args: ["run", "--quiet", "--no-prompt", ...permissions, MAIN],
    cwd: directory,
    clearEnv: true,
    env: withMachine({
      OTEL_DENO: "true",
      OTEL_DENO_METRICS: "false",
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_BSP_EXPORT_TIMEOUT: "500",
      OTEL_BLRP_EXPORT_TIMEOUT: "500",
      HOST: "127.0.0.1",
      PORT: "0",
      ...settings,
    }),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let log = "";
  let changed = Promise.withResolvers<boolean>();
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      log += text;
      changed.resolve(true);
      changed = Promise.withResolvers();
    }
  };
  const ended = Promise.all([collect(child.stdout), collect(child.stderr)]).then(() => child.status);
  const logged = async (text: string) => {
    const over = ended.then(() => false);
    while (!log.includes(text)) {
      if (!await Promise.race([changed.promise, over]) && !log.includes(text)) {
        throw new Error(`it ended without '${text}' in its log:\n${log}`);
      }
    }
  };
  const kill = (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch {
      // It has ended already.
    }
  };
  const limit = setTimeout(() => kill("SIGKILL"), PATIENCE);
  const dispose = async () => {
    clearTimeout(limit);
    kill("SIGKILL");
    await ended;
    await Deno.remove(directory, { recursive: true });
  };
  try {
    await logged('"event":"listening"');
    return {
      url: /"url":"(http:[^"]+)"/.exec(log)![1]!,
      get log() {
        return log;
      },
      logged,
      stop: async (patience = PATIENCE) => {
        const timer = setTimeout(() => kill("SIGKILL"), patience);
        kill("SIGTERM");
        const { code, signal } = await ended;
        clearTimeout(timer);
        return signal === null ? code : "killed";
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
