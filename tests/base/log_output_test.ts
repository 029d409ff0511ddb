import assert from "node:assert/strict";
import { LOG_LEVELS, type LogLevel } from "../../lib/base/log.ts";
import { LogOutput, type LogOutputOptions } from "../../lib/base/log_output.ts";
import { FakeClock, watched } from "../support/fakes.ts";
import { FakeSink } from "./fake_sink.ts";

/** An output to two streams in a test's hands. */
function outputWith(options: Partial<LogOutputOptions> = {}) {
  const clock = new FakeClock();
  const [stdout, stderr] = [new FakeSink(), new FakeSink()];
  const lost: number[] = [];
  const output = new LogOutput({
    ...{ stdout, stderr, clock },
    gathers: () => true,
    journal: { stdout: false, stderr: false },
    onLost: (count) => lost.push(count),
    ...options,
  });
  return { clock, stdout, stderr, lost, output };
}

Deno.test("DEBUG and INFO go to standard output, WARNING and ERROR to standard error", async () => {
  const { clock, stdout, stderr, output } = outputWith();
  for (const level of LOG_LEVELS) output.write(level, level);
  await clock.advance(5);
  assert.deepEqual([stdout.lines, stderr.lines], [["DEBUG", "INFO"], ["WARNING", "ERROR"]]);
});

Deno.test("in systemd's journal a line has its priority in front, on the stream that leads there", async (t) => {
  const rows: [journal: LogOutputOptions["journal"], out: string[], err: string[]][] = [
    [{ stdout: true, stderr: true }, ["<7>DEBUG", "<6>INFO"], ["<4>WARNING", "<3>ERROR"]],
    [{ stdout: true, stderr: false }, ["<7>DEBUG", "<6>INFO"], ["WARNING", "ERROR"]],
    [{ stdout: false, stderr: true }, ["DEBUG", "INFO"], ["<4>WARNING", "<3>ERROR"]],
  ];
  for (const [journal, out, err] of rows) {
    await t.step(JSON.stringify(journal), async () => {
      const { clock, stdout, stderr, output } = outputWith({ journal });
      for (const level of LOG_LEVELS) output.write(level, level);
      await clock.advance(5);
      assert.deepEqual([stdout.lines, stderr.lines], [out, err]);
    });
  }
});

Deno.test("lines of five milliseconds are written together", async () => {
  const { clock, stdout, output } = outputWith();
  output.write("one", "INFO");
  await clock.advance(4);
  output.write("two", "DEBUG");
  assert.equal(stdout.writes, 0);
  await clock.advance(1);
  assert.deepEqual([stdout.lines, stdout.writes], [["one", "two"], 1]);
});

Deno.test("what tells of trouble is written at once, after what came before it", async () => {
  const { clock, stdout, stderr, output } = outputWith();
  await stdout.is("stalled");
  output.write("before", "INFO");
  output.write("trouble", "WARNING");
  await clock.advance(0);
  assert.deepEqual([stdout.writes, stderr.writes], [1, 0]);
  await stdout.is("open");
  assert.deepEqual([stdout.lines, stderr.lines], [["before"], ["trouble"]]);
});

Deno.test("a stream that stands still does not hold up the other one", async (t) => {
  for (
    const [stalled, other, level] of [["stdout", "stderr", "ERROR"], ["stderr", "stdout", "INFO"]] as const
  ) {
    await t.step(stalled, async () => {
      const parts = outputWith();
      await parts[stalled].is("stalled");
      for (const each of ["INFO", "ERROR"] as const) parts.output.write("one", each);
      await parts.clock.advance(5);
      parts.output.write("two", level);
      await parts.clock.advance(5);
      assert.deepEqual(parts[other].lines, ["one", "two"]);
    });
  }
});

Deno.test("10,000 lines or 4 Mi characters wait for each stream, and no more", async (t) => {
  const rows: [what: string, line: string, count: number, written: number][] = [
    ["lines", "x", 10_005, 10_000],
    ["characters", "x".repeat(1024 * 1024), 5, 4],
  ];
  for (const [what, line, count, written] of rows) {
    await t.step(what, async () => {
      const { clock, stdout, lost, output } = outputWith();
      await stdout.is("stalled");
      output.write("under way", "INFO");
      await clock.advance(5);
      for (let i = 0; i < count; i++) output.write(line, "INFO");
      assert.equal(output.lost, count - written);
      assert.equal(output.lastLost, clock.monotonic());
      await stdout.is("open");
      assert.equal(stdout.lines.length, 1 + written);
      assert.deepEqual(lost, [count - written]);
    });
  }
});

Deno.test("losses of both streams are one number, and the last of them is the last", async () => {
  const { clock, stdout, stderr, output } = outputWith();
  assert.deepEqual([output.lost, output.lastLost], [0, undefined]);
  for (const [sink, level] of [[stdout, "INFO"], [stderr, "ERROR"]] as const) {
    await sink.is("failing");
    output.write("lost", level);
    await clock.advance(100);
  }
  const last = clock.monotonic() - 100;
  assert.equal(output.lost, 2);
  assert.ok(output.lastLost! >= last && output.lastLost! <= last + 5, `${output.lastLost}`);
});

Deno.test("a flush writes what was gathered, and ends with its time", async () => {
  const { clock, stdout, stderr, output } = outputWith();
  output.write("last", "INFO");
  await output.flush(100);
  assert.deepEqual(stdout.lines, ["last"]);
  await stderr.is("stalled");
  output.write("stuck", "ERROR");
  const flushed = watched(output.flush(100).then(() => "over"));
  await clock.advance(99);
  assert.equal(flushed.value, undefined);
  await clock.advance(1);
  assert.equal(flushed.value, "over");
});

Deno.test("each line goes to telemetry as it is, with its level, whatever becomes of the streams", async () => {
  const exported: [string, LogLevel][] = [];
  const { clock, stdout, output } = outputWith({
    journal: { stdout: true, stderr: true },
    exported: (line, level) => void exported.push([line, level]),
  });
  await stdout.is("failing");
  output.write("i", "INFO");
  output.write("w", "WARNING");
  await clock.advance(10);
  assert.deepEqual(exported, [["i", "INFO"], ["w", "WARNING"]]);
});

Deno.test("telemetry that fails is no fault of who logs, and of no other line", async () => {
  const { clock, stdout, output } = outputWith({
    exported: () => {
      throw new Error("No space left on device");
    },
  });
  output.write("one", "INFO");
  await clock.advance(5);
  assert.deepEqual(stdout.lines, ["one"]);
});
