#!/bin/sh
# Deno's fetch sends a POST a second time by itself, and says nothing of it.
#
# Version: Deno 2.9.6 (npm deno@2.9.6), beside Node.js 24.21.0 (npm node@24.21.0).
# Behaviour: a connection that has served one request is used for the next. If the server reads that next request and
# closes the connection without an answer, Deno opens another one and sends the request again, though it is a POST and
# its body has arrived: the server has it twice, the caller sees one success. Node.js rejects, and leaves the question
# to the caller. What counts attempts above fetch counts one; events are doubled when a server restarts at the wrong
# moment. A stream as the body cannot be sent again, so the third line shows the way out. Not every stream: in that of a
# Response which was made of a text Deno finds the text, and sends it again. Node.js cannot, and rejects.
# Seen on 2026-11-28:
#   node, text: event 1 is answered 200, event 2 fails; the server read 1 2
#   deno, text: event 1 is answered 200, event 2 is answered 200; the server read 1 2 2
#   deno, stream: event 1 is answered 200, event 2 fails; the server read 1 2
#   deno, response: event 1 is answered 200, event 2 is answered 200; the server read 1 2 2
#   node, response: event 1 is answered 200, event 2 fails; the server read 1 2
# Exits 1 if this changes.
set -eu
script=$(realpath "$0") folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export NO_COLOR=1 DENO_NO_UPDATE_CHECK=1 DENO_DIR="$folder/cache"
npm install --silent --no-audit --no-fund deno@2.9.6 node@24.21.0 >install.log 2>&1 || { cat install.log >&2; exit 1; }

cat >post.mjs <<'PROGRAM'
import { createServer } from "node:net";
import process from "node:process";

const [name, kind] = process.argv.slice(2);
const read = [];
// Each connection answers its first request, reads its second, and is closed.
const server = createServer((socket) => {
  let requests = 0;
  socket.on("error", () => {});
  socket.on("data", (data) => {
    read.push(/event (\d)/.exec(String(data))[1]);
    if (++requests === 1) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    else socket.end();
  });
});

async function post(text) {
  const body = { stream: new Blob([text]).stream(), response: new Response(text).body, text }[kind];
  try {
    const answer = await fetch(`http://127.0.0.1:${server.address().port}/`, { method: "POST", body, duplex: "half" });
    await answer.text();
    return `${text} is answered ${answer.status}`;
  } catch {
    return `${text} fails`;
  }
}

server.listen(0, "127.0.0.1", async () => {
  const told = [await post("event 1")];
  await new Promise((resolve) => setTimeout(resolve, 100)); // the connection goes back to the pool
  told.push(await post("event 2"));
  console.log(`${name}, ${kind}: ${told.join(", ")}; the server read ${read.join(" ")}`);
  process.exit();
});
PROGRAM

{
  node_modules/.bin/node post.mjs node text
  node_modules/.bin/deno run --allow-net --no-prompt post.mjs deno text
  node_modules/.bin/deno run --allow-net --no-prompt post.mjs deno stream
  node_modules/.bin/deno run --allow-net --no-prompt post.mjs deno response
  node_modules/.bin/node post.mjs node response
} >seen
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
