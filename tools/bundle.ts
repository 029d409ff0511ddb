/**
 * Makes `build/coder-platformx.mjs`: one minified file with everything but `node:` modules in it. Deno and Node.js run
 * it, and `deno compile` compiles it.
 */
export const BUNDLE = "build/coder-platformx.mjs";

/** What Deno's bundler writes for packages that call `require`: it would load `node:module` at every start. */
const STATIC_REQUIRE =
  /import\{createRequire as (\w+)\} from "node:module";var (\w+)=\1\(import\.meta\.url\);/g;

/** Makes the bundle; ends the process when it cannot. */
export async function bundle(): Promise<void> {
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--frozen", "--minify", "--platform=deno", `--output=${BUNDLE}`, "main.ts"],
  }).spawn().status;
  if (code !== 0) Deno.exit(code);
  await Deno.writeTextFile(BUNDLE, lazyRequire(await Deno.readTextFile(BUNDLE)));
}

/** The same program, which loads a `node:` module where it needs it. */
export function lazyRequire(program: string): string {
  const lazy = program.replaceAll(STATIC_REQUIRE, "var $2=(name)=>process.getBuiltinModule(name);");
  const left = /(?:^|[;}])import[^;"]*"node:\w+"/.exec(lazy);
  if (left !== null) throw new Error(`the bundle loads a node: module at its start: ${left[0]}`);
  return lazy;
}

if (import.meta.main) await bundle();
