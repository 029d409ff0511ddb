import assert from "node:assert/strict";
import { inFull } from "../../lib/base/redact.ts";
import fc from "fast-check";
import { createLog, LOG_LEVELS, type LogFields, type LogLevel, type LogOptions } from "../../lib/base/log.ts";
import { LOG_EVENTS, type LogEvent } from "../../lib/base/log_events.ts";
import { anyText, shownFields } from "../support/fakes.ts";

const TIME = "2026-01-02T03:04:05.678Z";

/** A log, and the lines it wrote. */
function logWith(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const levels: LogLevel[] = [];
  const log = createLog({
    level: "DEBUG",
    format: "json",
    colour: false,
    unfolds: false,
    now: () => Date.parse(TIME),
    output: (line, level) => {
      lines.push(line);
      levels.push(level);
    },
    ...options,
  });
  return { log, lines, levels };
}

/** The one line that an entry makes. */
function lineOf(message: string, fields?: LogFields, options: Partial<LogOptions> = {}): string {
  const { log, lines } = logWith(options);
  log.write("INFO", "webhook", inFull(message), shownFields(fields));
  assert.equal(lines.length, 1);
  return lines[0]!;
}

Deno.test("entries below the level are not written, and a caller can ask before it makes one", async (t) => {
  const rows: [level: LogLevel, written: LogLevel[]][] = [
    ["DEBUG", ["DEBUG", "INFO", "WARNING", "ERROR"]],
    ["INFO", ["INFO", "WARNING", "ERROR"]],
    ["WARNING", ["WARNING", "ERROR"]],
    ["ERROR", ["ERROR"]],
  ];
  for (const [level, written] of rows) {
    await t.step(level, () => {
      const { log, lines, levels } = logWith({ level });
      for (const each of LOG_LEVELS) log.write(each, "webhook", "m");
      assert.deepEqual(lines.map((line) => JSON.parse(line).level), written);
      assert.deepEqual(levels, written, "the output is told the level");
      assert.deepEqual(LOG_LEVELS.filter((each) => log.writes(each)), written);
    });
  }
});

Deno.test("a JSON line is one object: time, level, name, message, then the fields that are there", () => {
  const fields = { msg_id: "m", attempts: 2, probe: false, reason: undefined };
  assert.equal(
    lineOf("forwarded", fields),
    `{"time":"${TIME}","level":"INFO","event":"webhook","message":"forwarded","msg_id":"m","attempts":2,"probe":false}`,
  );
});

Deno.test("a text line has the same for the eye", () => {
  const fields = { msg_id: "m", attempts: 2, probe: false, reason: undefined, url: "http://127.0.0.1:80/" };
  assert.equal(
    lineOf("Taken", fields, { format: "text" }),
    `${TIME} INFO    webhook          Taken  msg_id=m  attempts=2  probe=false  url=http://127.0.0.1:80/`,
  );
  assert.equal(lineOf("Taken", undefined, { format: "text" }), `${TIME} INFO    webhook          Taken`);
});

Deno.test("in text a value that could be taken for more than one is quoted", async (t) => {
  const rows: [value: string, shown: string][] = [
    ["plain", "plain"],
    ["", '""'],
    ["two words", '"two words"'],
    ["a=b", '"a=b"'],
    ['say "x"', '"say \\"x\\""'],
    ["x  level=ERROR", '"x  level=ERROR"'],
    ["line\nbreak", "line\\u{a}break"],
  ];
  for (const [value, shown] of rows) {
    await t.step(JSON.stringify(value), () => {
      assert.ok(lineOf("m", { value }, { format: "text" }).endsWith(`m  value=${shown}`));
    });
  }
});

Deno.test("what breaks lines, colours or turns the reading direction is spelled out", async (t) => {
  const rows = ["\n", "\r\n", "\0", "\x1b[31m", "\x9b31m", "\u2028", "\u202e", "\u200b", "\ufeff", "\ud800"];
  for (const format of ["text", "json"] as const) {
    for (const text of rows) {
      const code = text.codePointAt(0)!.toString(16);
      await t.step(`${format} U+${code}`, () => {
        const line = lineOf(`a${text}b`, { value: `a${text}b` }, { format });
        assert.doesNotMatch(line, UNFIT);
        assert.equal(line.split(`u{${code}}`).length, 3, line);
      });
    }
  }
});

/** Characters that no line may hold. */
const UNFIT = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

Deno.test("property: whatever is told, an entry is one line, and its head and fields are its own", () => {
  const text = anyText(60);
  const values = fc.dictionary(fc.constantFrom("msg_id", "notification", "reason"), text);
  fc.assert(fc.property(text, values, (message, fields) => {
    const line = lineOf(message, fields);
    assert.doesNotMatch(line, UNFIT);
    const entry = JSON.parse(line);
    assert.deepEqual([entry.time, entry.level, entry.event], [TIME, "INFO", "webhook"]);
    assert.deepEqual(Object.keys(entry), ["time", "level", "event", "message", ...Object.keys(fields)]);

    const plain = lineOf(message, fields, { format: "text" });
    assert.doesNotMatch(plain, UNFIT);
    assert.ok(plain.startsWith(`${TIME} INFO    webhook          `));
  }));
});

Deno.test("property: a value in a text line can be read back, so that it cannot pose as another field", () => {
  fc.assert(fc.property(anyText(60), (value) => {
    const line = lineOf("m", { value, last: "end" }, { format: "text" });
    const shown = /^[^]*?m {2}value=((?:"(?:[^"\\]|\\.)*")|[^\s"=]+) {2}last=end$/.exec(line)?.[1];
    assert.ok(shown !== undefined, line);
  }));
});

/** A line with its escape characters made visible. */
function visible(line: string): string {
  return line.replaceAll("\x1b", "␛");
}

Deno.test("colours frame time, level and names of fields, and nothing else is different", () => {
  const fields = { msg_id: "m", reason: "two words" } as const;
  for (const level of LOG_LEVELS) {
    const lines = [true, false].map((colour) => {
      const { log, lines } = logWith({ format: "text", colour });
      log.write(level, "webhook", "m", fields);
      return visible(lines[0]!);
    });
    const [coloured, plain] = lines as [string, string];
    assert.equal(coloured.replace(/␛\[\d*m/g, ""), plain);
    assert.match(coloured, new RegExp(`␛\\[\\d+m${level} *␛\\[0m`));
    assert.match(coloured, /␛\[90mreason=␛\[0m"two words"$/);
  }
  const painted = LOG_LEVELS.map((level) => {
    const { log, lines } = logWith({ format: "text", colour: true });
    log.write(level, "webhook", "m");
    return /␛\[(\d+)m(?:DEBUG|INFO|WARNING|ERROR)/.exec(visible(lines[0]!))?.[1];
  });
  assert.equal(new Set(painted).size, 4, "every level has a colour of its own");
});

Deno.test("JSON is never coloured", () => {
  assert.equal(lineOf("m", { a: 1 }, { colour: true }), lineOf("m", { a: 1 }));
});

Deno.test("the names of entries are words that alerts can rely on", () => {
  for (const [name, meaning] of Object.entries(LOG_EVENTS)) {
    assert.match(name, /^[a-z]+(_[a-z]+)*$/);
    assert.notEqual(meaning, "");
  }
  const longest = Math.max(...Object.keys(LOG_EVENTS).map((name) => name.length));
  assert.ok(longest <= 16, `the text format has a column of 16 for them: the longest has ${longest}`);
  const name: LogEvent = "webhook";
  assert.ok(name in LOG_EVENTS);
});

Deno.test("on a terminal a field that holds JSON stands indented below; what was cut, and JSON lines, stay as they are", () => {
  const fields = { msg_id: "m", metadata: '{"workspace":"a\\u001bb","id":"1"}' };
  const below = '  msg_id=m\n  metadata={\n    "workspace": "a\\u001bb",\n    "id": "1"\n  }';
  assert.ok(lineOf("m", fields, { format: "text", unfolds: true }).endsWith(below));
  const cut = { metadata: '{"workspace":"a…' };
  for (const [shown, format] of [[cut, "text"], [fields, "json"]] as const) {
    const [unfolded, folded] = [true, false].map((unfolds) => lineOf("m", shown, { format, unfolds }));
    assert.equal(unfolded, folded);
    assert.ok(!unfolded!.includes("\n"));
  }
});
