#!/bin/sh
# Deno.serve's `completed` resolves for an answer that nobody was there to read.
#
# Version: Deno 2.9.6 (npm deno@2.9.6).
# Behaviour: `deno types` says of `info.completed` that it resolves once the response has been delivered to the client
# completely, and rejects with Deno.errors.Interrupted if the client goes away before. It resolves all the same: whether
# the client goes before the handler answers or while much is still to be written, be it a text or a stream (whose
# `cancel` is called). Whoever settles something on `completed` ("the caller knows now") is wrong just when a slow answer
# met an impatient caller.
# Seen on 2026-11-28:
#   gone before the answer, a text: resolved
#   gone during the answer, a text: resolved
#   gone during the answer, a stream: cancelled, resolved
# Exits 1 if this changes.
set -eu
script=$(realpath "$0") folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export NO_COLOR=1 DENO_NO_UPDATE_CHECK=1 DENO_DIR="$folder/cache"
npm install --silent --no-audit --no-fund deno@2.9.6 >install.log 2>&1 || { cat install.log >&2; exit 1; }

cat >completed.mjs <<'PROGRAM'
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const text = "x".repeat(2e8); // more than the system buffers
const trials = [["before", "a text", 500], ["during", "a text", 0], ["during", "a stream", 0]];
for (const [moment, kind, slowness] of trials) {
  const told = [];
  const end = Promise.withResolvers();
  const stream = () =>
    new ReadableStream({
      pull: (controller) => pause(20).then(() => controller.enqueue(new Uint8Array(1e5))),
      cancel: () => void told.push("cancelled"),
    });
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (_request, { completed }) => {
    completed.then(() => told.push("resolved"), () => told.push("rejected")).then(end.resolve);
    await pause(slowness);
    return new Response(kind === "a text" ? text : stream());
  });
  const client = await Deno.connect(server.addr);
  await client.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"));
  await pause(200);
  if (moment === "during") await client.read(new Uint8Array(10));
  client.close();
  await end.promise;
  console.log(`gone ${moment} the answer, ${kind}: ${told.join(", ")}`);
}
PROGRAM

node_modules/.bin/deno run --allow-net --no-prompt completed.mjs >seen 2>warnings
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
