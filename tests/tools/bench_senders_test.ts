/** The senders of growing load, against a server of this process. */
import assert from "node:assert/strict";
import { send } from "../../tools/bench/growth/senders.ts";
import { MESSAGE_PREFIX, requestTemplate } from "../../tools/bench/load/webhooks.ts";

const ONE_EACH = { template: requestTemplate("127.0.0.1"), seconds: 0, run: 7 };

Deno.test("each connection sends one webhook of its own, and every answer is counted by its status", async () => {
  const statuses = [200, 202, 503, 500, 200, 503, 422];
  const messages: string[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { msg_id } = await request.json();
    return new Response("some text", { status: statuses[messages.push(msg_id) - 1]! });
  });
  const tally = await send({ ...ONE_EACH, port: server.addr.port, connections: statuses.length });

  assert.equal(new Set(messages).size, statuses.length);
  const accepted = messages.filter((_, i) => statuses[i]! < 300);
  assert.deepEqual(tally.serials.map((serial) => MESSAGE_PREFIX + serial).sort(), accepted.sort());
  assert.equal(tally.accepted.length, 3);
  assert.equal(tally.unavailable.length, 2);
  assert.deepEqual(tally.failures, new Map([["500", 1], ["422", 1]]));
});

Deno.test("a connection sends its next webhook when it has the whole answer, as long as there is time", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const encoder = new TextEncoder();
  const sizes = [2, 10_000, 0];
  const serving = (async () => {
    // One connection, closed after three answers: that ends the load, long before its time is over.
    using connection = await listener.accept();
    for (const size of sizes) {
      const requests = await connection.read(new Uint8Array(8192));
      assert.notEqual(requests, null);
      await connection.write(encoder.encode(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`));
      await connection.write(encoder.encode("x".repeat(size)));
    }
  })();
  const tally = await send({ ...ONE_EACH, port: listener.addr.port, connections: 1, seconds: 60 });
  await serving;

  assert.equal(tally.accepted.length, sizes.length);
  assert.deepEqual(tally.failures, new Map([["broken", 1]]));
});

Deno.test("a connection that ends without an answer is told, and disturbs no other", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answer = new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
  const serving = (async () => {
    const buffer = new Uint8Array(8192);
    for (let n = 0; n < 4; n++) {
      using connection = await listener.accept();
      await connection.read(buffer);
      if (n % 2 === 0) await connection.write(answer);
    }
  })();
  const tally = await send({ ...ONE_EACH, port: listener.addr.port, connections: 4 });
  await serving;

  assert.equal(tally.accepted.length, 2);
  assert.deepEqual(tally.failures, new Map([["broken", 2]]));
});
