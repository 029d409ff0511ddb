#!/bin/sh
# process.loadEnvFile keeps what the environment says in Node.js, and replaces it in Deno.
#
# Version: Node.js 24.21.0 (npm node@24.21.0) and Deno 2.9.6 (npm deno@2.9.6).
# Behaviour: Node.js documents that a variable of the environment wins over the line of the file. In Deno the same call
# lets the file win, while Deno's own --env-file lets the environment win. A program for both that reads a .env so takes
# a different key, depending on what runs it, as soon as an orchestrator sets a variable that an old .env also holds.
# Seen on 2026-11-28:
#   node --env-file: of the environment
#   node process.loadEnvFile: of the environment
#   deno --env-file: of the environment
#   deno process.loadEnvFile: of the file
# Exits 1 if this changes.
set -eu
script=$(realpath "$0") folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export NO_COLOR=1 DENO_NO_UPDATE_CHECK=1 DENO_DIR="$folder/cache"
npm install --silent --no-audit --no-fund deno@2.9.6 node@24.21.0 >install.log 2>&1 || { cat install.log >&2; exit 1; }

echo 'API_KEY="of the file"' >keys.env
cat >tell.mjs <<'PROGRAM'
import process from "node:process";

const [name, file] = process.argv.slice(2);
if (file !== undefined) process.loadEnvFile(file);
console.log(`${name}: ${process.env.API_KEY}`);
PROGRAM

export API_KEY="of the environment"
{
  node_modules/.bin/node --env-file=keys.env tell.mjs "node --env-file"
  node_modules/.bin/node tell.mjs "node process.loadEnvFile" keys.env
  node_modules/.bin/deno run --allow-env --env-file=keys.env tell.mjs "deno --env-file"
  node_modules/.bin/deno run --allow-env --allow-read tell.mjs "deno process.loadEnvFile" keys.env
} >seen
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
