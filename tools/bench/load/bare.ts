/**
 * What the service is held against. `bare.ts PORT SECRET URL` forwards: it reads the JSON, checks the secret and makes one
 * request; no other check, no memory, no log, no time-out. With `stream` behind it the request's body is a stream, which
 * `fetch` cannot send again by itself. `bare.ts PORT` is an echo that reads the JSON.
 */
const [port, secret, url, kind] = Deno.args;
const authorization = `Basic ${btoa(`coder:${secret}`)}`;
const headers = { "content-type": "application/json" };

Deno.serve({ hostname: "127.0.0.1", port: Number(port), onListen: () => {} }, async (request) => {
  if (request.method === "GET") return new Response("ok");
  const notification = await request.json();
  if (url === undefined) return Response.json({ status: "ok" });
  if (request.headers.get("authorization") !== authorization) return new Response(null, { status: 401 });
  const text = JSON.stringify(notification);
  const body = kind === "stream" ? streamOf(text) : text;
  const answer = await fetch(url, { method: "POST", headers, body });
  return new Response(await answer.text(), { status: answer.status });
});

/** As the service's client makes it (`lib/runtime/deno_client.ts`). */
function streamOf(text: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(stream) {
      stream.enqueue(new TextEncoder().encode(text));
      stream.close();
    },
  });
}
