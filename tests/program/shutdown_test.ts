import assert from "node:assert/strict";
import { STAND_IN_KEY, startPlatformX } from "../../tools/demo/platformx.ts";
import { notificationWith } from "../support/fakes.ts";
import { type Program, runModule, runProgram, startProgram, until, within } from "../support/program.ts";

/** A grace that no test lives to see the end of: what ends before it was not waited for. */
const ENDLESS = { SHUTDOWN_GRACE: "10m" };

function startBefore(
  platformX: { readonly url: string },
  environment: Record<string, string>,
): Promise<Program> {
  return startProgram({
    environment: { GETDX_API_URL: platformX.url, GETDX_API_KEY: STAND_IN_KEY, ...environment },
  });
}

/** Posts a webhook and waits until PlatformX has its event; the answer is still to come. */
async function postAndReach(
  program: Program,
  platformX: { readonly requests: number },
  messageId: string,
): Promise<() => Promise<Response>> {
  const before = platformX.requests;
  const answer = program.post(notificationWith({ labels: { workspace: messageId } }, messageId));
  // The answer is awaited later: until then its failure must not end the test run.
  answer.catch(() => {});
  await until(() => platformX.requests > before, "the event to reach PlatformX");
  return () => answer;
}

/** A PlatformX that takes events, but answers only once it is told to. */
function startSlowPlatformX() {
  const told = Promise.withResolvers<void>();
  let requests = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async () => {
    requests++;
    await told.promise;
    return Response.json({ ok: true });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/events.track`,
    get requests() {
      return requests;
    },
    answer: () => told.resolve(),
    async [Symbol.asyncDispose]() {
      told.resolve();
      await server.shutdown();
    },
  };
}

async function told(response: Response): Promise<[number, string, string | undefined]> {
  const { status, reason } = await response.json();
  return [response.status, status, reason];
}

const DRAINING = [503, "unavailable", "draining"];

/** Half of a webhook, over a connection that stays open; the service is waiting for the rest of it. */
async function stalledUpload(port: number) {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const buffer = new Uint8Array(4_096);
  /** Reads until the connection ends, or the text is complete. */
  const read = async (isComplete: (text: string) => boolean) => {
    let text = "";
    while (!isComplete(text)) {
      const length = await within(connection.read(buffer).catch(() => null), "the answer", () => text);
      if (length === null) break;
      text += new TextDecoder().decode(buffer.subarray(0, length));
    }
    return text;
  };
  const head = [
    "POST / HTTP/1.1",
    "Host: x",
    "Content-Type: application/json",
    "Content-Length: 100",
    // The answer to this shows that the body is being read.
    "Expect: 100-continue",
  ];
  await connection.write(new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n`));
  assert.match(await read((text) => text.endsWith("\r\n\r\n")), /^HTTP\/1\.1 100 /);
  await connection.write(new TextEncoder().encode('{"msg_id":'));
  return {
    answer: () => read(() => false),
    [Symbol.dispose]: () => connection.close(),
  };
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`${signal} with nothing in flight ends the service at once, with code 0`, async () => {
    await using program = await startProgram({ environment: { DRY_RUN: "true", ...ENDLESS } });
    program.signal(signal);
    assert.equal(await program.ended(), 0);
    const [draining, stopped] = program.entries.slice(-3).filter(({ event }) =>
      /draining|stopped/.test(event)
    );
    assert.deepEqual([draining?.["in_flight"], draining?.["grace_ms"]], [0, 600_000]);
    assert.deepEqual([stopped?.event, stopped?.["unanswered"]], ["stopped", 0]);
  });
}

Deno.test("a webhook in flight gets its 200, while new ones and health are answered 503", async () => {
  await using platformX = startSlowPlatformX();
  await using program = await startBefore(platformX, ENDLESS);
  const answer = await postAndReach(program, platformX, "m-1");
  program.signal("SIGTERM");
  assert.equal((await program.logged("draining"))["in_flight"], 1);

  const late = await program.post(notificationWith({}, "m-2"));
  assert.equal(late.headers.get("retry-after"), "1");
  assert.deepEqual(await told(late), DRAINING);
  const health = await fetch(program.url);
  assert.deepEqual(await told(health), DRAINING);
  const healthcheck = await runProgram(["healthcheck"], {
    environment: { HOST: "127.0.0.1", PORT: String(program.port) },
  });
  assert.equal(healthcheck.code, 1);

  platformX.answer();
  assert.deepEqual(await told(await answer()), [200, "forwarded", undefined]);
  assert.equal(await program.ended(), 0);
  assert.equal(platformX.requests, 1);
  assert.equal(program.entries.find(({ event }) => event === "stopped")?.["unanswered"], 0);
});

Deno.test("an attempt that PlatformX never answers is cut at the end of the grace, and its webhook told", async () => {
  await using platformX = startPlatformX();
  await using program = await startBefore(platformX, { SHUTDOWN_GRACE: "1s" });
  platformX.misbehave({ kind: "silent" }, Infinity);
  const answer = await postAndReach(program, platformX, "m-1");
  program.signal("SIGTERM");
  const response = await answer();
  assert.ok(response.headers.has("retry-after"));
  assert.deepEqual(await told(response), DRAINING);
  assert.equal(await program.ended(), 0);
  assert.equal(platformX.requests, 1, "nothing is sent again during a shutdown");
});

Deno.test("a webhook that waits for its next attempt is released at once", async () => {
  await using platformX = startPlatformX();
  await using program = await startBefore(platformX, { ...ENDLESS, DELIVERY_DEADLINE: "30s" });
  // Within the deadline, so the webhook waits; and longer than this test waits for the answer.
  platformX.misbehave({ kind: "answer", status: 500, headers: { "retry-after": "29" } });
  const answer = await postAndReach(program, platformX, "m-1");
  program.signal("SIGTERM");
  assert.deepEqual(await told(await answer()), DRAINING);
  assert.equal(await program.ended(), 0);
  assert.equal(platformX.requests, 1);
});

Deno.test("an upload that stalls does not keep the service from ending, and is told", async () => {
  await using program = await startProgram({ environment: { DRY_RUN: "true", SHUTDOWN_GRACE: "1s" } });
  using upload = await stalledUpload(program.port);
  program.signal("SIGTERM");
  assert.equal((await program.logged("draining"))["in_flight"], 1);
  assert.match(await upload.answer(), /^HTTP\/1\.1 503 .*"draining"/s);
  assert.equal(await program.ended(), 0);
});

Deno.test("a later second signal ends the wait for what is in flight", async () => {
  await using platformX = startPlatformX();
  await using program = await startBefore(platformX, { ...ENDLESS, LOG_LEVEL: "DEBUG" });
  platformX.misbehave({ kind: "silent" }, Infinity);
  const answer = await postAndReach(program, platformX, "m-1");
  using upload = await stalledUpload(program.port);
  const code = program.ended();
  let ended = false;
  code.then(() => ended = true, () => ended = true);
  // One that comes soon after the first counts as the first: somebody impatient goes on.
  while (!ended) {
    program.signal("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(await code, 0);
  assert.deepEqual(await told(await answer()), DRAINING);
  assert.match(await upload.answer(), /^HTTP\/1\.1 503 .*"draining"/s, "it did not time out");
  const attempt = program.entries.find(({ event }) => event === "attempt");
  assert.equal(attempt?.["seen"], "cut_off", "it did not time out");
});

Deno.test("one shutdown that is signalled twice, as task runners do, is an orderly one", async () => {
  await using platformX = startSlowPlatformX();
  await using program = await startBefore(platformX, ENDLESS);
  const answer = await postAndReach(program, platformX, "m-1");
  program.signal("SIGINT");
  program.signal("SIGTERM");
  await program.logged("draining");
  assert.deepEqual(await told(await fetch(program.url)), DRAINING);
  platformX.answer();
  assert.deepEqual(await told(await answer()), [200, "forwarded", undefined]);
  assert.equal(await program.ended(), 0);
});

Deno.test("connections that are open and idle do not keep the service from ending", async () => {
  await using program = await startProgram({ environment: { DRY_RUN: "true", ...ENDLESS } });
  using idle = await Deno.connect({ hostname: "127.0.0.1", port: program.port });
  using half = await Deno.connect({ hostname: "127.0.0.1", port: program.port });
  await half.write(new TextEncoder().encode("POST / HTT"));
  await (await fetch(program.url)).body?.cancel();
  program.signal("SIGTERM");
  assert.equal(await program.ended(), 0);
  assert.ok(idle && half);
});

Deno.test("a SIGTERM while the service starts is not lost: it ends in order before it takes a webhook", {
  ignore: Deno.build.os === "windows",
}, async () => {
  // The alarm is set when the outbox is open and the address is not yet listened at.
  const module = `
    import { Alarm } from "project/lib/outbox/alarm.ts";
    import { serve } from "project/lib/cli/serve.ts";
    import { processTerminal } from "project/lib/cli/terminal.ts";
    const alarm = new Alarm();
    alarm.onRing = () => Deno.kill(Deno.pid, "SIGTERM");
    Deno.exit(await serve(processTerminal, alarm));
  `;
  const environment = { HOST: "127.0.0.1", PORT: "0", GETDX_API_KEY: "k", OUTBOX: "outbox.db" };
  const { code, stdout, stderr } = await runModule(module, { permissions: ["--allow-all"], environment });
  assert.equal(code, 0, stderr);
  const events = stdout.trim().split("\n").map((line) => JSON.parse(line).event);
  assert.deepEqual(events.slice(-3), ["listening", "draining", "stopped"]);
});
