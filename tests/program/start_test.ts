import assert from "node:assert/strict";
import { DEFAULT_EVENTS_TRACKED } from "../../lib/coder/tracking.ts";
import { VERSION } from "../../lib/base/version.ts";
import { succeed } from "../support/process.ts";
import { PROGRAM_DENO, PROGRAM_NODE } from "../support/program.ts";
import { runProgram, startFailure, startProgram } from "../support/service.ts";

const KEY = { GETDX_API_KEY: "key", WEBHOOK_SECRET: "s3cret" };

Deno.test("at its start the service tells version, mode, what is tracked, what leaves the house, and its address", async () => {
  await using program = await startProgram({ environment: KEY });
  const told = program.entries.map(({ level, event }) => `${level} ${event}`);
  assert.deepEqual(told, ["INFO starting", "INFO tracking", "INFO sent_data", "INFO listening"]);
  const [starting, tracked, sent, listening] = program.entries;
  assert.equal(starting!["version"], VERSION);
  assert.equal(starting!["mode"], "direct");
  const [name, runtime] = PROGRAM_NODE ? ["node", PROGRAM_NODE] : ["deno", PROGRAM_DENO];
  const version = (await succeed([runtime, "--version"])).trim().split(" (")[0]!.replace(/^(?:v|deno )/, "");
  assert.equal(starting![name], version);
  assert.match(tracked!.message, /the default of EVENTS_TRACKED/);
  assert.ok(tracked!.message.endsWith(DEFAULT_EVENTS_TRACKED.join(", ")));
  for (const word of ["PlatformX", "e-mail address", "metadata", "workspace", "Never", "build parameters"]) {
    assert.ok(sent!.message.includes(word), word);
  }
  assert.equal(listening!["url"], program.url);
  assert.equal(program.stderr, "", "a service that is set up well has nothing to warn of");
  for (const { time } of program.entries) assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

Deno.test("what is tracked by the operator's own list is told as such", async () => {
  const environment = { ...KEY, EVENTS_TRACKED: "workspace created, f517da0b-cdc9-410f-ab89-a86107c420ed" };
  await using program = await startProgram({ environment });
  const { message } = program.entries.find(({ event }) => event === "tracking")!;
  assert.equal(message, "Tracked, by EVENTS_TRACKED: Workspace Created, Workspace Deleted");
});

Deno.test("settings that work but perhaps not as meant are warned of", async (t) => {
  const rows: [environment: Record<string, string>, warnings: RegExp[]][] = [
    [{ ...KEY, EVENTS_TRACKED: "Workspace Created, Template Deleted" }, [
      /^EVENTS_TRACKED: 'Template Deleted' never has a person/,
    ]],
    [{ ...KEY, EVENTS_TRACKED: "Workspace Created, Sundown" }, [/^EVENTS_TRACKED: 'Sundown' is not known/]],
    [{ GETDX_API_KEY: "key" }, [/^WEBHOOK_SECRET is not set/]],
    [{ ...KEY, GETDX_API_URL: "http://platformx.example.com/" }, [/^GETDX_API_URL is http/]],
    [{ ...KEY, DEDUP_WINDOW: "29m", GETDX_TEST_DATA: "1" }, [
      /^DEDUP_WINDOW is under 30m/,
      /^GETDX_TEST_DATA is on/,
    ]],
  ];
  for (const [environment, warnings] of rows) {
    await t.step(JSON.stringify(environment), async () => {
      await using program = await startProgram({ environment });
      // Standard error is a pipe of its own: its lines may come later than the address.
      await program.logged("config_warning");
      const told = program.entries.filter(({ level }) => level === "WARNING");
      assert.equal(told.length, warnings.length, program.stderr);
      for (const [i, { event, message }] of told.entries()) {
        assert.equal(event, "config_warning");
        assert.match(message, warnings[i]!);
      }
    });
  }
});

Deno.test("all problems of the configuration are told at once, secrets hidden, and the service does not start", async () => {
  const secrets = { GETDX_API_KEY: "sentinel one", READ_SECRET: "sentinel two", READ_SECRET_FILE: "read" };
  const { code, stdout, stderr } = await runProgram([], {
    environment: {
      ...secrets,
      EVENTS_TRACKED: "Workspace Craeted",
      WEBHOOK_SECRET: "",
      WEBHOOK_SECRET_PREVIOUS: "sentinel three",
      GETDX_API_URL: "https://user:sentinel@api.example.com/",
      PORT: "http",
      LOG_LEVEL: "LOUD",
      DRY_RUN: "maybe",
      SHUTDOWN_GRACE: "12",
      TLS_CERT_FILE: "./missing.pem",
      DENO_TRUST_PROXY_HEADERS: "1",
    },
    files: { read: "sentinel four" },
  });
  assert.deepEqual([code, stdout], [2, ""]);
  const [head, ...problems] = stderr.trimEnd().split("\n").slice(0, -1);
  const expected = [
    /^- DRY_RUN must be true, false, 1 or 0: current value is 'maybe'$/,
    /^- GETDX_API_KEY must be printable ASCII without spaces: current value is \(hidden\)$/,
    /^- EVENTS_TRACKED: 'Workspace Craeted' is not a Coder notification: did you mean 'Workspace Created'\?$/,
    /^- WEBHOOK_SECRET must not be empty/,
    /^- TLS_CERT_FILE must name a readable file: '\.\/missing\.pem': there is no such file$/,
    /^- TLS_CERT_FILE and TLS_KEY_FILE must be set together/,
    /^- GETDX_API_URL must be .*: current value is \(hidden\)$/,
    /^- DENO_TRUST_PROXY_HEADERS must not be set/,
    /^- LOG_LEVEL must be one of .*: current value is 'LOUD'$/,
    /^- PORT must be a whole number from 0 to 65535: current value is 'http'$/,
    /^- READ_SECRET and READ_SECRET_FILE are both set/,
    /^- SHUTDOWN_GRACE must be a whole number and one of ms, s, m, h, d.*: current value is '12'$/,
  ];
  assert.equal(head, `The configuration has ${expected.length} problems:`);
  for (const rule of expected) {
    assert.equal(problems.filter((problem) => rule.test(problem)).length, 1, `${rule} in\n${stderr}`);
  }
  assert.ok(!stderr.includes("sentinel"), stderr);
});

Deno.test("secrets may come from files, and a file's text is never shown", async () => {
  const environment = { GETDX_API_KEY_FILE: "key", WEBHOOK_SECRET_FILE: "secret" };
  await using program = await startProgram({ environment, files: { key: "key\n", secret: "sentinel\n" } });
  const authorization = `Basic ${btoa("coder:sentinel")}`;
  assert.equal((await program.post("{", { authorization })).status, 400);
  assert.equal((await program.post("{")).status, 401);

  const { code, stderr } = await runProgram([], { environment, files: { key: "sentinel key", secret: "" } });
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^- GETDX_API_KEY must be printable ASCII without spaces: current value is \(hidden\)$/m,
  );
  assert.match(stderr, /^- WEBHOOK_SECRET_FILE must name a file with text: .* is empty$/m);
});

Deno.test("an address that cannot be had ends the service with code 1 and what to do", async (t) => {
  await t.step("the port is in use", async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const PORT = String(listener.addr.port);
    const environment = { ...KEY, HOST: "127.0.0.1", PORT };
    const ended = await runProgram([], { environment });
    const told = `PORT ${PORT} is in use by another process: stop that one, or set PORT to a free port`;
    assert.equal(startFailure(ended), told);
    assert.equal(JSON.parse(ended.stderr).fault, "in_use", "it is the only line there");
    const { stderr } = await runProgram([], { environment: { ...environment, LOG_FORMAT: "text" } });
    assert.match(stderr, /^[\dT:.Z-]+ ERROR {3}start_failed {5}PORT \d+ is in use.* {2}fault=in_use\n$/);
  });
  await t.step("the host is not of this machine", async () => {
    // An address of the range for documentation: nobody has it.
    const told = startFailure(
      await runProgram([], { environment: { ...KEY, HOST: "203.0.113.7", PORT: "0" } }),
    );
    assert.match(told, /^HOST '203\.0\.113\.7' is not an address of this machine: set HOST to one that is/);
  });
});

Deno.test("the level decides which lines there are", async () => {
  const environment = { DRY_RUN: "true", LOG_LEVEL: "DEBUG", EVENTS_TRACKED: "Workspace Deleted" };
  await using program = await startProgram({ environment });
  const payload = { notification_name: "Workspace Deleted", user_email: "alice@example.com" };
  await (await program.post({ msg_id: "m", payload })).body?.cancel();
  await program.logged("webhook");
  assert.deepEqual(program.entries.filter(({ level }) => level === "DEBUG").map(({ event }) => event), [
    "event",
  ]);

  // Without INFO there is no line with the address: the end by a taken port shows what is left.
  const quiet = { ...environment, LOG_LEVEL: "ERROR", HOST: "127.0.0.1", PORT: String(program.port) };
  const ended = await runProgram([], { environment: quiet });
  assert.match(startFailure(ended), /^PORT \d+ is in use/);
  assert.deepEqual([ended.stdout, ended.stderr.split("\n").length], ["", 2]);
});
