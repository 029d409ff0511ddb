/**
 * The bare minimum that every webhook relay has to do: parse the JSON and forward it. No authentication, no check, no
 * memory, no log, no time-out. `bare.ts PORT URL`
 */
const [port, url = ""] = Deno.args;
const headers = { "content-type": "application/json" };

Deno.serve({ hostname: "127.0.0.1", port: Number(port), onListen: () => {} }, async (request) => {
  const notification = await request.json();
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(notification) });
  return new Response(await answer.text(), { status: answer.status });
});
