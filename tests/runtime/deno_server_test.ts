import assert from "node:assert/strict";
import { denoServer } from "../../lib/runtime/deno_server.ts";
import {
  type Handler,
  type ListenAddress,
  ListenError,
  type ListenFault,
} from "../../lib/runtime/runtime.ts";
import { FIXED_CERTIFICATE } from "../support/certificates.ts";
import { settled, watched } from "../support/fakes.ts";
import { PlainSocket } from "../support/socket.ts";

const OK: Handler = () =>
  Promise.resolve({ status: 200, headers: { "content-type": "text/plain" }, body: "ok" });

/** What a raw request is answered, by a server with this handler. */
async function answerTo(request: string, handler: Handler): Promise<string> {
  const server = await denoServer({ host: "127.0.0.1", port: 0 }, handler);
  try {
    using socket = await PlainSocket.open(server.address.port, request);
    return await socket.receive();
  } finally {
    await server.shutdown();
  }
}

Deno.test("an answer goes out as the handler made it", async () => {
  const text = await answerTo(
    "POST /path?x HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}",
    async (request) => {
      const body = new TextDecoder().decode(await request.bytes());
      const { method, url, headers } = request;
      const said = `${method} ${new URL(url).pathname}${new URL(url).search} ${headers.get("HOST")} ${body}`;
      return { status: 202, headers: { "x-own": "1" }, body: said };
    },
  );
  assert.match(text, /^HTTP\/1\.1 202 /);
  assert.match(text, /\r\nx-own: 1\r\n/i);
  assert.match(text, /\r\n\r\nPOST \/path\?x a \{\}$/);
});

Deno.test("an answer to HEAD has the length that GET's would have, and no body", async () => {
  const text = await answerTo(
    "HEAD / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    () => Promise.resolve({ status: 200, headers: { "content-length": "1234" }, body: null }),
  );
  assert.match(text, /\r\ncontent-length: 1234\r\n/i);
  assert.match(text, /\r\n\r\n$/);
});

Deno.test("a fault of the handler, which has none, is answered 500 without a word of it", async () => {
  const text = await answerTo(
    "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    () => Promise.reject(new Error("quotes alice@example.com")),
  );
  assert.match(text, /^HTTP\/1\.1 500 /);
  assert.doesNotMatch(text, /alice|quotes/);
});

Deno.test("why an address cannot be listened at is told by kind", async (t) => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { cert, key } = FIXED_CERTIFICATE;
  const here = { host: "127.0.0.1", port: 0 };
  const rows: [what: string, address: ListenAddress, fault: ListenFault][] = [
    ["another one listens there", { ...here, port: taken.addr.port }, "in_use"],
    ["no such name", { host: "name.invalid", port: 0 }, "not_available"],
    ["an address that the process may not use", { host: "127.0.0.9", port: 0 }, "forbidden"],
    ["no certificate", { ...here, tls: { cert: "none", key } }, "bad_certificate"],
    ["no key", { ...here, tls: { cert, key: "none" } }, "bad_certificate"],
    ["certificate and key changed over", { ...here, tls: { cert: key, key: cert } }, "bad_certificate"],
  ];
  for (const [what, address, fault] of rows) {
    await t.step(what, async () => {
      await assert.rejects(
        denoServer(address, OK),
        (error) => error instanceof ListenError && (assert.equal(error.fault, fault), true),
      );
    });
  }
});

Deno.test("after its shutdown nobody can connect, and it is finished", async () => {
  const server = await denoServer({ host: "127.0.0.1", port: 0 }, OK);
  const finished = watched(server.finished.then(() => "finished"));
  await settled();
  assert.equal(finished.value, undefined);
  assert.equal(await (await fetch(`http://127.0.0.1:${server.address.port}/`)).text(), "ok");
  await server.shutdown();
  await settled();
  assert.equal(finished.value, "finished");
  await assert.rejects(PlainSocket.open(server.address.port));
});
