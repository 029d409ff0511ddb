import assert from "node:assert/strict";
import { mock } from "node:test";
import { LogOutput } from "../../lib/base/log_output.ts";

/** What is written meanwhile, as `method: text`, with timers that the test moves. */
function watched(work: (written: string[], tick: (ms: number) => void) => void): void {
  const written: string[] = [];
  for (const method of ["debug", "info", "warn", "error"] as const) {
    mock.method(console, method, (text: string) => void written.push(`${method}: ${text}`));
  }
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    work(written, (ms) => mock.timers.tick(ms));
  } finally {
    mock.timers.reset();
    mock.restoreAll();
  }
}

Deno.test("lines of one moment are written together, in order, a few milliseconds later", () =>
  watched((written, tick) => {
    const { out } = new LogOutput(true);
    out("one", "INFO");
    out("two", "DEBUG");
    assert.deepEqual(written, []);
    tick(5);
    assert.deepEqual(written, ["info: one\ntwo"]);
    out("three", "INFO");
    tick(5);
    assert.deepEqual(written, ["info: one\ntwo", "info: three"]);
    tick(1_000);
    assert.equal(written.length, 2);
  }));

Deno.test("what tells of trouble is written at once, after what came before it", () =>
  watched((written, tick) => {
    const { err, out } = new LogOutput(true);
    out("before", "INFO");
    err("trouble", "WARNING");
    err("worse", "ERROR");
    assert.deepEqual(written, ["info: before", "warn: trouble", "error: worse"]);
    tick(1_000);
    assert.equal(written.length, 3);
  }));

Deno.test("what was gathered is written before the process ends, and once", () =>
  watched((written, tick) => {
    const { flush, out } = new LogOutput(true);
    flush();
    out("last", "INFO");
    flush();
    flush();
    tick(1_000);
    assert.deepEqual(written, ["info: last"]);
  }));

Deno.test("with telemetry each line is a record of its own, with the severity of its level", () =>
  watched((written) => {
    const { err, out } = new LogOutput(false);
    out("d", "DEBUG");
    out("i", "INFO");
    err("w", "WARNING");
    err("e", "ERROR");
    assert.deepEqual(written, ["debug: d", "info: i", "warn: w", "error: e"]);
  }));
