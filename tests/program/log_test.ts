/** The log of the running program, and what becomes of webhooks while nobody takes it. */
import assert from "node:assert/strict";
import { notificationWith } from "../support/fakes.ts";
import { eventually } from "../support/eventually.ts";
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
  const rows: [what: string, outputs: Starting, lost: boolean | undefined][] = [
    ["standard output on a full disk", { stdout: full }, true],
    ["all output on a full disk", { stdout: full, stderr: full }, true],
    ["standard output closed from the start", { stdout: "closed" }, undefined],
    ["all output closed from the start", { stdout: "closed", stderr: "closed" }, undefined],
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
      if (lost === undefined) assert.ok(count >= 0);
      else assert.equal(count > 0, lost, `${count} lines are lost`);
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
  const told = () => program.entries.filter(({ event }) => event === "log_lines_lost");
  await eventually(() => told().length > 0, "the entry of it");
  await flood(program, 1_000_000, 20);
  const [code, left] = [(await program.stop({ patience: PATIENCE })).code, told()];
  assert.equal(code, 0);
  assert.deepEqual(left.map(({ level, count }) => [level, count]), [["WARNING", lost]]);
  assert.equal(program.entries.at(-1)?.event, "stopped");
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

Deno.test("the log is coloured text on a terminal, unless NO_COLOR is set to something, and JSON elsewhere", async (t) => {
  const rows: [terminal: boolean, environment: Record<string, string>, first: RegExp][] = [
    [true, {}, /^\x1b\[90m\d{4}-/],
    [true, { NO_COLOR: "" }, /^\x1b\[90m\d{4}-/],
    [true, { NO_COLOR: "1" }, /^\d{4}-.* INFO {4}starting/],
    [true, { LOG_FORMAT: "json" }, /^\{"time"/],
    [false, {}, /^\{"time"/],
    [false, { LOG_FORMAT: "text" }, /^\d{4}-.* INFO {4}starting/],
  ];
  for (const [terminal, environment, first] of rows) {
    await t.step(JSON.stringify({ terminal, ...environment }), async () => {
      await using program = await startProgram({
        environment: { DRY_RUN: "true", ...environment },
        terminal,
      });
      assert.match(program.stdout, first);
      assert.equal((await program.stop()).code, 0);
    });
  }
});
