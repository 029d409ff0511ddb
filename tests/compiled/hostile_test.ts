/**
 * What attackers find different in the executable: its server and its client are those of the Deno that compiled it
 * (2.6.10 where no newer base can be had), and it does not raise its limit of descriptors. The rest is in
 * `tests/proof/hostile`.
 */
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { drip, head, SECRET, tell, webhookOf } from "../proof/hostile/clients.ts";
import { flood, redirectTo } from "../proof/hostile/answers.ts";
import { startPlatformX } from "../support/platformx.ts";
import { needs } from "../support/process.ts";
import { PlainSocket } from "../support/socket.ts";
import { startExecutable } from "./executable.ts";

const DRY = { DRY_RUN: "true", WEBHOOK_SECRET: SECRET };

Deno.test("the executable keeps its soft limit of descriptors, and ends with code 1 and says so when it is reached", async () => {
  await needs("prlimit", "install Debian's package util-linux");
  const wrap = (commandLine: readonly string[]) => ["prlimit", "--nofile=64:4096", ...commandLine];
  await using service = await startExecutable(DRY, { wrap });
  assert.equal(await tell(service), "dry_run");
  using clients = new DisposableStack();
  // Until the listener is gone: then connections are refused.
  for (let refused = false; !refused;) {
    const client = await PlainSocket.open(service.port).catch(() => undefined);
    if (client === undefined) refused = true;
    else clients.use(client);
  }
  assert.equal(await service.ended(), 1, service.stderr);
  assert.match(service.stderr, /"level":"ERROR","event":"listener_lost"/);
});

Deno.test("the executable answers others beside idle, half-open and dripping connections, and says 408", async () => {
  await using service = await startExecutable(DRY);
  using clients = new DisposableStack();
  const open = async (text: string) => clients.use(await PlainSocket.open(service.port, text));
  for (let i = 0; i < 200; i++) await open("");
  for (let i = 0; i < 50; i++) await open("POST / HTTP/1.1\r\nHost: x\r\nX-Half: ");
  for (let i = 0; i < 50; i++) await open(`${head("Content-Length: 99\r\n")}{"msg_id":`);
  const dripping = await open(head("Content-Length: 999999\r\n"));
  const stop = new AbortController();
  const drips = drip(dripping, stop.signal);
  for (let i = 0; i < 20; i++) assert.equal(await tell(service), "dry_run");
  assert.match(await dripping.receive(/\}$/), /^HTTP\/1\.1 408 .*"reason":"too_slow"/s);
  stop.abort();
  await drips;
  assert.equal(await tell(service), "dry_run");
});

Deno.test("no request is smuggled past the executable", async (t) => {
  await using service = await startExecutable(DRY);
  const inner = webhookOf("smuggled");
  const smuggled = `${head(`Content-Length: ${inner.length}\r\n`)}${inner}`;
  const length = `Content-Length: ${smuggled.length + 5}\r\n`;
  await t.step(
    "a length and chunks: what comes behind the chunks is at most a request that lacks the secret",
    async () => {
      const behind = smuggled.replace(/Authorization: .*\r\n/, "");
      const text = head(`${length}Transfer-Encoding: chunked\r\n`) + "0\r\n\r\n" + behind;
      using client = await PlainSocket.open(service.port, text);
      // Older ones go by the chunks and read on; 2.9.6 refuses the first and closes.
      const answers = await client.receive(/HTTP[^]*\r\n\r\n(?:$|[^]*HTTP[^]*\}$)/);
      assert.match(answers, /^HTTP\/1\.1 400 [^]*?(?:$|HTTP\/1\.1 401 )/);
      assert.equal(await tell(service), "dry_run");
    },
  );
  await t.step("a length and chunks: the chunks are bounded all the same", async () => {
    // JSON of 1.1 MB. Read whole, it would be answered 422.
    const text = head("Content-Length: 10\r\nTransfer-Encoding: chunked\r\n") +
      `10000\r\n${" ".repeat(65_536)}\r\n`.repeat(17) + "1\r\n1\r\n0\r\n\r\n";
    using client = await PlainSocket.open(service.port, text);
    assert.match(await client.receive(/\r\n\r\n/), /^HTTP\/1\.1 4(?:00|13) /);
    assert.equal(await tell(service), "dry_run");
  });
  const rows: [what: string, text: string][] = [
    ["two lengths", head(`Content-Length: 0\r\n${length}`) + smuggled],
    ["a length that is no number", head("Content-Length: 0x0\r\n") + smuggled],
    ["chunks by another name", head("Transfer-Encoding: xchunked\r\n") + smuggled],
    ["a space before the colon", head("Transfer-Encoding : chunked\r\n") + "0\r\n\r\n" + smuggled],
  ];
  for (const [what, text] of rows) {
    await t.step(what, async () => {
      using client = await PlainSocket.open(service.port, text);
      assert.match(await client.receive(/\r\n\r\n/), /^$|^HTTP\/1\.1 400 /);
      assert.equal(await tell(service), "dry_run");
    });
  }
  const { stdout } = await service.stop();
  assert.ok(!stdout.includes("smuggled"), "it was smuggled");
});

Deno.test("the executable gives up an answer of 100 MB, and follows no redirect", async () => {
  await using elsewhere = await startPlatformX();
  await using platformX = await startPlatformX({ key: "key" });
  const settings = { GETDX_API_URL: platformX.url, GETDX_API_KEY: "key", DELIVERY_DEADLINE: "1s" };
  await using service = await startExecutable({ ...settings, WEBHOOK_SECRET: SECRET });
  const write = async (socket: Socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n{"ok":true,"padding":"`);
    await flood(socket, " ".repeat(65_536), 104_857_600);
  };
  platformX.misbehave({ kind: "raw", write }, Infinity);
  // PlatformX's answers are short: something else stands at that address.
  assert.equal(await tell(service), "unavailable url");
  assert.ok(platformX.written < 16 * 1024 * 1024, `${platformX.written} bytes were taken`);
  platformX.behave();
  // A pause has begun: the first event that is taken ends it.
  while (await tell(service) !== "forwarded") await new Promise((resolve) => setTimeout(resolve, 100));
  platformX.misbehave(redirectTo(302, elsewhere.url), Infinity);
  assert.equal(await tell(service), "unavailable url");
  assert.deepEqual([elsewhere.written, elsewhere.requests], [0, 0]);
});
