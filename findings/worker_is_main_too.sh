#!/bin/sh
# import.meta.main is true in a worker as well, in Node.js as in Deno.
#
# Version: Node.js 24.21.0 (npm node@24.21.0) and Deno 2.9.6 (npm deno@2.9.6).
# Behaviour: import.meta.main reads like "this is the program", and is documented as the entry point of the process. It
# is the entry point of the thread: a worker made from a file has it for that file. A program in one file (a bundle) that
# starts a worker from itself runs its main part a second time in there, unless it asks isMainThread as well. A module
# that the worker imports has false, as one expects.
# Seen on 2026-11-28:
#   node, main thread: main true, thread 0
#   node, worker: main true, thread 1
#   deno, main thread: main true, thread 0
#   deno, worker: main true, thread 1
# Exits 1 if this changes.
set -eu
script=$(realpath "$0") folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export NO_COLOR=1 DENO_NO_UPDATE_CHECK=1 DENO_DIR="$folder/cache"
npm install --silent --no-audit --no-fund deno@2.9.6 node@24.21.0 >install.log 2>&1 || { cat install.log >&2; exit 1; }

cat >bundle.mjs <<'PROGRAM'
import process from "node:process";
import { isMainThread, parentPort, threadId, Worker } from "node:worker_threads";

const tell = (thread) => `${thread}: main ${import.meta.main}, thread ${threadId}`;
if (isMainThread) {
  console.log(`${process.argv[2]}, ${tell("main thread")}`);
  const worker = new Worker(new URL(import.meta.url));
  worker.on("message", (told) => {
    console.log(`${process.argv[2]}, ${told}`);
    process.exit();
  });
} else parentPort.postMessage(tell("worker"));
PROGRAM

{
  node_modules/.bin/node bundle.mjs node
  node_modules/.bin/deno run --quiet --allow-read bundle.mjs deno
} >seen
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
