import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { notificationWith } from "../support/fakes.ts";
import { STAND_IN_KEY, startPlatformX } from "../support/platformx.ts";
import { PROGRAM_NODE } from "../support/program.ts";
import { answered, type Program, runModule, runProgram, startProgram } from "../support/service.ts";
import { PlainSocket } from "../support/socket.ts";

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
  await eventually(() => platformX.requests > before, "the event to reach PlatformX");
  return () => answer;
}

/** A PlatformX that takes events, but answers only once it is told to. */
async function startSlowPlatformX() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const platformX = await startPlatformX();
  platformX.misbehave({ kind: "late", ms: promise }, Infinity);
  return { platformX, answer: resolve, [Symbol.asyncDispose]: () => platformX.close() };
}

const DRAINING = [503, "unavailable", "draining"];

/** Half of a webhook, over a connection that stays open; the service is waiting for the rest of it. */
async function stalledUpload(port: number): Promise<PlainSocket> {
  // The answer to Expect shows that the body is being read.
  const head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n";
  const socket = await PlainSocket.open(port, `${head}Expect: 100-continue\r\n\r\n`);
  assert.match(await socket.receive(/\r\n\r\n$/), /^HTTP\/1\.1 100 /);
  await socket.send('{"msg_id":');
  return socket;
}

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
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
  await using slow = await startSlowPlatformX();
  const { platformX } = slow;
  await using program = await startBefore(platformX, ENDLESS);
  const answer = await postAndReach(program, platformX, "m-1");
  program.signal("SIGTERM");
  assert.equal((await program.logged("draining"))["in_flight"], 1);

  const late = await program.post(notificationWith({}, "m-2"));
  assert.equal(late.headers.get("retry-after"), "1");
  assert.deepEqual(await answered(late), DRAINING);
  const health = await fetch(program.url);
  assert.deepEqual(await answered(health), DRAINING);
  const healthcheck = await runProgram(["healthcheck"], {
    environment: { HOST: "127.0.0.1", PORT: String(program.port) },
  });
  assert.equal(healthcheck.code, 1);

  slow.answer();
  assert.deepEqual(await answered(await answer()), [200, "forwarded", undefined]);
  assert.equal(await program.ended(), 0);
  assert.equal(platformX.requests, 1);
  assert.equal(program.entries.find(({ event }) => event === "stopped")?.["unanswered"], 0);
});

Deno.test("an attempt that PlatformX never answers is cut at the end of the grace, and its webhook told", async () => {
  await using platformX = await startPlatformX();
  await using program = await startBefore(platformX, { SHUTDOWN_GRACE: "1s" });
  platformX.misbehave({ kind: "silent" }, Infinity);
  const answer = await postAndReach(program, platformX, "m-1");
  program.signal("SIGTERM");
  const response = await answer();
  assert.ok(response.headers.has("retry-after"));
  assert.deepEqual(await answered(response), DRAINING);
  assert.equal(await program.ended(), 0);
  assert.equal(platformX.requests, 1, "nothing is sent again during a shutdown");
});

Deno.test("a webhook that waits for its next attempt is released at once", async () => {
  await using platformX = await startPlatformX();
  await using program = await startBefore(platformX, { ...ENDLESS, DELIVERY_DEADLINE: "30s" });
  // Within the deadline, so the webhook waits; and longer than this test waits for the answer.
  platformX.misbehave({ kind: "answer", status: 500, headers: { "retry-after": "29" } });
  const answer = await postAndReach(program, platformX, "m-1");
  program.signal("SIGTERM");
  assert.deepEqual(await answered(await answer()), DRAINING);
  assert.equal(await program.ended(), 0);
  assert.equal(platformX.requests, 1);
});

Deno.test("an upload that stalls does not keep the service from ending, and is told", async () => {
  await using program = await startProgram({ environment: { DRY_RUN: "true", SHUTDOWN_GRACE: "1s" } });
  using upload = await stalledUpload(program.port);
  program.signal("SIGTERM");
  assert.equal((await program.logged("draining"))["in_flight"], 1);
  assert.match(await upload.receive(), /HTTP\/1\.1 503 .*"draining"/s);
  assert.equal(await program.ended(), 0);
});

Deno.test("a later second signal ends the wait for what is in flight", async () => {
  await using platformX = await startPlatformX();
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
  assert.deepEqual(await answered(await answer()), DRAINING);
  assert.match(await upload.receive(), /HTTP\/1\.1 503 .*"draining"/s, "it did not time out");
  const attempt = program.entries.find(({ event }) => event === "attempt");
  assert.equal(attempt?.["seen"], "cut_off", "it did not time out");
});

Deno.test("one shutdown that is signalled twice, as task runners do, is an orderly one", async () => {
  await using slow = await startSlowPlatformX();
  const { platformX } = slow;
  await using program = await startBefore(platformX, ENDLESS);
  const answer = await postAndReach(program, platformX, "m-1");
  program.signal("SIGINT");
  program.signal("SIGTERM");
  await program.logged("draining");
  assert.deepEqual(await answered(await fetch(program.url)), DRAINING);
  slow.answer();
  assert.deepEqual(await answered(await answer()), [200, "forwarded", undefined]);
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

Deno.test("a SIGHUP, as of a terminal that goes, lets a webhook in flight have its 200", async () => {
  await using slow = await startSlowPlatformX();
  await using program = await startBefore(slow.platformX, ENDLESS);
  const answer = await postAndReach(program, slow.platformX, "m-1");
  program.signal("SIGHUP");
  await program.logged("draining");
  slow.answer();
  assert.deepEqual(await answered(answer()), [200, "forwarded", undefined]);
  assert.equal(await program.ended(), 0);
});

Deno.test("a SIGTERM while the service starts is not lost: it ends in order before it takes a webhook", {
  ignore: Deno.build.os === "windows",
}, async () => {
  // The signal comes, and has been heard, when the address is about to be listened at.
  const module = `
    import { denoRuntime } from "project/lib/runtime/deno.ts";
    import { run } from "project/lib/cli/run.ts";
    const runtime = denoRuntime("");
    const heard = Promise.withResolvers();
    Deno.exit(await run({
      ...runtime,
      args: [],
      onStop: (listener) => runtime.onStop(() => (listener(), heard.resolve())),
      listen: async (...address) => {
        Deno.kill(Deno.pid, "SIGTERM");
        await heard.promise;
        return await runtime.listen(...address);
      },
    }));
  `;
  const environment = { HOST: "127.0.0.1", PORT: "0", GETDX_API_KEY: "k" };
  const { code, stdout, stderr } = await runModule(module, { permissions: ["--allow-all"], environment });
  assert.equal(code, 0, stderr);
  const events = stdout.trim().split("\n").map((line) => JSON.parse(line).event);
  assert.deepEqual(events.slice(-3), ["listening", "draining", "stopped"]);
});

const LIMIT = 64;

Deno.test(
  PROGRAM_NODE
    ? "descriptors that are used up end nothing on Node.js: what is in flight and what comes later are answered"
    : "a listener that is lost, as there are no descriptors left, is told, and what is in flight may finish",
  async () => {
    await using slow = await startSlowPlatformX();
    await using program = await startProgram({
      environment: { GETDX_API_URL: slow.platformX.url, GETDX_API_KEY: STAND_IN_KEY, ...ENDLESS },
      wrap: (line) => ["sh", "-c", `ulimit -n ${LIMIT}; exec "$@"`, "sh", ...line],
    });
    const answer = await postAndReach(program, slow.platformX, "m-1");
    using connections = new DisposableStack();
    for (let i = 0; i < LIMIT; i++) {
      // The last ones may be refused: then the listener is gone already.
      const options = { hostname: "127.0.0.1", port: program.port };
      const connection = await Deno.connect(options).catch(() => undefined);
      if (connection !== undefined) connections.use(connection);
    }
    if (PROGRAM_NODE === undefined) {
      const { level, message } = await program.logged("listener_lost");
      assert.equal(level, "ERROR");
      assert.match(message, /file descriptors/);
      assert.equal((await program.logged("draining"))["in_flight"], 1);
    }
    slow.answer();
    assert.deepEqual(await answered(answer()), [200, "forwarded", undefined]);
    if (PROGRAM_NODE !== undefined) {
      connections.dispose();
      assert.equal((await program.health())["status"], "ok");
      return;
    }
    assert.equal(await program.ended(), 1);
    assert.equal(program.entries.find(({ event }) => event === "stopped")?.["unanswered"], 0);
  },
);
