/** The log of the running program, and what becomes of webhooks while nobody takes it. */
import assert from "node:assert/strict";
import { notificationWith } from "../support/fakes.ts";
import { eventually } from "../support/eventually.ts";
import { startPlatformX } from "../support/platformx.ts";
import { shellLine } from "../support/process.ts";
import { answered, type Program, type Starting, startProgram } from "../support/service.ts";

/** Every webhook is some lines. */
const TALKATIVE = { DRY_RUN: "true", LOG_LEVEL: "DEBUG", LOG_FORMAT: "json", SHUTDOWN_GRACE: "1s" };

/** Bytes that a pipe or a terminal takes at the very most before somebody reads. */
const PIPE = 1024 * 1024;

/** Milliseconds after which a program that does not end is killed. */
const PATIENCE = 60_000;

/** Posts a webhook of a workspace of its own. */
function post(program: Program, id: number): Promise<Response> {
  return program.post(notificationWith({ labels: { workspace: `workspace-${id}` } }, `message-${id}`));
}

/** Posts so many webhooks, some at a time, and fails unless each is answered as always. */
async function flood(program: Program, from: number, count: number): Promise<void> {
  for (let i = from; i < from + count; i += 20) {
    const answers = Array.from({ length: 20 }, (_, j) => answered(post(program, i + j)));
    for (const answer of await Promise.all(answers)) assert.deepEqual(answer, [200, "dry_run", undefined]);
  }
}

async function linesLost(program: Program): Promise<number> {
  return Number(/^coder_platformx_log_lines_lost_total (\d+)$/m.exec(await program.metrics())?.[1]);
}

/** Closes the pipe behind the program after its first lines. */
const readOnceListening = (commandLine: readonly string[]) => [
  "bash",
  "-c",
  `exec ${shellLine(commandLine)} > >(sed /listening/q)`,
];

Deno.test("webhooks, health and metrics are answered, and SIGTERM ends the service, though nobody takes its log", async (t) => {
  const full = { file: "/dev/full" };
  const rows: [what: string, outputs: Starting, lost: boolean][] = [
    ["standard output on a full disk", { stdout: full }, true],
    ["all output on a full disk", { stdout: full, stderr: full }, true],
    // The runtime itself opens /dev/null there at its start: that is no different from a log that nobody wants.
    ["standard output closed from the start", { stdout: "closed" }, false],
    ["all output closed from the start", { stdout: "closed", stderr: "closed" }, false],
    ["who read standard output has ended", { wrap: readOnceListening }, true],
    ["a pipe that nobody reads", { stdout: "unread" }, false],
    ["pipes that nobody reads", { stdout: "unread", stderr: "unread" }, false],
  ];
  for (const [what, outputs, lost] of rows) {
    await t.step(what, async () => {
      await using program = await startProgram({ environment: TALKATIVE, ...outputs });
      // Each webhook is more than a kilobyte of log.
      await flood(program, 0, PIPE / 1_000);
      assert.equal((await program.health())["mode"], "dry_run");
      const count = await linesLost(program);
      assert.equal(count > 0, lost, `${count} lines are lost`);
      const { code } = await program.stop({ patience: PATIENCE });
      assert.equal(code, 0);
    });
  }
});

Deno.test("lines that found no room while a terminal stood still are counted, and told of once it goes on", async () => {
  await using program = await startProgram({ environment: TALKATIVE, terminal: true });
  await program.child.type("\x13");
  // As many lines as may wait are 10,000, or 4 Mi characters.
  for (let i = 0; await linesLost(program) < 100; i += 500) await flood(program, i, 500);
  assert.equal((await program.health())["status"], "degraded");
  const lost = await linesLost(program);
  await program.child.type("\x11");
  // Both streams lead to the terminal: a line of the one may stand in the middle of another's, so these are no entries.
  const told = () => program.stdout.match(/"level":"WARNING","event":"log_lines_lost"[^{}]*\}/g) ?? [];
  await eventually(() => told().length > 0, "the entry of it");
  await flood(program, 1_000_000, 20);
  assert.equal((await program.stop({ patience: PATIENCE })).code, 0);
  assert.equal(told().length, 1);
  assert.match(told()[0]!, new RegExp(`"count":${lost}\\}$`));
  assert.match(program.stdout, /"event":"stopped"/);
});

Deno.test("both streams in one pipe whose reader stalls: each line is whole", async () => {
  const folder = await Deno.makeTempDir();
  const go = `${folder}/go`;
  try {
    await using platformX = await startPlatformX({ key: "key" });
    const reader = `sed -u /listening/q; while [ -d ${folder} ] && [ ! -e ${go} ]; do sleep 0.1; done; cat`;
    await using program = await startProgram({
      environment: { GETDX_API_KEY: "key", GETDX_API_URL: platformX.url, GETDX_RATE_LIMIT: "0" },
      wrap: (commandLine) => ["bash", "-c", `exec ${shellLine(commandLine)} > >(${reader}) 2>&1`],
    });
    // Each is a line on both streams, and together they are several times what a pipe takes.
    const body = JSON.stringify({ ok: false, error: "unknown user" });
    platformX.misbehave({ kind: "answer", status: 422, body }, 600);
    for (let i = 0; i < 600; i += 20) {
      const answers = Array.from({ length: 20 }, (_, j) => answered(post(program, i + j)));
      for (const [code] of await Promise.all(answers)) assert.equal(code, 502);
    }
    await Deno.writeTextFile(go, "");
    const told = (event: string) => program.stdout.split(`"event":"${event}"`).length - 1;
    for (const event of ["webhook", "event_refused"]) {
      await eventually(() => told(event) === 600, `the lines '${event}'`);
    }
    for (const line of program.stdout.trimEnd().split("\n")) if (line !== "") JSON.parse(line);
    assert.equal((await program.stop({ patience: PATIENCE })).code, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("while a terminal stands still the service ends all the same", async () => {
  await using program = await startProgram({ environment: TALKATIVE, terminal: true });
  await program.child.type("\x13");
  await flood(program, 0, PIPE / 1_000);
  program.signal("SIGTERM");
  await eventually(() => post(program, -1).then(() => false, () => true), "the end of the service");
  // The terminal itself ends when it may write what it still has.
  await program.child.type("\x11");
  assert.equal(await program.ended(), 0);
});

Deno.test("where the platform freezes the process with the answer, the log is written before it", async (t) => {
  for (const name of ["AWS_LAMBDA_FUNCTION_NAME", "K_SERVICE"]) {
    await t.step(name, async () => {
      await using program = await startProgram({ environment: { DRY_RUN: "true", [name]: "relay" } });
      // In its first second each line is written by itself.
      await eventually(async () => (await program.health())["uptime_seconds"] >= 2, "two seconds");
      for (let i = 0; i < 5; i++) {
        await answered(post(program, i));
        program.signal("SIGSTOP");
        const isWritten = () => program.entries.some((entry) => entry["msg_id"] === `message-${i}`);
        await eventually(isWritten, `line ${i}`, { patience: 5_000 });
        program.signal("SIGCONT");
      }
      assert.equal((await program.stop({ patience: PATIENCE })).code, 0);
    });
  }
});

Deno.test("lines have systemd's priorities on the stream that is its journal, and only there", async (t) => {
  for (const [what, first] of [["the journal", /^<6>\{"time"/], ["something else", /^\{"time"/]] as const) {
    await t.step(what, async () => {
      const file = await Deno.makeTempFile();
      try {
        const { dev, ino } = await Deno.stat(file);
        const JOURNAL_STREAM = `${dev}:${what === "the journal" ? ino : 1}`;
        await using program = await startProgram({
          environment: { DRY_RUN: "true", JOURNAL_STREAM },
          stdout: { file },
        });
        assert.equal((await program.stop({ patience: PATIENCE })).code, 0);
        for (const line of (await Deno.readTextFile(file)).trimEnd().split("\n")) assert.match(line, first);
        assert.doesNotMatch(program.stderr, /^</m);
      } finally {
        await Deno.remove(file);
      }
    });
  }
});

Deno.test("the log is coloured text on a terminal, unless NO_COLOR is set to something, and JSON elsewhere", async (t) => {
  const rows: [terminal: boolean, environment: Record<string, string>, first: RegExp][] = [
    [true, {}, /^␛\[90m\d{4}-/],
    [true, { NO_COLOR: "" }, /^␛\[90m\d{4}-/],
    [true, { NO_COLOR: "1" }, /^\d{4}-.* INFO {4}starting/m],
    [true, { LOG_FORMAT: "json" }, /^\{"time"/],
    [false, {}, /^\{"time"/],
    [false, { LOG_FORMAT: "text" }, /^\d{4}-.* INFO {4}starting/m],
  ];
  for (const [terminal, environment, first] of rows) {
    await t.step(JSON.stringify({ terminal, ...environment }), async () => {
      await using program = await startProgram({
        environment: { DRY_RUN: "true", ...environment },
        terminal,
      });
      assert.match(program.stdout.replaceAll("\x1b", "␛"), first);
      assert.equal((await program.stop()).code, 0);
    });
  }
});
