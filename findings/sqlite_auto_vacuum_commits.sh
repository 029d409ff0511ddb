#!/bin/sh
# In an empty SQLite database, PRAGMA auto_vacuum writes and commits the first page by itself.
#
# Version: node:sqlite of Node.js 24.21.0 (npm node@24.21.0).
# Behaviour: the setting must come before the first table, and so reads like page_size, which only takes effect with what
# is written next. It is a commit of its own, whose page has no application_id yet: between it and the transaction that
# marks the file, another process finds a database that is nobody's, and after a kill it stays so. Inside that
# transaction the setting is too late, and is passed over without an error. So a file without a table (schema cookie 0)
# must count as blank.
# Seen on 2026-11-28:
#   after page_size: 0 bytes
#   after auto_vacuum: 4096 bytes, schema cookie 0, application_id 0
#   set inside the transaction that makes the first table: auto_vacuum 0
# Exits 1 if this changes.
set -eu
script=$(realpath "$0") folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund node@24.21.0 >install.log 2>&1 || { cat install.log >&2; exit 1; }

cat >commits.mjs <<'PROGRAM'
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

const first = new DatabaseSync("first.db");
first.exec("pragma page_size = 4096");
console.log(`after page_size: ${readFileSync("first.db").length} bytes`);
first.exec("pragma auto_vacuum = incremental");
const file = readFileSync("first.db");
const [cookie, id] = [file.readUInt32BE(40), file.readUInt32BE(68)];
console.log(`after auto_vacuum: ${file.length} bytes, schema cookie ${cookie}, application_id ${id}`);

const second = new DatabaseSync("second.db");
second.exec("begin immediate; pragma auto_vacuum = incremental; create table t (x); commit");
const { auto_vacuum } = second.prepare("pragma auto_vacuum").get();
console.log(`set inside the transaction that makes the first table: auto_vacuum ${auto_vacuum}`);
PROGRAM

node_modules/.bin/node --no-warnings commits.mjs >seen
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
