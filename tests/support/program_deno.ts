/** The Deno that runs the program in tests: `PROGRAM_DENO`, a path, so that an older one can be tried; else this one. */
export const PROGRAM_DENO = Deno.env.get("PROGRAM_DENO") || Deno.execPath();

/** Its version. */
export async function programDenoVersion(): Promise<string> {
  const { stdout } = await new Deno.Command(PROGRAM_DENO, {
    args: ["eval", "console.log(Deno.version.deno)"],
  })
    .output();
  return new TextDecoder().decode(stdout).trim();
}

/** Variables of this machine that Deno itself needs, also where a program's environment is otherwise its own. */
const MACHINE = [
  "DENO_COVERAGE_DIR",
  "DENO_DIR",
  "HOME",
  "XDG_CACHE_HOME",
  "LOCALAPPDATA",
  "USERPROFILE",
  "SystemRoot",
];

/** The environment of a program, and of this machine's what Deno needs. */
export function withMachine(environment: Readonly<Record<string, string>>): Record<string, string> {
  const machine = MACHINE.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(machine), ...environment };
}
