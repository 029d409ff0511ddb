/**
 * Makes `build/coder-platformx.mjs`: one minified file with everything but `node:` modules in it. Deno and Node.js run
 * it, and `deno compile` compiles it.
 */
export const BUNDLE = "build/coder-platformx.mjs";

/** What Deno's bundler writes for packages that call `require`: it would load `node:module` at every start. */
const STATIC_REQUIRE =
  /import\{createRequire as (\w+)\} from "node:module";var (\w+)=\1\(import\.meta\.url\);/g;

/**
 * Comes first in it: Node.js before 24.2 has no `import.meta.main`, as a rule, and would do nothing and say nothing. Older
 * ones have to understand the whole file before, so `lib/` has no `using`; tests/node tries it.
 */
const NODE_IS_OLD =
  `if(!("Deno"in globalThis)&&(parseInt(process.versions.node)<24||import.meta.main===undefined)){` +
  'console.error("coder-platformx needs Node.js 24.2 or later: this is "+process.versions.node);process.exit(2)}';

/** Makes the bundle; ends the process when it cannot. */
export async function bundle(): Promise<void> {
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--frozen", "--minify", "--platform=deno", `--output=${BUNDLE}`, "main.ts"],
  }).spawn().status;
  if (code !== 0) Deno.exit(code);
  await Deno.writeTextFile(BUNDLE, `${NODE_IS_OLD}\n${lazyRequire(await Deno.readTextFile(BUNDLE))}`);
}

/** The same program, which loads a `node:` module where it needs it. */
export function lazyRequire(program: string): string {
  const lazy = program.replaceAll(STATIC_REQUIRE, "var $2=(name)=>process.getBuiltinModule(name);");
  const left = /(?:^|[;}])import[^;"]*"node:\w+"/.exec(lazy);
  if (left !== null) throw new Error(`the bundle loads a node: module at its start: ${left[0]}`);
  return lazy;
}

if (import.meta.main) await bundle();
