/**
 * The program, as a command line: from its sources by this Deno, unless the environment names another way.
 * `PROGRAM_DENO` is the path of another Deno, `PROGRAM_NODE` that of Node.js, for the bundle, `EXECUTABLE` that of what
 * `deno task compile` made.
 */
// The import has no effect but one: this process fetches what the program imports, so that the child need not.
import "../../lib/cli/serve.ts";
import { PERMISSIONS } from "../../tools/permissions.ts";
import { fileOf } from "./files.ts";

/** Environment variables. */
export type Environment = Readonly<Record<string, string>>;

/** The Deno that runs the program, where Deno runs it. */
export const PROGRAM_DENO = Deno.env.get("PROGRAM_DENO") || Deno.execPath();

/** The Node.js that runs the program's bundle; undefined: Deno runs the program. */
export const PROGRAM_NODE = Deno.env.get("PROGRAM_NODE") || undefined;

/** A command line by which a Deno runs something of the project, and downloads nothing. */
export function runBy(deno: string, ...args: readonly string[]): readonly string[] {
  return [deno, "run", "--quiet", "--cached-only", "--config", fileOf("deno.json"), ...args];
}

/** The program from its sources, as `deno task start` runs it; `flags` are more of Deno's. */
export function fromSources(...flags: readonly string[]): readonly string[] {
  return runBy(PROGRAM_DENO, ...flags, ...PERMISSIONS, fileOf("main.ts"));
}

/**
 * The compiled program: `EXECUTABLE`, else where `deno task compile` puts it.
 *
 * @throws {Error} when it is not there
 */
export function executable(): string {
  const path = Deno.env.get("EXECUTABLE") || fileOf("build/coder-platformx");
  try {
    return Deno.realPathSync(path);
  } catch {
    throw new Error(
      `'${path}' is missing: make it with 'deno task compile', or name another one by EXECUTABLE`,
    );
  }
}

/** The program that the environment names. */
export function programOfEnvironment(): readonly string[] {
  // "--": Node.js 24 looks for the file of a later `--env-file` itself else, and ends with 9 when it is not there.
  if (PROGRAM_NODE !== undefined) return [PROGRAM_NODE, "--", fileOf("build/coder-platformx.mjs")];
  return Deno.env.get("EXECUTABLE") ? [executable()] : fromSources();
}

/** Variables of this machine that Deno itself needs, also where a program's environment is otherwise its own. */
const MACHINE = [
  ...["DENO_COVERAGE_DIR", "DENO_DIR", "HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "USERPROFILE", "SYSTEMROOT"],
];

/** Of this machine's environment what Deno needs. */
export function machine(): Environment {
  const given = MACHINE.map((name) => [name, Deno.env.get(name)] as const);
  return Object.fromEntries(given.filter((pair): pair is [string, string] => pair[1] !== undefined));
}
