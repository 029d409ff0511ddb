#!/bin/sh
# node:sqlite binds every JavaScript number as REAL, whole ones too.
#
# Version: node:sqlite of Node.js 24.21.0 (npm node@24.21.0) and of Deno 2.9.6 (npm deno@2.9.6).
# Behaviour: 7 arrives as 7.0. A column declared INTEGER turns it back, which hides this for long; where no column does,
# it shows: JSON made by SQL has 7.0, a key put together with || is "event-7.0", a division has a fraction, and a column
# without a type holds both 7.0 and the 7 of another writer. What is read back is the number 7 again, so JavaScript sees
# no difference. A BigInt is bound as INTEGER.
# Seen on 2026-11-28:
#   node, 7: real, {"attempt":7.0}, event-7.0, half of it 3.5
#   node, 7n: integer, {"attempt":7}, event-7, half of it 3
#   deno, 7: real, {"attempt":7.0}, event-7.0, half of it 3.5
#   deno, 7n: integer, {"attempt":7}, event-7, half of it 3
# Exits 1 if this changes.
set -eu
script=$(realpath "$0") folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export NO_COLOR=1 DENO_NO_UPDATE_CHECK=1 DENO_DIR="$folder/cache"
npm install --silent --no-audit --no-fund deno@2.9.6 node@24.21.0 >install.log 2>&1 || { cat install.log >&2; exit 1; }

cat >bind.mjs <<'PROGRAM'
import process from "node:process";
import { DatabaseSync } from "node:sqlite";

const statement = new DatabaseSync(":memory:").prepare(
  "select typeof(?1) as type, json_object('attempt', ?1) as json, 'event-' || ?1 as key, ?1 / 2 as half",
);
for (const [written, value] of [["7", 7], ["7n", 7n]]) {
  const { type, json, key, half } = statement.get(value);
  console.log(`${process.argv[2]}, ${written}: ${type}, ${json}, ${key}, half of it ${half}`);
}
PROGRAM

{
  node_modules/.bin/node --no-warnings bind.mjs node
  node_modules/.bin/deno run --quiet bind.mjs deno
} >seen
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
