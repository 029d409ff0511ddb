/** The executable behind Lambda's Web Adapter, in AWS's own emulator of the runtime. Needs root. */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { STAND_IN_KEY, startPlatformX } from "../support/platformx.ts";
import { Child, freePort, openFolder, run, succeed, untilListening } from "../support/process.ts";
import { fileOf } from "../support/files.ts";
import { executable } from "../support/program.ts";
import { webhookAbout } from "../neighbours/front_scene.ts";
import { built } from "./built.ts";

const SECRET = "of-the-webhook";
const INVOKE = "2015-03-31/functions/function/invocations";

/** A request as Lambda's function URL hands it on. */
interface Invocation {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/** What the recipe's Dockerfile sets. */
async function recipe(): Promise<Record<string, string>> {
  const text = await Deno.readTextFile(fileOf("deploy/lambda/Dockerfile"));
  return Object.fromEntries(
    [...text.matchAll(/^ENV (\w+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]),
  );
}

/** The function. */
async function startFunction(settings: Readonly<Record<string, string>>) {
  await using starting = new AsyncDisposableStack();
  const folder = await built("lambda");
  const { path } = starting.use(await openFolder());
  const port = freePort();
  const environment = {
    ...await recipe(),
    ...{
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      PORT: String(freePort()),
      WEBHOOK_SECRET: SECRET,
      ...settings,
    },
  };
  const child = starting.use(
    new Child([fileOf("tests/built/lambda.sh"), folder, String(port), String(freePort()), executable()], {
      cwd: path,
      environment,
    }),
  );
  await untilListening(port, "the emulator", child);
  // The emulator leaves those that it started.
  starting.defer(async () => {
    await run(["pkill", "--signal", "KILL", "--parent", String(child.pid)]);
  });
  const open = starting.move();
  return {
    child,
    /** Those of the service and the adapter, once there was an invocation. */
    async pids(): Promise<readonly number[]> {
      const children = await succeed(["pgrep", "--parent", String(child.pid)]);
      return children.trim().split("\n").map(Number);
    },
    async invoke({ method, headers = {}, ...rest }: Invocation) {
      const http = {
        method,
        path: "/",
        protocol: "HTTP/1.1",
        sourceIp: "192.0.2.1",
        userAgent: "Go-http-client/1.1",
      };
      const request = { version: "2.0", rawPath: "/", rawQueryString: "", isBase64Encoded: false };
      const event = {
        ...request,
        headers: { host: "example.com", ...headers },
        requestContext: { http },
        ...rest,
      };
      const response = await fetch(`http://127.0.0.1:${port}/${INVOKE}`, {
        method: "POST",
        body: JSON.stringify(event),
      });
      return await response.json();
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

function post(webhook: ReturnType<typeof webhookAbout>, secret = SECRET): Invocation {
  const headers = { "content-type": "application/json", "x-message-id": webhook.msg_id };
  const authorization = `Basic ${btoa(`coder:${secret}`)}`;
  return { method: "POST", headers: { ...headers, authorization }, body: JSON.stringify(webhook) };
}

Deno.test("behind the Web Adapter webhooks become events, as text and as base64, and failures are told as they are", async () => {
  await using platformX = await startPlatformX();
  await using lambda = await startFunction({ GETDX_API_URL: platformX.url, GETDX_API_KEY: STAND_IN_KEY });
  const told = async (invocation: Invocation) => {
    const { statusCode, headers, body } = await lambda.invoke(invocation);
    const { status, reason } = JSON.parse(body);
    return { answer: [statusCode, status, reason], headers };
  };
  assert.deepEqual((await told({ method: "GET" })).answer, [200, "ok", undefined]);
  assert.deepEqual((await told(post(webhookAbout("alice")))).answer, [200, "forwarded", undefined]);
  const { body, ...others } = post(webhookAbout("bjørn"));
  const bytes = String.fromCharCode(...new TextEncoder().encode(body));
  const encoded = { ...others, body: btoa(bytes), isBase64Encoded: true };
  assert.deepEqual((await told(encoded)).answer, [200, "forwarded", undefined]);
  assert.deepEqual(platformX.events.map(({ email }) => email), ["alice@example.com", "bjørn@example.com"]);
  const stranger = await told(post(webhookAbout("carol"), "guess"));
  assert.deepEqual(stranger.answer, [401, "error", "unauthorized"]);
  assert.match(stranger.headers["www-authenticate"], /^Basic/);
  await platformX.close();
  const away = await told(post(webhookAbout("dora")));
  assert.deepEqual(away.answer, [503, "unavailable", "platformx"]);
  assert.ok(Number(away.headers["retry-after"]) > 0);
});

/** Enough for a line that comes a few milliseconds late to be missing once. */
const FREEZES = 10;

Deno.test("frozen after the answer, it has written its line before, and goes on when it is thawed", async () => {
  await using platformX = await startPlatformX();
  await using lambda = await startFunction({ GETDX_API_URL: platformX.url, GETDX_API_KEY: STAND_IN_KEY });
  const lines = () =>
    lambda.child.told.split("\n").filter((line) => line.includes('"event":"webhook"')).length;
  await lambda.invoke({ method: "GET" });
  const pids = await lambda.pids();
  for (let nth = 1; nth <= FREEZES; nth++) {
    const { body } = await lambda.invoke(post(webhookAbout(`alice${nth}`)));
    for (const pid of pids) Deno.kill(pid, "SIGSTOP");
    assert.equal(JSON.parse(body).status, "forwarded");
    await eventually(() => lines() === nth, `line ${nth} of a frozen process`);
    platformX.breakConnections(); // as everything between does when nobody moves for minutes
    for (const pid of pids) Deno.kill(pid, "SIGCONT");
  }
  assert.equal(platformX.events.length, FREEZES);
});

Deno.test("SIGTERM, which Lambda sends before it ends an environment, ends it in order", async () => {
  await using platformX = await startPlatformX();
  await using lambda = await startFunction({ GETDX_API_URL: platformX.url, GETDX_API_KEY: STAND_IN_KEY });
  await lambda.invoke({ method: "GET" });
  lambda.child.signal("SIGTERM");
  const { stdout, stderr } = await lambda.child.ended();
  assert.match(stdout + stderr, /"event":"draining"[^]*"event":"stopped"/);
});
