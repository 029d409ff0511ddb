/** nginx, HAProxy and Caddy in front, set up as documented: nothing is lost, doubled or answered by somebody else. */
import assert from "node:assert/strict";
import { BODY_TIMEOUT } from "../../lib/http/body.ts";
import { eventually } from "../support/eventually.ts";
import { run } from "../support/process.ts";
import { fileOf } from "../support/files.ts";
import { PlainSocket } from "../support/socket.ts";
import { startCoder } from "./coder.ts";
import { documented, KINDS, type Program } from "./front.ts";
import { openScene, SECRET, webhookAbout } from "./front_scene.ts";

const PROGRAMS = Object.keys(KINDS) as Program[];

/** What does not reach the service, or is none of its business, and what may be answered. */
const TURNED_AWAY = [
  { method: "POST", path: "/other", statuses: [404] },
  { method: "GET", path: "/metrics", statuses: [404] },
  { method: "PUT", path: "/", statuses: [404, 405] },
];

for (const program of PROGRAMS) {
  Deno.test(`${program}: a webhook is one event, and who has no secret is told so by the service`, async () => {
    await using scene = await openScene(program);
    const { platformX, coder, stranger, front } = scene;
    assert.deepEqual(await coder.send(webhookAbout("alice")), { delivered: true, status: 200, logged: "" });
    assert.deepEqual(platformX.events.map(({ email }) => email), ["alice@example.com"]);
    const told = await stranger.send(webhookAbout("bob"));
    assert.deepEqual([told.delivered, told.status, JSON.parse(told.logged).reason], [
      false,
      401,
      "unauthorized",
    ]);

    using client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(front.caFile)] });
    for (const { method, path, statuses } of TURNED_AWAY) {
      const headers = { "content-type": "application/json" };
      const url = `https://127.0.0.1:${front.port}${path}`;
      const answer = await fetch(url, { client, method, headers, redirect: "manual" });
      await answer.body?.cancel();
      assert.ok(statuses.includes(answer.status), `${method} ${path}: ${answer.status}`);
    }
    // nginx and HAProxy say 413; Caddy 2.6 says 502 where the service was not quicker with its 413.
    const { delivered } = await coder.send(webhookAbout("dora".repeat(262_144)));
    assert.equal(delivered, false);
    // Without TLS it says 400, or nothing.
    using plain = await PlainSocket.open(front.port, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    assert.match(await plain.receive(/\r\n\r\n/), /^(HTTP\/1\.[01] 400 |$)/);
    assert.equal(platformX.events.length, 1);
  });

  Deno.test(`${program}: what the service does not take while it is away or ends, Coder sends again; nothing comes twice`, async () => {
    await using scene = await openScene(program);
    const { platformX, coder } = scene;
    const [service] = scene.services;
    const slow = webhookAbout("alice");
    platformX.misbehave({ kind: "late", ms: 3_000 });
    const answer = coder.send(slow);
    await eventually(() => platformX.events.length === 1, "the event at PlatformX");
    service!.signal("SIGTERM"); // it finishes what it has begun
    assert.equal((await answer).delivered, true);
    await service!.ended();

    const next = webhookAbout("bob");
    const { delivered, status } = await coder.send(next);
    assert.deepEqual([delivered, [502, 503].includes(status)], [false, true], String(status));
    await scene.startAgain();
    const again = () => coder.send(next);
    await eventually(again, "the service to be reached again", { until: ({ delivered }) => delivered });
    assert.equal((await coder.send(webhookAbout("carol"))).delivered, true);
    const people = platformX.events.map(({ email }) => email.split("@")[0]);
    assert.deepEqual(people, ["alice", "bob", "carol"]);
  });
}

/** Bodies that do not come to an end. To nginx one that goes on dripping is fine: it keeps it to itself. */
const STALLED = [
  ...PROGRAMS.map((program) => ({ program, drop: "" })),
  ...(["haproxy", "caddy"] as const).map((program) => ({ program, drop: "x" })),
];

Deno.test("a body that stops or drips is never answered 2xx, and the connection is closed", async () => {
  await Promise.all(STALLED.map(async ({ program, drop }) => {
    await using scene = await openScene(program);
    const { port, caFile } = scene.front;
    const head = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n";
    const begun = `${head}Authorization: Basic ${
      btoa(`:${SECRET}`)
    }\r\nContent-Length: 9999\r\n\r\n{"msg_id": `;
    using socket = await PlainSocket.open(port, begun, [await Deno.readTextFile(caFile)]);
    const timer = setInterval(() => void socket.send(drop).catch(() => {}), 100);
    const answer = await socket.receive().finally(() => clearInterval(timer));
    assert.match(answer, /^(HTTP\/1\.[01] 408 |$)/, `${program}, ${drop ? "drips" : "stops"}`);
  }));
});

/** Before what the README's lines for a path go. */
const ANCHORS = {
  nginx: "\tlocation = / {\n",
  haproxy: "\thttp-request deny deny_status 404",
  caddy: "\t@known {\n",
};

for (const program of PROGRAMS) {
  Deno.test(`${program}: under the path of the README a webhook is one event, and with a slash behind it none`, async () => {
    const readme = await Deno.readTextFile(fileOf("deploy/proxy/README.md"));
    const [, lines = ""] = new RegExp(`\`\`\`${program}\n([^]*?)\`\`\``).exec(readme) ?? [];
    assert.notEqual(lines, "");
    const changes = [[ANCHORS[program], lines + ANCHORS[program]]] as const;
    await using scene = await openScene(program, { path: "relay", changes });
    assert.deepEqual(await scene.coder.send(webhookAbout("alice")), {
      delivered: true,
      status: 200,
      logged: "",
    });
    assert.equal((await scene.stranger.send(webhookAbout("bob"))).status, 401);
    await using slash = await startCoder(`${scene.front.endpoint}relay/`, scene.front.caFile);
    assert.equal((await slash.send(webhookAbout("carol"))).status, 404);
    assert.deepEqual(scene.platformX.events.map(({ email }) => email), ["alice@example.com"]);
  });
}

Deno.test("Caddy finds the Caddyfile in its own form", async () => {
  const { stdout, code, stderr } = await run(["caddy", "fmt", fileOf("deploy/proxy/Caddyfile")]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, await documented("caddy"));
});

/** The longest that the service takes to answer: its longest deadline, and the last attempt. Milliseconds. */
const LONGEST_ANSWER = 30_000 + 10_000;

/** Time-outs, and what they must be above. */
const PATIENT: readonly (readonly [Program, pattern: RegExp, least: number])[] = [
  ["nginx", /\bproxy_read_timeout (\d+)s/, LONGEST_ANSWER],
  ["haproxy", /\btimeout server (\d+)s/, LONGEST_ANSWER],
  // From the end of the header, so with the body.
  ["caddy", /\bwrite (\d+)s/, LONGEST_ANSWER + BODY_TIMEOUT],
  // Header and body. Caddy itself answers 200 when it gives up a body.
  ["caddy", /\bread_body (\d+)s/, 10_000 + BODY_TIMEOUT],
];

for (const [program, pattern, least] of PATIENT) {
  Deno.test(`${program} waits longer than the service takes: ${pattern}`, async () => {
    const [, seconds] = pattern.exec(await documented(program)) ?? [];
    assert.ok(Number(seconds) * 1_000 > least, `${seconds} s`);
  });
}
