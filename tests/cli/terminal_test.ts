import assert from "node:assert/strict";
import { terminalOf } from "../../lib/cli/terminal.ts";
import { FakeClock } from "../support/fakes.ts";

/** A stream that keeps what it is given, until it breaks. */
function stream(breaks = false) {
  const seen = { text: "" };
  const write = (bytes: Uint8Array) => {
    if (breaks) return Promise.reject(new Error("broken pipe"));
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

Deno.test("a reader that has gone is no trouble", async () => {
  const terminal = terminalOf({ stdout: stream(true), stderr: stream(true) }, new FakeClock());
  for (let i = 0; i < 3; i++) {
    terminal.out("row");
    terminal.err("row");
  }
  await terminal.flush();
});
