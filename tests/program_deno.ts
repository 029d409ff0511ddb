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
