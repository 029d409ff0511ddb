/** Other programs as child processes. What they write is read all the time, as a full pipe would stop them. */
import { eventually, within } from "./eventually.ts";

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Where a program's output goes: it is read, left in the pipe, thrown away, closed before the program starts, or a file
 * that takes it, such as `/dev/full`.
 */
export type Sink = "read" | "unread" | "null" | "closed" | { readonly file: string };

/** How a program is started. */
export interface Starting {
  /** Default: the root folder. */
  readonly cwd?: string;
  /** All of its environment. Default: this process's. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What it reads on standard input; `open`: nothing, until it is {@link Child.type typed}. Default: nothing at all. */
  readonly stdin?: string | Uint8Array | "open" | undefined;
  readonly stdout?: Sink | undefined;
  readonly stderr?: Sink | undefined;
}

/** A child process. Disposing of it kills it, if it still runs. */
export class Child implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stdout: Output;
  readonly #stderr: Output;
  readonly #typed: WritableStreamDefaultWriter<Uint8Array> | undefined;
  /** Whether it has ended and all its output was read. */
  isOver = false;
  /** Its exit code, then. */
  readonly over: Promise<number>;

  /** @throws {Deno.errors.NotFound} when there is no such program */
  constructor(commandLine: readonly string[], options: Starting = {}) {
    const { cwd = "/", environment, stdin, stdout = "read", stderr = "read" } = options;
    const [command = "", ...args] = redirected(commandLine, stdout, stderr);
    const pipe = (sink: Sink) => sink === "read" || sink === "unread" ? "piped" : "null";
    this.#child = new Deno.Command(command, {
      args,
      cwd,
      ...(environment === undefined ? {} : { clearEnv: true, env: environment }),
      stdin: stdin === undefined ? "null" : "piped",
      stdout: pipe(stdout),
      stderr: pipe(stderr),
    }).spawn();
    this.#stdout = new Output(pipe(stdout) === "null" ? undefined : this.#child.stdout, stdout === "read");
    this.#stderr = new Output(pipe(stderr) === "null" ? undefined : this.#child.stderr, stderr === "read");
    this.#typed = stdin === undefined ? undefined : this.#child.stdin.getWriter();
    if (stdin !== undefined && stdin !== "open") void this.type(stdin).then(() => this.#hangUp());
    this.over = Promise.all([this.#child.status, this.#stdout.ended, this.#stderr.ended]).then(
      ([{ code }]) => {
        this.isOver = true;
        return code;
      },
    );
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Output so far. */
  get stdout(): string {
    return this.#stdout.text;
  }
  get stderr(): string {
    return this.#stderr.text;
  }

  /** Writes to its standard input. A program that has ended, or does not read on, has no need of it. */
  async type(text: string | Uint8Array): Promise<void> {
    await this.#typed?.write(typeof text === "string" ? new TextEncoder().encode(text) : text).catch(
      () => {},
    );
  }

  /** Sends a signal; nothing happens when it has ended. */
  signal(name: Deno.Signal, pid: number = this.pid): void {
    try {
      Deno.kill(pid, name);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound || error instanceof TypeError)) throw error;
    }
  }

  /** Waits for its end, at most so many milliseconds. */
  async ended(patience?: number): Promise<Ended> {
    const seen = () => this.told;
    const code = await within(this.over, "the end of a program", { seen, patience });
    return { code, stdout: this.stdout, stderr: this.stderr };
  }

  /** All that it wrote, for messages. */
  get told(): string {
    return `standard output:\n${this.stdout}\nstandard error:\n${this.stderr}`;
  }

  async #hangUp(): Promise<void> {
    await this.#typed?.close().catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isOver) this.signal("SIGKILL");
    await this.#hangUp();
    await this.#child.status;
    for (const output of [this.#stdout, this.#stderr]) await output.close();
  }
}

/** What a stream brought so far. */
class Output {
  text = "";
  readonly ended: Promise<void>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  constructor(stream: ReadableStream<Uint8Array> | undefined, isRead: boolean) {
    this.#reader = stream?.getReader();
    this.ended = isRead ? this.#read() : Promise.resolve();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for (let bytes; (bytes = (await this.#reader?.read())?.value) !== undefined;) {
      this.text += decoder.decode(bytes, { stream: true });
    }
  }

  /** Something that the program left behind may hold the other end. */
  async close(): Promise<void> {
    await this.#reader?.cancel().catch(() => {});
  }
}

/**
 * Runs a program to its end.
 *
 * @param options.patience milliseconds that it may take
 */
export async function run(
  commandLine: readonly string[],
  options: Starting & { readonly patience?: number } = {},
): Promise<Ended> {
  await using child = new Child(commandLine, options);
  return await child.ended(options.patience);
}

/**
 * Runs a program that must succeed, and returns what it prints.
 *
 * @throws {Error} when its exit code is not 0; the message holds what it said
 */
export async function succeed(
  commandLine: readonly string[],
  options: Starting & { readonly patience?: number } = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(commandLine, options);
  if (code !== 0) throw new Error(`exit code ${code} of ${commandLine.join(" ")}:\n${stdout}${stderr}`);
  return stdout;
}

/**
 * Fails when a program that a test needs is not installed.
 *
 * @param remedy what the developer has to do
 */
export async function needs(program: string, remedy: string): Promise<void> {
  const { code } = await run(["sh", "-c", `command -v ${program}`]);
  if (code !== 0) throw new Error(`'${program}' is missing, without which this cannot be tested: ${remedy}`);
}

/** A command line for a shell: each word quoted. */
export function shellLine(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}

/** The command line with a terminal around it, on which what is {@link Child.type typed} arrives. */
export function onTerminal(commandLine: readonly string[]): readonly string[] {
  // `exec`, because a shell that waits, such as dash, would end of a Ctrl-C itself, with 130.
  return [
    ...["script", "--quiet", "--flush", "--return", "--command", `exec ${shellLine(commandLine)}`],
    "/dev/null",
  ];
}

/** Only a shell can close an output, or give a file to it. */
function redirected(commandLine: readonly string[], stdout: Sink, stderr: Sink): readonly string[] {
  const to = (sink: Sink) =>
    sink === "closed" ? "&-" : typeof sink === "object" ? shellLine([sink.file]) : "";
  const [out, err] = [to(stdout), to(stderr)];
  if (out + err === "") return commandLine;
  // One file is opened once, so that no line overwrites another.
  const isShared = err === out && stderr !== "closed";
  const sinks = [out && `>${out}`, err && (isShared ? "2>&1" : `2>${err}`)];
  return ["sh", "-c", `exec ${shellLine(commandLine)} ${sinks.join(" ")}`];
}

/** A folder that everybody may enter, removed at the end. */
export async function openFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "coder-platformx-" });
  await Deno.chmod(path, 0o755);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** A port of 127.0.0.1 at which nothing listens. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Waits until something listens at a port of 127.0.0.1, or `isOver`: nothing ever will. */
export async function untilListening(port: number, what: string, child?: Child): Promise<void> {
  const listens = () =>
    Deno.connect({ hostname: "127.0.0.1", port }).then((connection) => {
      connection.close();
      return true;
    }, () => child?.isOver === true);
  await eventually(listens, `${what} to listen`, { seen: () => child?.told });
  if (child?.isOver) throw new Error(`${what} ended before it listened\n${child.told}`);
}
