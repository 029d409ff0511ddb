/**
 * Type-checks every file of `lib/` that is not listed in `effects.json` without the platform's types: what is not
 * listed cannot touch the world. The list is the reviewer's map of what does.
 */
import effects from "./effects.json" with { type: "json" };

const files = modulesIn("lib");
const listed = Object.keys(effects).map((place) => `lib/${place}`);
const stale = listed.filter((path) => !files.includes(path));
for (const path of stale) console.error(`tools/effects.json lists ${path}, which is not there`);

const pure = files.filter((path) => !listed.includes(path));
const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["check", "--quiet", "--config", "tools/pure.json", ...pure],
}).spawn().status;
console.error(`${pure.length} files are pure, ${listed.length} have effects`);
Deno.exit(code === 0 && stale.length === 0 ? 0 : 1);

function modulesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return modulesIn(path);
    return name.endsWith(".ts") ? [path] : [];
  });
}
