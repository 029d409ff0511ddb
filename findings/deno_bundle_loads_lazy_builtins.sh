#!/bin/sh
# A module that is imported lazily has its node: modules loaded at the start, once `deno bundle` has seen it.
#
# Version: Deno 2.9.6 (npm deno@2.9.6), the bundle run by Node.js 24.21.0 (npm node@24.21.0), which can tell what it loaded.
# Behaviour: in a bundle of one file, `import("./store.mjs")` becomes a call of a function, so the module's code waits
# for it. Its own `import … from "node:sqlite"` does not: it is moved to the top of the file, where it is loaded before
# the first line runs, also by a start that never needs it. As sources, nothing is loaded too soon. A start that must be
# short writes `await import("node:…")` in the lazy module too; then it stays where it is, which the third line shows.
# Seen on 2026-11-28:
#   sources: node:sqlite is not loaded
#   bundle, static import in the lazy module: node:sqlite is loaded
#   bundle, await import in the lazy module: node:sqlite is not loaded
# Exits 1 if this changes.
set -eu
script=$(realpath "$0") folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export NO_COLOR=1 DENO_NO_UPDATE_CHECK=1 DENO_DIR="$folder/cache"
npm install --silent --no-audit --no-fund deno@2.9.6 node@24.21.0 >install.log 2>&1 || { cat install.log >&2; exit 1; }

cat >main.mjs <<'PROGRAM'
import process from "node:process";

if (process.argv[3] === "store") await import("./store.mjs").then(({ open }) => open());
const loaded = process.moduleLoadList.includes("NativeModule sqlite");
console.log(`${process.argv[2]}: node:sqlite is ${loaded ? "" : "not "}loaded`);
PROGRAM
cat >static.mjs <<'PROGRAM'
import { DatabaseSync } from "node:sqlite";

export const open = () => new DatabaseSync(":memory:");
PROGRAM
cat >awaited.mjs <<'PROGRAM'
export async function open() {
  const { DatabaseSync } = await import("node:sqlite");
  return new DatabaseSync(":memory:");
}
PROGRAM

run() { node_modules/.bin/node --no-warnings "$@" >>seen; }
cp static.mjs store.mjs
run main.mjs sources
node_modules/.bin/deno bundle --quiet --output bundle.mjs main.mjs
run bundle.mjs "bundle, static import in the lazy module"
cp awaited.mjs store.mjs
node_modules/.bin/deno bundle --quiet --output bundle.mjs main.mjs
run bundle.mjs "bundle, await import in the lazy module"
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
