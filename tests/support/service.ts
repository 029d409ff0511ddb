/**
 * The program as a child process, with an environment and a working directory of its own, so that nobody's `.env`
 * interferes. Every wait is bounded.
 */
import assert from "node:assert/strict";
import { eventually, within } from "./eventually.ts";
import { Child, type Ended, freePort, onTerminal, type Sink, untilListening } from "./process.ts";
import { type Environment, machine, PROGRAM_DENO, programOfEnvironment, runBy } from "./program.ts";

/** The environment of a program, and what is in its working directory: files' texts by their names, directories. */
export interface Surroundings {
  readonly environment?: Environment;
  readonly files?: Readonly<Record<string, string>>;
  readonly directories?: readonly string[];
}

/** How the program is started, if not in the usual way. */
export interface Starting extends Surroundings {
  /** The program: a command line, to which arguments are added. Default: what the environment names. */
  readonly program?: readonly string[];
  /** The working directory. Default: a temporary one of its own. */
  readonly directory?: string;
  /** Puts the command line into another one. */
  readonly wrap?: (commandLine: readonly string[]) => readonly string[];
  readonly stdout?: Sink;
  readonly stderr?: Sink;
  /** On a terminal, where it is stopped by Ctrl-C. */
  readonly terminal?: boolean;
}

/** One line of the log in JSON. */
export interface Entry {
  readonly time: string;
  readonly level: string;
  readonly event: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** Why the service did not start: the last line of its log, as JSON. */
export function startFailure({ code, stderr }: Ended): string {
  const entry: Entry = JSON.parse(stderr.trimEnd().split("\n").at(-1)!);
  assert.deepEqual([code, entry.level, entry.event], [1, "ERROR", "start_failed"], stderr);
  assert.doesNotMatch(stderr, /\bat .*\.ts:\d|Error:/);
  return entry.message;
}

/** What a webhook was answered: HTTP status, outcome, reason. */
export type Answered = readonly [code: number, status: string, reason: string | undefined];

/** Reads an answer of the service's. */
export async function answered(answer: Response | Promise<Response>): Promise<Answered> {
  const response = await answer;
  const { status, reason } = await response.json();
  return [response.status, status, reason];
}

/** The service. Disposing of it kills it, if it still runs. */
export class Program implements AsyncDisposable {
  /** Its working directory. */
  readonly directory: string;
  readonly child: Child;
  readonly #options: Starting & { readonly environment: Environment };
  #url: string | undefined;

  /** Use {@link startProgram}, or {@link spawnProgram}, which does not wait until it listens. */
  constructor(child: Child, directory: string, options: Starting & { readonly environment: Environment }) {
    this.child = child;
    this.directory = directory;
    this.#options = options;
  }

  /** `http://127.0.0.1:PORT/` */
  get url(): string {
    if (this.#url === undefined) throw new Error("the program does not listen yet");
    return this.#url;
  }
  get port(): number {
    return Number(new URL(this.url).port);
  }
  /** What wrappers tell of it, else the child's. */
  get pid(): number {
    return Number(/"child-pid": (\d+)/.exec(this.stdout)?.[1] ?? this.child.pid);
  }
  /** Output so far. */
  get stdout(): string {
    return this.child.stdout;
  }
  get stderr(): string {
    return this.child.stderr;
  }
  /** Both: its log. */
  get log(): string {
    return this.stdout + this.stderr;
  }
  /** The entries of its log so far: those on standard output, then those on standard error. */
  get entries(): readonly Entry[] {
    return [...entriesOf(this.stdout), ...entriesOf(this.stderr)];
  }

  /** Waits until it listens. @throws {Error} when it ends before that; the message holds what it said */
  async listening(): Promise<void> {
    const { environment, stdout = "read" } = this.#options;
    if (stdout !== "read") {
      const port = Number(environment["PORT"]);
      await untilListening(port, "the program", this.child);
      this.#url = `${environment["TLS_CERT_FILE"] === undefined ? "http" : "https"}://127.0.0.1:${port}/`;
      return;
    }
    const address = () => /\blistening\b.*?(https?:\/\/[^\s"]+:\d+\/)/.exec(this.stdout)?.[1];
    const seen = () => this.child.told;
    await eventually(() => this.child.isOver || address(), "the program to listen", { seen });
    this.#url = address();
    if (this.#url === undefined) throw new Error(`the program does not listen\n${seen()}`);
  }

  /** The next entry, or one that was written already, of this name. */
  async logged(event: string): Promise<Entry> {
    const find = () => this.entries.find((entry) => entry.event === event);
    await eventually(() => this.child.isOver || find(), `the log entry '${event}'`, {
      seen: () => this.child.told,
    });
    const found = find();
    if (found === undefined) throw new Error(`it ended without the log entry '${event}'\n${this.child.told}`);
    return found;
  }

  /** Posts a webhook body. */
  post(body: unknown, headers: Environment = {}): Promise<Response> {
    const answer = fetch(this.url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return within(answer, "an answer", { seen: () => this.child.told });
  }

  /** What it says of itself, as JSON. */
  async health(headers: Environment = {}) {
    return await (await fetch(this.url, { headers })).json();
  }

  /** Its metrics, as Prometheus reads them. */
  async metrics(headers: Environment = {}): Promise<string> {
    return await (await fetch(`${this.url}metrics`, { headers })).text();
  }

  /** Sends a signal; nothing happens when the program has ended. */
  signal(name: Deno.Signal): void {
    this.child.signal(name, this.pid);
  }

  /** Waits for its end, and returns the exit code. */
  async ended(): Promise<number> {
    return (await this.child.ended()).code;
  }

  /** Has it end in order, and returns how it ended. One that takes longer than `patience` ms is killed. */
  async stop(
    { signal = "SIGTERM", patience }: { readonly signal?: Deno.Signal; readonly patience?: number } = {},
  ) {
    const timer = patience === undefined ? undefined : setTimeout(() => this.signal("SIGKILL"), patience);
    if (this.#options.terminal) await this.child.type("\x03");
    else this.signal(signal);
    return await this.child.ended().finally(() => clearTimeout(timer));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.child.isOver) this.signal("SIGKILL");
    await this.child[Symbol.asyncDispose]();
    if (this.#options.directory === undefined) await Deno.remove(this.directory, { recursive: true });
  }
}

/** Starts the service; it does so on a free port of 127.0.0.1 unless told otherwise. */
export async function spawnProgram(options: Starting = {}): Promise<Program> {
  const PORT = (options.stdout ?? "read") === "read" ? "0" : String(freePort());
  const environment = { HOST: "127.0.0.1", PORT, ...options.environment };
  const { child, directory } = await spawn([], { ...options, environment });
  return new Program(child, directory, { ...options, environment });
}

/** Starts the service, and waits until it listens. @throws {Error} when it ends before that */
export async function startProgram(options: Starting = {}): Promise<Program> {
  const program = await spawnProgram(options);
  try {
    await program.listening();
    return program;
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}

/** Runs a command of the program to its end. */
export async function runProgram(
  args: readonly string[],
  options: Starting & { readonly stdin?: string | Uint8Array } = {},
): Promise<Ended> {
  const { child, directory } = await spawn(args, options);
  try {
    return await child.ended();
  } finally {
    await child[Symbol.asyncDispose]();
    if (options.directory === undefined) await Deno.remove(directory, { recursive: true });
  }
}

/**
 * Runs a module's text in a process of its own, with these permissions. It imports from the project by
 * `import … from "project/lib/…"`.
 */
export function runModule(
  code: string,
  options: Surroundings & { readonly permissions: readonly string[] },
): Promise<Ended> {
  const stdin = code.replaceAll('"project/', `"${new URL("../../", import.meta.url)}`);
  return runProgram([], { ...options, program: runBy(PROGRAM_DENO, ...options.permissions, "-"), stdin });
}

async function spawn(
  args: readonly string[],
  options: Starting & { readonly stdin?: string | Uint8Array },
): Promise<{ readonly child: Child; readonly directory: string }> {
  const { program = programOfEnvironment(), files = {}, directories = [], wrap, terminal = false } = options;
  const cwd = options.directory ?? await Deno.makeTempDir();
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${cwd}/${name}`, text);
  for (const name of directories) await Deno.mkdir(`${cwd}/${name}`);
  const environment = { ...(program[1] === "run" ? machine() : {}), ...options.environment };
  const { stdin = terminal ? "open" : undefined, stdout, stderr } = options;
  const outputs = { cwd, stdin, stdout, stderr };
  const commandLine = [...program, ...args];
  if (wrap === undefined && !terminal) {
    return { child: new Child(commandLine, { ...outputs, environment }), directory: cwd };
  }
  // Wrappers have this process's environment, the program its own.
  const pairs = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const own = ["env", "-i", ...pairs, ...commandLine];
  const around = terminal ? onTerminal(own) : own;
  return { child: new Child(wrap?.(around) ?? around, outputs), directory: cwd };
}

/** The whole lines that are entries; a command's plain text is none. */
function entriesOf(text: string): Entry[] {
  return text.split("\n").slice(0, -1).filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}
