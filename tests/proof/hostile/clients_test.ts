import assert from "node:assert/strict";
import { PlainSocket } from "../../support/socket.ts";
import { vitalsOf } from "../vitals.ts";
import { drip, head, startService, tell, webhookOf } from "./clients.ts";

const DRY = { DRY_RUN: "true" };

/** Idle connections, beside the others. */
const IDLE = 1_000;

/** How much more memory the service may ever have needed than at the start. */
const MEMORY = 4;

Deno.test("1,000 idle, 200 half-open and 20 dripping connections: the service goes on answering, and says 408", async () => {
  await using service = await startService(DRY);
  assert.equal(await tell(service), "dry_run");
  const before = (await vitalsOf(service.pid)).peak;
  using clients = new DisposableStack();
  const open = async (text: string) => clients.use(await PlainSocket.open(service.port, text));
  for (let i = 0; i < IDLE; i++) await open("");
  for (let i = 0; i < 100; i++) await open("POST / HTTP/1.1\r\nHost: x\r\nX-Half: ");
  for (let i = 0; i < 100; i++) await open(`${head("Content-Length: 99\r\n")}{"msg_id":`);
  const dripping: PlainSocket[] = [];
  for (let i = 0; i < 20; i++) dripping.push(await open(head("Content-Length: 999999\r\n")));
  const stop = new AbortController();
  const drips = dripping.map((client) => drip(client, stop.signal));

  for (let i = 0; i < 50; i++) assert.equal(await tell(service), "dry_run");
  for (const client of dripping) {
    assert.match(await client.receive(/\}$/), /^HTTP\/1\.1 408 .*"status":"error","reason":"too_slow"/s);
  }
  stop.abort();
  await Promise.all(drips);
  assert.equal(await tell(service), "dry_run");

  const { peak } = await vitalsOf(service.pid);
  assert.ok(peak < before * MEMORY, `${before} MB before, ${peak} MB at most`);
  const held = (await vitalsOf(service.pid)).descriptors;
  clients.dispose();
  // What clients leave is given back: nothing is held for ever once they are gone.
  for (let now = held; now > held - IDLE;) now = (await vitalsOf(service.pid)).descriptors;
  assert.equal(await tell(service), "dry_run");
});

Deno.test("a client that asks on and on and reads no answer costs no memory, and nobody else an answer", async () => {
  await using service = await startService(DRY);
  assert.equal(await tell(service), "dry_run");
  const before = (await vitalsOf(service.pid)).peak;
  using client = await PlainSocket.open(service.port);
  const requests = "GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(10_000);
  let batches = 0;
  // Ends when nothing more is taken, as the socket's buffers are full on both sides.
  const asking = (async () => {
    for (; batches < 1_000; batches++) await client.send(requests);
  })().catch(() => {});
  let seen = -1;
  while (seen < batches) {
    seen = batches;
    for (let i = 0; i < 50; i++) assert.equal(await tell(service), "dry_run");
  }
  assert.ok(batches < 1_000, "all of it was read");
  const { peak } = await vitalsOf(service.pid);
  assert.ok(peak < before * 2, `${before} MB before, ${peak} MB at most`);
  client[Symbol.dispose]();
  await asking;
  assert.equal(await tell(service), "dry_run");
});

Deno.test("clients that vanish in the middle leave nothing behind", async () => {
  await using service = await startService(DRY);
  assert.equal(await tell(service), "dry_run");
  const before = (await vitalsOf(service.pid)).descriptors;
  const texts = ["", "POST / HT", head("Content-Length: 99\r\n"), `${head("Content-Length: 99\r\n")}{"msg`];
  for (let i = 0; i < 400; i++) {
    (await PlainSocket.open(service.port, texts[i % texts.length]))[Symbol.dispose]();
  }
  assert.equal(await tell(service), "dry_run");
  for (let now = Infinity; now > before + 20;) now = (await vitalsOf(service.pid)).descriptors;
  assert.doesNotMatch(service.log, /"internal_error"|"ERROR"/);
});

Deno.test("a request is never two, and two are never one: smuggling", async (t) => {
  await using service = await startService(DRY);
  const idOf = (what: string) => `smuggled by ${what}`;
  const request = (body: string) => `${head(`Content-Length: ${body.length}\r\n`)}${body}`;
  // Placed where the row says; its length is the same for every row.
  const smuggled = request(webhookOf("MARK".padEnd(50, ".")));
  const outer = webhookOf("outer");
  const chunked = `${outer.length.toString(16)}\r\n${outer}\r\n0\r\n\r\n`;
  const both = `Content-Length: ${chunked.length}\r\nTransfer-Encoding: chunked\r\n`;
  const rows: [what: string, text: string][] = [
    ["a length and chunks, with a request behind the chunks", head(both) + "0\r\n\r\n" + smuggled],
    [
      "chunks and a length",
      head("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n") + "0\r\n\r\n" + smuggled,
    ],
    ["two lengths", head(`Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n`) + smuggled],
    ["a list of lengths", head(`Content-Length: 0, ${smuggled.length}\r\n`) + smuggled],
    ["a signed length", head("Content-Length: +0\r\n") + smuggled],
    ["a length that is no number", head("Content-Length: 0x0\r\n") + smuggled],
    ["chunks by another name", head("Transfer-Encoding: xchunked\r\n") + smuggled],
    ["a space before the colon", head("Transfer-Encoding : chunked\r\n") + "0\r\n\r\n" + smuggled],
    ["a folded header", head("X: y\r\n Transfer-Encoding: chunked\r\n") + "0\r\n\r\n" + smuggled],
    [
      "a chunk with a size that overflows",
      head("Transfer-Encoding: chunked\r\n") + `10000000000000000\r\n${smuggled}`,
    ],
    ["a chunk that ends early", head("Transfer-Encoding: chunked\r\n") + `1\r\n{}\r\n0\r\n\r\n${smuggled}`],
    ["a null in a header", head("X: \0\r\n") + smuggled],
  ];
  for (const [what, text] of rows) {
    await t.step(what, async () => {
      using client = await PlainSocket.open(
        service.port,
        text.replaceAll("MARK".padEnd(50, "."), idOf(what).padEnd(50, ".")),
      );
      const answers = await client.receive(/\r\n\r\n/);
      // Where the head was in order, the connection just ends.
      assert.match(answers, /^$|^HTTP\/1\.1 400 /);
      assert.equal(await tell(service), "dry_run");
      assert.ok(!service.log.includes(idOf(what)), "it was smuggled");
    });
  }
  await t.step("two requests at once are two", async () => {
    using client = await PlainSocket.open(
      service.port,
      `${head(`Content-Length: ${outer.length}\r\n`)}${outer}${smuggled}`,
    );
    const answers = await client.receive(/\}[^]*\r\n\r\n[^]*\}$/);
    assert.equal(answers.match(/"status":"dry_run"/g)?.length, 2, answers);
  });
});
