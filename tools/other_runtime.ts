/** Another runtime for the program, and commands run with it. */

/**
 * Where npx keeps the executable of a package: a signal to npx itself would not reach it.
 *
 * @param args its own, with which it prints its path
 */
export async function pathOf(npmPackage: string, ...args: readonly string[]): Promise<string> {
  const npx = new Deno.Command("npx", { args: ["-y", npmPackage, ...args], stderr: "inherit" });
  const { code, stdout } = await npx.output();
  if (code !== 0) Deno.exit(code);
  return new TextDecoder().decode(stdout).trim();
}

/** Ends this process with the command's exit code when it fails. */
export async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { code } = await new Deno.Command(command, { args: [...args], env }).spawn().status;
  if (code !== 0) Deno.exit(code);
}
