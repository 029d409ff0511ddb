/** The executable that `deno task compile` made, and commands run to their end. */
import { fileURLToPath } from "node:url";

/** What a command left behind. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Settings as environment variables. */
export type Settings = Readonly<Record<string, string>>;

/** Milliseconds after which a command or an answer is not waited for any more. */
export const PATIENCE = 20_000;

/**
 * Path of the executable: `EXECUTABLE`, else where `deno task compile` puts it.
 *
 * @throws {Error} when it is not there
 */
export function executable(): string {
  const path = Deno.env.get("EXECUTABLE") ??
    fileURLToPath(new URL("../../build/coder-platformx", import.meta.url));
  try {
    return Deno.realPathSync(path);
  } catch {
    throw new Error(
      `'${path}' is missing: make it with 'deno task compile', or name another one by EXECUTABLE`,
    );
  }
}

/** A command line that runs `program` with these settings as its whole environment. */
export function withOnly(settings: Settings, ...program: readonly string[]): readonly string[] {
  return ["env", "-i", ...Object.entries(settings).map(([name, value]) => `${name}=${value}`), ...program];
}

/** Starts a command line. */
export function spawn(
  [command = "", ...args]: readonly string[],
  { cwd, stdin }: { readonly cwd: string; readonly stdin: "null" | "piped" },
): Deno.ChildProcess {
  return new Deno.Command(command, { args, cwd, stdin, stdout: "piped", stderr: "piped" }).spawn();
}

/** Runs a command line to its end, with `input` on its standard input. Fails when it takes longer than {@link PATIENCE}. */
export async function run(
  commandLine: readonly string[],
  { cwd = "/", input = "" }: { readonly cwd?: string; readonly input?: string } = {},
): Promise<Ended> {
  const child = spawn(commandLine, { cwd, stdin: "piped" });
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
  const [output] = await Promise.all([child.output(), write(child.stdin, input)]);
  clearTimeout(timer);
  if (output.signal === "SIGKILL") throw new Error(`not done in ${PATIENCE} ms: ${commandLine.join(" ")}`);
  const decoder = new TextDecoder();
  return { code: output.code, stdout: decoder.decode(output.stdout), stderr: decoder.decode(output.stderr) };
}

async function write(stdin: WritableStream<Uint8Array>, input: string): Promise<void> {
  try {
    await new Response(input).body?.pipeTo(stdin);
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error; // it ended without reading: its answer tells why
  }
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

/** A folder that everybody may enter, removed at the end. */
export async function openFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "coder-platformx-" });
  await Deno.chmod(path, 0o755);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
