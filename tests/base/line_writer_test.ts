import assert from "node:assert/strict";
import fc from "fast-check";
import { LineWriter, type LineWriterOptions } from "../../lib/base/line_writer.ts";
import { FakeClock, settled, watched } from "../support/fakes.ts";
import { FakeSink } from "./fake_sink.ts";

/** A writer to a stream in a test's hands, on a clock that stands still. */
function writerWith(options: Partial<LineWriterOptions> = {}) {
  const clock = new FakeClock();
  const sink = new FakeSink();
  const told: number[] = [];
  const writer = new LineWriter(sink, { clock, onLost: (count) => told.push(count), ...options });
  const write = (...lines: string[]) => lines.forEach((line) => writer.write(line));
  return { clock, sink, told, writer, write };
}

Deno.test("lines of one moment are one write, in order; without lines there is none", async () => {
  const { sink, writer, write } = writerWith();
  await writer.flush();
  assert.equal(sink.writes, 0);
  write("one", "two");
  assert.equal(sink.writes, 0, "who writes is held up");
  await settled();
  write("three");
  await settled();
  assert.equal(sink.text, "one\ntwo\nthree\n");
  assert.equal(sink.writes, 2);
});

Deno.test("no write has more bytes than it may, unless one line alone has", async () => {
  const { sink, write } = writerWith({ piece: 4_096 });
  await sink.is("failing");
  write("lost");
  await settled();
  await sink.is("open");
  // With its line break each has 1,000 bytes, and the first has another one before it.
  const lines = Array.from({ length: 5 }, (_, n) => String(n).repeat(999));
  const wide = "é".repeat(3_000);
  write(...lines, wide, "end");
  await settled();
  assert.deepEqual(sink.lines, ["", ...lines, wide, "end"]);
  // The failed one, four lines, one line, the wide one, the end.
  assert.equal(sink.writes, 5);
});

Deno.test("lines wait for others as long as they are to, and not when they must be out", async (t) => {
  for (const [what, writes] of [["no flush", 1], ["a flush", 2]] as const) {
    await t.step(what, async () => {
      const { clock, sink, writer, write } = writerWith({ gather: (hurry) => clock.sleep(5, hurry) });
      write("one");
      await clock.advance(4);
      assert.equal(sink.writes, 0);
      if (what === "a flush") {
        await writer.flush();
        assert.deepEqual(sink.lines, ["one"]);
      }
      write("two");
      await clock.advance(5);
      assert.deepEqual(sink.lines, ["one", "two"]);
      assert.equal(sink.writes, writes);
      assert.equal(clock.sleepers, 0, "somebody sleeps on");
    });
  }
});

Deno.test("while the stream stands still lines wait, then they are written in order", async () => {
  const { sink, told, writer, write } = writerWith();
  await sink.is("stalled");
  write("one");
  await settled();
  for (let i = 0; i < 100; i++) write(`later ${i}`);
  await settled();
  assert.equal(sink.writes, 1, "two writes at a time");
  await sink.is("open");
  assert.deepEqual(sink.lines, ["one", ...Array.from({ length: 100 }, (_, i) => `later ${i}`)]);
  assert.equal(sink.writes, 2);
  assert.deepEqual([writer.lost, writer.lastLost, told], [0, undefined, []]);
});

Deno.test("beyond the bounds lines are lost and counted, and told of once when the stream goes on", async (t) => {
  const rows: [what: string, most: { lines: number; characters: number }, written: string[], lost: number][] =
    [
      ["lines", { lines: 2, characters: 1_000 }, ["aa", "bbb"], 2],
      ["characters", { lines: 100, characters: 7 }, ["aa", "bbb", "d"], 1],
      ["a line that is too long for itself", { lines: 100, characters: 1 }, ["d"], 3],
      ["none", { lines: 4, characters: 9 }, ["aa", "bbb", "ccc", "d"], 0],
    ];
  for (const [what, most, written, lost] of rows) {
    await t.step(what, async () => {
      const { clock, sink, told, writer, write } = writerWith({ most });
      await sink.is("stalled");
      write("0");
      await settled();
      await clock.advance(50);
      write("aa", "bbb", "ccc", "d");
      assert.equal(writer.lost, lost);
      assert.equal(writer.lastLost, lost === 0 ? undefined : clock.monotonic());
      assert.deepEqual(told, [], "told while it stands still");
      await sink.is("open");
      assert.deepEqual(sink.lines, ["0", ...written]);
      write("again");
      await settled();
      assert.deepEqual(told, lost === 0 ? [] : [lost]);
    });
  }
});

Deno.test("a write that fails loses its lines; those that came meanwhile are tried a second later", async () => {
  const { clock, sink, told, writer, write } = writerWith();
  await sink.is("stalled");
  write("one", "two");
  await settled();
  write("three");
  await sink.is("failing");
  assert.equal(writer.lost, 2);
  await clock.advance(999);
  assert.equal(sink.writes, 1, "tried too early");
  write("four");
  await sink.is("open");
  await clock.advance(1);
  assert.deepEqual(sink.lines, ["", "three", "four"]);
  assert.deepEqual(told, [2]);
  assert.equal(clock.sleepers, 0, "somebody sleeps on");
});

Deno.test("after a write that failed the next line begins anew: the stream may have taken half of one", async () => {
  const { sink, write } = writerWith();
  await sink.is("failing");
  write("lost");
  await settled();
  // What a full disk has taken of it.
  sink.text = "lo";
  await sink.is("open");
  write("next");
  await settled();
  write("last");
  await settled();
  assert.deepEqual(sink.lines, ["lo", "next", "last"]);
});

Deno.test("a stream that fails for ever holds up nothing, keeps nothing and is not told of", async () => {
  const { clock, sink, told, writer, write } = writerWith();
  await sink.is("failing");
  for (let i = 1; i <= 50; i++) {
    write(`line ${i}`, "and another");
    await writer.flush();
    assert.equal(writer.lost, 2 * i);
  }
  assert.deepEqual(told, []);
  assert.equal(clock.sleepers, 0, "somebody sleeps on");
});

Deno.test("what was lost is told again when it happens again, and a line about it is a line like others", async () => {
  const { clock, sink, writer, write, told } = writerWith({
    onLost: (count) => {
      told.push(count);
      write(`${count} lost`);
    },
  });
  for (let round = 0; round < 3; round++) {
    await sink.is("failing");
    write("lost");
    await clock.advance(2_000);
    await sink.is("open");
    write("written");
    await clock.advance(2_000);
  }
  assert.deepEqual(told, [1, 1, 1]);
  const once = ["", "written", "1 lost"];
  assert.deepEqual(sink.lines, [...once, ...once, ...once]);
  assert.equal(writer.lost, 3);
});

Deno.test("a flush waits for what was written before it, and not for what comes after", async () => {
  const { sink, writer, write } = writerWith();
  await sink.is("stalled");
  write("under way");
  await settled();
  write("waits");
  const flushed = watched(writer.flush().then(() => "over"));
  await sink.next();
  write("comes after");
  assert.deepEqual([sink.lines, flushed.value], [["under way"], undefined]);
  await sink.next();
  assert.deepEqual([sink.lines, flushed.value], [["under way", "waits"], "over"]);
  await sink.is("open");
  assert.equal(sink.lines.length, 3);
});

Deno.test("after a flush lines wait for others again", async () => {
  const clock = new FakeClock();
  const { sink, writer, write } = writerWith({ clock, gather: (hurry) => clock.sleep(5, hurry) });
  await sink.is("stalled");
  write("one");
  await clock.advance(5);
  const flushed = writer.flush();
  await sink.is("open");
  await flushed;
  write("two");
  await clock.advance(4);
  assert.deepEqual(sink.lines, ["one"]);
  await clock.advance(1);
  assert.deepEqual(sink.lines, ["one", "two"]);
});

Deno.test("a flush ends with its time, whatever the stream does", async () => {
  const { clock, sink, writer, write } = writerWith();
  await sink.is("stalled");
  write("one");
  const [short, long] = [
    watched(writer.flush(100).then(() => "over")),
    watched(writer.flush().then(() => "over")),
  ];
  await clock.advance(99);
  assert.equal(short.value, undefined);
  await clock.advance(1);
  assert.equal(short.value, "over");
  assert.equal(long.value, undefined);
  await sink.is("open");
  assert.equal(long.value, "over");
  write("two");
  await writer.flush(100);
  assert.deepEqual(sink.lines, ["one", "two"]);
  assert.equal(clock.sleepers, 0, "somebody sleeps on");
});

Deno.test("a flush does not wait out the second after a failure", async () => {
  const { sink, writer, write } = writerWith();
  await sink.is("stalled");
  write("one");
  await settled();
  write("two");
  await sink.is("failing");
  await sink.is("open");
  await writer.flush();
  assert.deepEqual(sink.lines, ["", "two"]);
});

Deno.test("property: whatever the stream does, each line is written whole, in order and once, or counted as lost", async () => {
  const steps = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.nat(3).map((count) => ({ kind: "write", count }) as const) },
      {
        weight: 3,
        arbitrary: fc.constantFrom("open", "stalled", "failing").map((state) =>
          ({ kind: "is", state }) as const
        ),
      },
      { weight: 2, arbitrary: fc.constantFrom(1, 5, 1_000).map((ms) => ({ kind: "pass", ms }) as const) },
      { weight: 1, arbitrary: fc.constant({ kind: "flush" } as const) },
    ),
    { maxLength: 60 },
  );
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (steps, gathers) => {
      const clock = new FakeClock();
      const { sink, told, writer, write } = writerWith({
        clock,
        most: { lines: 4, characters: 40 },
        ...(gathers ? { gather: (hurry) => clock.sleep(5, hurry) } : {}),
      });
      let count = 0;
      for (const step of steps) {
        if (step.kind === "write") { for (let i = 0; i < step.count; i++) write(`line ${count++}`); }
        if (step.kind === "is") await sink.is(step.state);
        if (step.kind === "pass") await clock.advance(step.ms);
        if (step.kind === "flush") void writer.flush(10);
      }
      await sink.is("open");
      await clock.advance(2_000);
      // The last one tells of what was lost.
      write(`line ${count++}`);
      await clock.advance(2_000);
      const numbers = sink.lines.filter((line) => line !== "").map((line) => {
        assert.match(line, /^line \d+$/);
        return Number(line.slice(5));
      });
      assert.deepEqual(numbers, [...new Set(numbers)].toSorted((a, b) => a - b));
      assert.equal(numbers.length + writer.lost, count);
      assert.equal(told.reduce((sum, each) => sum + each, 0), writer.lost);
      assert.equal(clock.sleepers, 0, "somebody sleeps on");
    }),
    { numRuns: 500 },
  );
});
