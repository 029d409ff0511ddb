#!/bin/sh
# Whoever opens a SQLite database only to read it makes files beside it, and leaves them there.
#
# Version: node:sqlite of Node.js 24.21.0 (npm node@24.21.0) and of Deno 2.9.6 (npm deno@2.9.6).
# Behaviour: the last writer of a database with a write-ahead log takes `-wal` and `-shm` away when it closes. A reader
# that comes later (readOnly: true) makes both, and does not take them away when it closes, for that is a writer's work.
# So a command that only looks changes the folder; and "no -wal, so it was closed in order" is wrong from the first look
# on.
# Seen on 2026-11-28:
#   node: after the writer events.db; after the reader events.db events.db-shm events.db-wal
#   deno: after the writer events.db; after the reader events.db events.db-shm events.db-wal
# Exits 1 if this changes.
set -eu
script=$(realpath "$0") folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export NO_COLOR=1 DENO_NO_UPDATE_CHECK=1 DENO_DIR="$folder/cache"
npm install --silent --no-audit --no-fund deno@2.9.6 node@24.21.0 >install.log 2>&1 || { cat install.log >&2; exit 1; }

cat >read.mjs <<'PROGRAM'
import { mkdtempSync, readdirSync } from "node:fs";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";

const folder = mkdtempSync(`${process.cwd()}/`);
const files = () => readdirSync(folder).sort().join(" ");
const writer = new DatabaseSync(`${folder}/events.db`);
writer.exec("pragma journal_mode = wal; create table events (id integer); insert into events values (1)");
writer.close();
const before = files();
const reader = new DatabaseSync(`${folder}/events.db`, { readOnly: true });
reader.prepare("select id from events").all();
reader.close();
console.log(`${process.argv[2]}: after the writer ${before}; after the reader ${files()}`);
PROGRAM

{
  node_modules/.bin/node --no-warnings read.mjs node
  node_modules/.bin/deno run --quiet --allow-read --allow-write read.mjs deno
} >seen
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
