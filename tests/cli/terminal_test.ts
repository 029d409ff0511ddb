import assert from "node:assert/strict";
import { terminalOf } from "../../lib/cli/terminal.ts";
import { FakeClock } from "../support/fakes.ts";

/** A stream that keeps what it is given, until it breaks. */
function stream(error?: Error) {
  const seen = { text: "" };
  const write = (bytes: Uint8Array) => {
    if (error !== undefined) return Promise.reject(error);
    seen.text += new TextDecoder().decode(bytes);
    return Promise.resolve();
  };
  return { isTerminal: false, write, seen };
}

Deno.test("results and problems go to their own stream, whole before the program ends", async () => {
  const [stdout, stderr] = [stream(), stream()];
  const terminal = terminalOf({ stdout, stderr }, new FakeClock());
  terminal.out("one\ntwo");
  terminal.err("three");
  terminal.out("four");
  await terminal.flush();
  assert.deepEqual([stdout.seen.text, stderr.seen.text], ["one\ntwo\nfour\n", "three\n"]);
});

Deno.test("nothing that is printed moves the cursor, colours the terminal or turns its direction", async () => {
  const [stdout, stderr] = [stream(), stream()];
  const terminal = terminalOf({ stdout, stderr }, new FakeClock());
  for (
    const unfit of [
      "\x1b",
      "\x07",
      "\r",
      "\t",
      "\x7f",
      "\x80",
      "\x9f",
      "\u202e",
      "\u2066",
      "\u200b",
      "\u2028",
    ]
  ) {
    terminal.out(`a${unfit}b`);
    terminal.err(`a${unfit}b`);
  }
  await terminal.flush();
  for (const { seen } of [stdout, stderr]) {
    const lines = seen.text.split("\n").slice(0, -1);
    assert.equal(lines.length, 11);
    for (const line of lines) assert.match(line, /^a\\u\{[0-9a-f]+\}b$/);
  }
});

Deno.test("a reader that has gone is no trouble, a full disk is", async () => {
  const closed = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
  const rows: [stdout: Error | undefined, stderr: Error | undefined, isWell: boolean][] = [
    [undefined, undefined, true],
    [new Deno.errors.BrokenPipe("Broken pipe (os error 32)"), undefined, true],
    [closed, closed, true],
    [new Error("No space left on device (os error 28)"), undefined, false],
    [undefined, new Error("No space left on device (os error 28)"), true],
  ];
  for (const [out, err, isWell] of rows) {
    const terminal = terminalOf({ stdout: stream(out), stderr: stream(err) }, new FakeClock());
    for (let i = 0; i < 3; i++) {
      terminal.out("row");
      terminal.err("row");
    }
    assert.equal(await terminal.flush(), isWell, String(out));
  }
});
