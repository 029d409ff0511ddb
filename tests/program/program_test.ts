import assert from "node:assert/strict";
import { STAND_IN_KEY, type StandIn, startPlatformX } from "../support/platformx.ts";
import { notificationWith, TINA } from "../support/fakes.ts";
import { answered, type Program, runProgram, startProgram } from "../support/service.ts";
import { PlainSocket } from "../support/socket.ts";

/** The program in front of a stand-in for PlatformX. */
function startBefore(platformX: StandIn, environment: Record<string, string> = {}): Promise<Program> {
  return startProgram({
    environment: { GETDX_API_URL: platformX.url, GETDX_API_KEY: STAND_IN_KEY, ...environment },
  });
}

function basic(secret: string): { readonly authorization: string } {
  return { authorization: `Basic ${btoa(`coder:${secret}`)}` };
}

Deno.test("a webhook becomes one event at PlatformX, its copies and repetitions none", async () => {
  await using platformX = await startPlatformX();
  await using program = await startBefore(platformX);
  const happened = { data: { owner: { email: "alice@example.com" }, timestamp: "2026-01-02T03:04:05Z" } };

  const first = notificationWith(happened, "m-1");
  const copy = notificationWith({ ...happened, user_id: "another", user_email: "omar@example.com" }, "m-2");
  assert.deepEqual(await answered(program.post(first)), [200, "forwarded", undefined]);
  assert.deepEqual(await answered(program.post(copy)), [200, "duplicate", undefined]);
  assert.deepEqual(await answered(program.post(first)), [200, "duplicate", undefined]);

  assert.equal(platformX.requests, 1);
  const [event] = platformX.events;
  assert.deepEqual([event?.name, event?.email], ["Workspace Created", "alice@example.com"]);
  assert.equal(event?.metadata["coder_message_id"], "m-1");
  const explained = await runProgram(["explain", "--json"], { stdin: JSON.stringify(first) });
  assert.deepEqual(JSON.parse(explained.stdout).event, event, "explain tells exactly what is sent");
});

Deno.test("a webhook has one line in the log, with its fields in JSON", async () => {
  await using platformX = await startPlatformX();
  await using program = await startBefore(platformX);
  const untracked = notificationWith({ notification_name: "Else", notification_template_id: "" }, "m-2");
  const posts: [body: unknown, fields: object][] = [
    [notificationWith({}, "m-1"), {
      msg_id: "m-1",
      notification: "Workspace Created",
      outcome: "forwarded",
      attempts: 1,
    }],
    [untracked, {
      msg_id: "m-2",
      notification: "Else",
      outcome: "ignored",
      reason: "not_tracked",
      attempts: 0,
    }],
    ["{", { outcome: "error", reason: "invalid_json", attempts: 0 }],
    [{ msg_id: "m\nforged" }, { outcome: "error", reason: "invalid_notification", attempts: 0 }],
  ];
  for (const [body] of posts) await (await program.post(body)).body?.cancel();
  program.signal("SIGTERM");
  assert.equal(await program.ended(), 0);

  const lines = program.entries.filter(({ event }) => event === "webhook");
  assert.equal(lines.length, posts.length);
  for (const [i, { time, level, event: _, message, ms, ...fields }] of lines.entries()) {
    const [, expected] = posts[i]!;
    assert.deepEqual(fields, expected);
    assert.equal(level, "INFO");
    assert.match(message, /^(?:PlatformX took the event|No event: |Turned away: )/);
    assert.ok(Number.isInteger(ms) && Number(ms) >= 0);
    assert.ok(!Number.isNaN(Date.parse(time)));
  }
});

Deno.test("in a dry run an event is logged with its address masked, and nothing is sent", async () => {
  await using platformX = await startPlatformX();
  const environment = { DRY_RUN: "true", GETDX_API_URL: platformX.url };
  await using program = await startProgram({ environment });
  assert.deepEqual(await answered(program.post(notificationWith())), [200, "dry_run", undefined]);
  assert.deepEqual(await answered(program.post(notificationWith())), [200, "duplicate", undefined]);

  const { level, notification, email, timestamp, metadata } = await program.logged("event");
  assert.deepEqual([level, notification, email], ["INFO", "Workspace Created", "a…@example.com"]);
  assert.match(String(timestamp), /^\d{10}$/);
  assert.equal(JSON.parse(String(metadata)).workspace, "alice-dev");
  assert.equal(program.entries.find(({ event }) => event === "starting")?.["mode"], "dry_run");
  assert.ok(!program.stdout.includes("alice@example.com") && !program.stdout.includes(TINA.email));
  assert.equal(platformX.requests, 0);
});

Deno.test("while the secret is changed both are taken; after the change only the new one is", async () => {
  const environment = { DRY_RUN: "true", READ_SECRET: "read" };
  const rows: [environment: Record<string, string>, taken: string[], refused: string[]][] = [
    [{ WEBHOOK_SECRET: "old" }, ["old"], ["new", "read", ""]],
    [{ WEBHOOK_SECRET: "new", WEBHOOK_SECRET_PREVIOUS: "old" }, ["new", "old"], ["read", "newold", ""]],
    [{ WEBHOOK_SECRET: "new" }, ["new"], ["old", "read", ""]],
  ];
  for (const [secrets, taken, refused] of rows) {
    await using program = await startProgram({ environment: { ...environment, ...secrets } });
    for (const secret of taken) {
      assert.equal((await program.post("{", basic(secret))).status, 400, secret);
      assert.equal((await program.post("{", { authorization: `Bearer ${secret}` })).status, 400, secret);
    }
    for (const secret of refused) {
      const response = await program.post("{", basic(secret));
      assert.equal(response.status, 401, secret);
      assert.match(response.headers.get("www-authenticate") ?? "", /^Basic /);
    }
    assert.equal((await program.post("{")).status, 401, "without any");
  }
});

Deno.test("a secret beyond ASCII is taken as Go sends it, and as the bytes of a bearer token", async () => {
  const secret = "pässwörd-秘密🔑";
  const bytes = Array.from(new TextEncoder().encode(secret), (byte) => String.fromCharCode(byte)).join("");
  await using program = await startProgram({ environment: { DRY_RUN: "1", WEBHOOK_SECRET: secret } });
  const endpoint = new URL(program.url);
  endpoint.password = secret;
  const userAndPassword = decodeURIComponent(`coder:${endpoint.password}`);
  assert.equal(userAndPassword, `coder:${secret}`);
  assert.equal((await program.post("{", { authorization: `Basic ${btoa(`coder:${bytes}`)}` })).status, 400);
  assert.equal((await program.post("{", { authorization: `Bearer ${bytes}` })).status, 400);
  assert.equal((await program.post("{", { authorization: `Bearer ${bytes}x` })).status, 401);
});

Deno.test("health tells everybody that it is alive, and the rest to who has a secret", async () => {
  const environment = { DRY_RUN: "true", WEBHOOK_SECRET: "s3cret", READ_SECRET: "read" };
  await using program = await startProgram({ environment });
  await program.post(notificationWith(), basic("s3cret"));
  assert.deepEqual(await program.health(), { status: "ok" });
  assert.equal((await fetch(`${program.url}?details`)).status, 401);
  for (const secret of ["read", "s3cret"]) {
    const details = await program.health(basic(secret));
    assert.equal(details.mode, "dry_run");
    assert.equal(details.counts.dry_run, 1);
    assert.match(details.last_seen["Workspace Created"], /^\d{4}-/);
    assert.deepEqual(details.platformx, { state: "ok", since: null, reason: null, last_delivered: null });
  }
  const head = await fetch(program.url, { method: "HEAD" });
  assert.deepEqual([head.status, await head.text()], [200, ""]);
});

Deno.test("an event tracked by the id of a template that is not known is seen in the details too", async () => {
  const id = "00000000-0000-4000-8000-000000000000";
  const EVENTS_TRACKED = `Workspace Created, ${id}=recipient`;
  await using program = await startProgram({ environment: { DRY_RUN: "true", EVENTS_TRACKED } });
  const body = notificationWith({ notification_name: "Sundown", notification_template_id: id });
  assert.deepEqual(await answered(program.post(body)), [200, "dry_run", undefined]);
  const { last_seen } = await program.health();
  assert.equal(typeof last_seen[id], "string", JSON.stringify(last_seen));
});

Deno.test("a person that is missing and a code that was sent are warned of, once", async () => {
  await using program = await startProgram({ environment: { DRY_RUN: "true", WEBHOOK_SECRET: "s3cret" } });
  const passcode = { notification_name: "One-Time Passcode", labels: { one_time_passcode: "0" } };
  for (const id of ["m-1", "m-2"]) {
    const missing = program.post(notificationWith({ data: null }, id), basic("s3cret"));
    assert.deepEqual(await answered(missing), [200, "ignored", "no_person"]);
    const dropped = program.post(notificationWith(passcode, id), basic("s3cret"));
    assert.deepEqual(await answered(dropped), [200, "ignored", "secret"]);
  }
  program.signal("SIGTERM");
  await program.ended();
  const warnings = program.entries.filter(({ level }) => level === "WARNING").map(({ event }) => event);
  assert.deepEqual(warnings.sort(), ["passcode_dropped", "person_missing"]);
});

Deno.test("a body over the limit is told while it arrives, a length over it before", async () => {
  await using program = await startProgram({ environment: { DRY_RUN: "true" } });
  const head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  const chunk = `10000\r\n${" ".repeat(0x10000)}\r\n`;
  const rows = [
    `${head}Content-Length: 1048577\r\n\r\n`,
    `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(17)}`,
  ];
  for (const text of rows) {
    using socket = await PlainSocket.open(program.port, text);
    const answer = await socket.receive(/\}$/);
    assert.match(answer, /^HTTP\/1\.1 413 /);
    assert.match(answer, /"reason":"too_large".*1048576/);
  }
  assert.equal((await fetch(program.url)).status, 200);
  // Not that Coder's bodies are far below: its own report is not.
  assert.match(
    (await program.logged("turned_away")).message,
    /above the limit\..*weekly report of failed builds/,
  );
});

Deno.test("requests of other shapes are answered as errors and do no harm", async (t) => {
  await using program = await startProgram({ environment: { DRY_RUN: "true" } });
  const rows: [text: string, answer: RegExp][] = [
    ["OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", /^HTTP\/1\.1 404 .*"not_found"/s],
    [
      "DELETE / HTTP/1.1\r\nHost: x\r\n\r\n",
      /^HTTP\/1\.1 405 .*allow: GET, HEAD, POST\r\n.*"method_not_allowed"/si,
    ],
    ["GET / HTTP/1.1\r\nHost: a[b\r\n\r\n", /^HTTP\/1\.1 200 .*"ok"/s],
    ["GET http://other.example.com/ HTTP/1.1\r\nHost: x\r\n\r\n", /^HTTP\/1\.1 200 .*"ok"/s],
    ["POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", /^HTTP\/1\.1 415 /],
    [
      "POST / HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{",
      /^HTTP\/1\.[01] 400 .*"invalid_json"/s,
    ],
    ["nonsense\r\n\r\n", /^HTTP\/1\.1 400 /],
  ];
  for (const [text, answer] of rows) {
    await t.step(JSON.stringify(text), async () => {
      // Head and body can come one after the other.
      const end = answer.source.includes('"') ? /\r\n\r\n.*\}/s : /\r\n\r\n/;
      using socket = await PlainSocket.open(program.port, text);
      assert.match(await socket.receive(end), answer);
    });
  }
  assert.equal((await fetch(program.url)).status, 200);
});
