/**
 * Type-checks `lib/` without the platform's types: a file that needs them, or loads a `node:` module, touches the world
 * and must be listed in `effects.json` with its effect. The list is exact, so that it is the reviewer's map of what does.
 */
import effects from "./effects.json" with { type: "json" };

const files = modulesIn("lib");
const listed = new Set(Object.keys(effects).map((place) => `lib/${place}`));
const touching = await touchingTheWorld();
const problems = [
  ...[...listed].filter((path) => !files.includes(path)).map((path) => `${path} is listed, and not there`),
  ...files.filter((path) => touching.has(path) && !listed.has(path))
    .map((path) => `${path} has an effect, and is not listed: ${touching.get(path)}`),
  ...files.filter((path) => !touching.has(path) && listed.has(path))
    .map((path) => `${path} is listed, and has no effect`),
];
for (const problem of problems) console.error(`tools/effects.json: ${problem}`);
console.error(`${files.length - touching.size} files are pure, ${touching.size} have effects`);
Deno.exit(problems.length === 0 ? 0 : 1);

/** By file, the first sign of an effect: what the compiler does not know without the platform, or a line of the file. */
async function touchingTheWorld(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const path of files) {
    const sign = /import\("node:\w+"\)|^import (?!type)[^;]*from "node:\w+"|\b(?:Date\.now|Math\.random)\b/m
      .exec(await Deno.readTextFile(path))?.[0];
    if (sign !== undefined) found.set(path, sign);
  }
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", "--config", "tools/pure.json", ...files],
    env: { NO_COLOR: "1" },
  }).output();
  const report = new TextDecoder().decode(stderr);
  // An error is told in a line of its own, and where it is in a later one.
  for (
    const [, error = "", path = ""] of report.matchAll(
      / \[ERROR\]: (.*)\n(?:(?!TS\d)[^]*?\n)?? +at file:\S*?\/(lib\/[^:]+)/g,
    )
  ) {
    if (!found.has(path)) found.set(path, error);
  }
  return found;
}

function modulesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return modulesIn(path);
    return name.endsWith(".ts") ? [path] : [];
  });
}
