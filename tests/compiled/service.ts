/** The executable, serving. */
import { type Ended, PATIENCE, spawn } from "./executable.ts";

/** A running service. */
export interface Service extends AsyncDisposable {
  /** Where it listens. */
  readonly url: string;
  /** Sends SIGTERM, or Ctrl-C on a terminal, and returns when the service has ended. */
  stop(): Promise<Ended>;
  /** Returns when the service has ended by itself. */
  ended(): Promise<Ended>;
}

/** The log line that says so, as JSON or as text. */
const LISTENING = /listening.*?(https?:\/\/[^\s"]+)/;

/**
 * Starts a service by a command line that makes it listen on a free port; it listens when this returns. A wrapper that
 * does not become the service itself has to write `"child-pid": N` first, as bubblewrap does.
 *
 * @param options.onTerminal the command line passes what is typed to a terminal
 * @throws {Error} when it does not start in time; the message holds what it said
 */
export async function start(
  commandLine: readonly string[],
  { cwd, onTerminal = false }: { readonly cwd: string; readonly onTerminal?: boolean },
): Promise<Service> {
  const child = spawn(commandLine, { cwd, stdin: onTerminal ? "piped" : "null" });
  const stderr = new Response(child.stderr).text();
  const output = new Output(child.stdout);

  async function end(unasked = false): Promise<Ended> {
    const timer = setTimeout(() => child.kill("SIGKILL"), unasked ? 2 * PATIENCE : PATIENCE);
    if (unasked) await child.status;
    else if (onTerminal) await type(CONTROL_C, child.stdin);
    else terminate(Number(/"child-pid": (\d+)/.exec(output.text)?.[1] ?? child.pid));
    const { code } = await child.status;
    clearTimeout(timer);
    await output.complete;
    if (onTerminal) await child.stdin.close().catch(() => {}); // broken since the reader ended
    return { code, stdout: output.text, stderr: await stderr };
  }
  let ended: Promise<Ended> | undefined;
  const stop = () => ended ??= end();
  const wait = () => ended ??= end(true);

  const url = await output.find(LISTENING, AbortSignal.timeout(PATIENCE));
  if (url === undefined) {
    const { code, stdout, stderr } = await stop();
    throw new Error(`the service did not start (exit code ${code}):\n${stdout}${stderr}`);
  }
  return { url, stop, ended: wait, [Symbol.asyncDispose]: () => stop().then(() => {}) };
}

const CONTROL_C = "\x03";

async function type(text: string, stdin: WritableStream<Uint8Array>): Promise<void> {
  try {
    await new Response(text).body!.pipeTo(stdin, { preventClose: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error; // it has ended already
  }
}

function terminate(pid: number): void {
  try {
    Deno.kill(pid, "SIGTERM");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error; // it has ended already
  }
}

/** What a process writes, read all the time: a full pipe would stop it. */
class Output {
  text = "";
  /** Settles at the end of the stream. */
  readonly complete: Promise<void>;
  #more = Promise.withResolvers<void>();
  #isComplete = false;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.complete = this.#read(stream);
  }

  /** The first group of the first match; undefined when the stream or the time ends without one. */
  async find(pattern: RegExp, signal: AbortSignal): Promise<string | undefined> {
    const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    while (true) {
      const found = pattern.exec(this.text)?.[1];
      if (found !== undefined || this.#isComplete || signal.aborted) return found;
      await Promise.race([this.#more.promise, aborted]);
    }
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      this.text += chunk;
      this.#more.resolve();
      this.#more = Promise.withResolvers();
    }
    this.#isComplete = true;
    this.#more.resolve();
  }
}
