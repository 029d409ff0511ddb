#!/bin/sh
# With a write-ahead log, commits go on succeeding after the database file was deleted.
#
# Version: node:sqlite of Node.js 24.21.0 (npm node@24.21.0) and of Deno 2.9.6 (npm deno@2.9.6).
# Behaviour: with the usual rollback journal SQLite looks whether its file is still there before it writes, and refuses.
# With journal_mode=WAL it does not look: transactions commit, and read back, though no file of that name exists any
# more. All of it is gone with the process, also with synchronous=FULL. Clean-up jobs and restores that replace the file
# under a running service make this real; whoever promises that a commit lasts looks for the file, by its inode, from
# time to time.
# Seen on 2026-11-28:
#   node, rollback journal: the commit fails; a reader afterwards finds no database
#   node, write-ahead log: the commit succeeds; a reader afterwards finds no database
#   deno, rollback journal: the commit fails; a reader afterwards finds no database
#   deno, write-ahead log: the commit succeeds; a reader afterwards finds no database
# Exits 1 if this changes.
set -eu
script=$(realpath "$0") folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export NO_COLOR=1 DENO_NO_UPDATE_CHECK=1 DENO_DIR="$folder/cache"
npm install --silent --no-audit --no-fund deno@2.9.6 node@24.21.0 >install.log 2>&1 || { cat install.log >&2; exit 1; }

cat >commit.mjs <<'PROGRAM'
import { mkdtempSync, rmSync } from "node:fs";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";

for (const [mode, name] of [["delete", "rollback journal"], ["wal", "write-ahead log"]]) {
  const file = `${mkdtempSync(`${process.cwd()}/`)}/events.db`;
  const database = new DatabaseSync(file);
  database.exec(`pragma journal_mode = ${mode}; pragma synchronous = full; create table events (id integer)`);
  rmSync(file);
  let commit = "succeeds";
  try {
    database.exec("begin immediate; insert into events values (1); commit");
  } catch {
    commit = "fails";
  }
  let found = "a database";
  try {
    new DatabaseSync(file, { readOnly: true });
  } catch {
    found = "no database";
  }
  console.log(`${process.argv[2]}, ${name}: the commit ${commit}; a reader afterwards finds ${found}`);
}
PROGRAM

{
  node_modules/.bin/node --no-warnings commit.mjs node
  node_modules/.bin/deno run --quiet --allow-read --allow-write commit.mjs deno
} >seen
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
