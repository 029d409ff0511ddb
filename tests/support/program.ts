/**
 * The real program as a child process: with exactly the permissions it is compiled with, an environment of its own
 * and a working directory of its own, so that nobody's `.env` interferes. Every wait is bounded.
 */
// The import has no effect but one: the test run fetches what the program imports, so that the child need not.
import "../../main.ts";
import assert from "node:assert/strict";
import { PERMISSIONS } from "../../tools/permissions.ts";
import { PROGRAM_DENO, withMachine } from "./program_deno.ts";

const ROOT = new URL("../../", import.meta.url);

/** Milliseconds after which a wait fails. Far above what anything here takes, even on a busy machine. */
const LONGEST_WAIT = 30_000;

/** The environment of a program, and what is in its working directory: files' texts by their names, directories. */
export interface Surroundings {
  readonly environment?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly directories?: readonly string[];
}

/** One line of the log in JSON. */
export interface Entry {
  readonly time: string;
  readonly level: string;
  readonly event: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** A program that listens. Disposing of it kills it, if it still runs. */
export interface Program extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/`, from its log. */
  readonly url: string;
  readonly port: number;
  /** Its working directory. */
  readonly directory: string;
  /** Output so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** The entries of its log so far: those on standard output, then those on standard error. */
  readonly entries: readonly Entry[];
  /** The next entry, or one that was written already, of this name. */
  logged(event: string): Promise<Entry>;
  /** Posts a webhook body. */
  post(body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** Sends a signal; nothing happens when the program has ended. */
  signal(name: Deno.Signal): void;
  /** Waits for its end, and returns the exit code. */
  ended(): Promise<number>;
}

/** How a program that ends by itself ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the service and waits until it listens; it does so on a free port of 127.0.0.1 unless told otherwise. */
export async function startProgram(surroundings: Surroundings = {}): Promise<Program> {
  const environment = { HOST: "127.0.0.1", PORT: "0", ...surroundings.environment };
  const { child, directory } = await spawn([...PERMISSIONS, fileOf("main.ts")], {
    ...surroundings,
    environment,
  });
  const [stdout, stderr] = [new Output(child.stdout), new Output(child.stderr)];
  const output = () => `standard output:\n${stdout.text}\nstandard error:\n${stderr.text}`;
  const ended = async () => {
    const [{ code }] = await within(
      Promise.all([child.status, stdout.ended, stderr.ended]),
      "the end",
      output,
    );
    return code;
  };
  const dispose = async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await child.stdin.close().catch(() => {});
    await Promise.all([child.status, stdout.ended, stderr.ended]);
    await Deno.remove(directory, { recursive: true });
  };
  try {
    const address = /\blistening\b.*?(https?:\/\/[^\s"]+:(\d+)\/)/;
    await until(() => address.test(stdout.text) || stdout.isClosed, "the service to listen", output);
    const [, url, port] = address.exec(stdout.text) ?? assert.fail(`it does not listen\n${output()}`);
    const entries = () => [...entriesOf(stdout.text), ...entriesOf(stderr.text)];
    return {
      url: url!,
      port: Number(port),
      directory,
      get stdout() {
        return stdout.text;
      },
      get stderr() {
        return stderr.text;
      },
      get entries() {
        return entries();
      },
      logged: async (event) => {
        const found = () => entries().find((entry) => entry.event === event);
        await until(() => found() !== undefined || stderr.isClosed, `the log entry '${event}'`, output);
        return found() ?? assert.fail(`it ended without the log entry '${event}'\n${output()}`);
      },
      post: (body, headers) =>
        within(
          fetch(url!, {
            method: "POST",
            headers: { "content-type": "application/json", ...headers },
            body: typeof body === "string" ? body : JSON.stringify(body),
          }),
          "an answer",
          output,
        ),
      signal: (name) => {
        try {
          child.kill(name);
        } catch {
          // It has ended already.
        }
      },
      ended,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Runs a command of the program to its end. */
export function runProgram(
  args: readonly string[],
  options: Surroundings & { readonly stdin?: string | Uint8Array } = {},
): Promise<Ended> {
  return runDeno([...PERMISSIONS, fileOf("main.ts"), ...args], options);
}

/**
 * Runs a module's text in a process of its own, with these permissions. It imports from the project by
 * `import … from "project/lib/…"`.
 */
export function runModule(
  code: string,
  options: Surroundings & { readonly permissions: readonly string[] },
): Promise<Ended> {
  const stdin = code.replaceAll('"project/', `"${ROOT.href}`);
  return runDeno([...options.permissions, "-"], { ...options, stdin });
}

async function runDeno(
  args: readonly string[],
  options: Surroundings & { readonly stdin?: string | Uint8Array },
): Promise<Ended> {
  const { child, directory } = await spawn(args, options);
  const [stdout, stderr] = [new Output(child.stdout), new Output(child.stderr)];
  const output = () => `standard output:\n${stdout.text}\nstandard error:\n${stderr.text}`;
  try {
    const { stdin = "" } = options;
    const writer = child.stdin.getWriter();
    // A program that does not read its input to the end has ended without needing it.
    await writer.write(typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin).catch(() => {});
    await writer.close().catch(() => {});
    const [{ code }] = await within(
      Promise.all([child.status, stdout.ended, stderr.ended]),
      "the end",
      output,
    );
    return { code, stdout: stdout.text, stderr: stderr.text };
  } finally {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended, as it should.
    }
    await Deno.remove(directory, { recursive: true });
  }
}

/** Waits for a condition. */
export async function until(condition: () => boolean, what: string, output = () => ""): Promise<void> {
  const end = performance.now() + LONGEST_WAIT;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Waited ${LONGEST_WAIT} ms for ${what}\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits for a promise. */
export async function within<T>(promise: Promise<T>, what: string, output = () => ""): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`Waited ${LONGEST_WAIT} ms for ${what}\n${output()}`)),
    LONGEST_WAIT,
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function spawn(args: readonly string[], surroundings: Surroundings) {
  const { environment = {}, files = {}, directories = [] } = surroundings;
  const directory = await Deno.makeTempDir();
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${directory}/${name}`, text);
  for (const name of directories) await Deno.mkdir(`${directory}/${name}`);
  const child = new Deno.Command(PROGRAM_DENO, {
    args: ["run", "--quiet", "--cached-only", "--config", fileOf("deno.json"), ...args],
    cwd: directory,
    clearEnv: true,
    env: withMachine(environment),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return { child, directory };
}

/** What a stream brought so far. */
class Output {
  text = "";
  isClosed = false;
  readonly ended: Promise<void>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.ended = this.#collect(stream);
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) this.text += decoder.decode(chunk, { stream: true });
    this.isClosed = true;
  }
}

/** The whole lines that are entries; a command's plain text is none. */
function entriesOf(text: string): Entry[] {
  return text.split("\n").slice(0, -1).filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}

function fileOf(path: string): string {
  const url = new URL(path, ROOT);
  return Deno.build.os === "windows" ? decodeURI(url.pathname.slice(1)) : decodeURIComponent(url.pathname);
}
